//! Frames of the comparison.

use super::{PLAIN, press, snapshot, state, text};
use crate::tui::keys::Key;
use crate::tui::screenshot;
use crate::tui::theme::{Colors, Glyphs, Theme};

#[test]
fn runs_are_compared_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = state(100.0, (columns, rows));
        press(&mut state, &[Key::Char('2')]);
        snapshot(&format!("compare_{columns}x{rows}"), &state, PLAIN);
    }
}

#[test]
fn the_panes_of_the_comparison_are_turned_by_tab() {
    let mut state = state(100.0, (80, 24));
    press(&mut state, &[Key::Char('j'), Key::Char(' '), Key::Char(' '), Key::Char(' '), Key::Char('2')]);
    for pane in ["efficiency", "settings", "storage"] {
        press(&mut state, &[Key::Tab]);
        snapshot(&format!("compare_pane_{pane}"), &state, PLAIN);
    }
}

#[test]
fn budgets_and_costs_are_cycled_by_one_key_each() {
    let mut state = state(100.0, (120, 40));
    press(&mut state, &[Key::Char('2')]);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let shown = text(&screenshot::cells(&state, PLAIN));
        let titles = shown.lines().filter(|line| line.contains("best within") || line.contains(" against "));
        seen.push(titles.map(|line| line.chars().take(60).collect::<String>()).collect::<Vec<_>>().join("\n"));
        press(&mut state, &[Key::Char('='), Key::Char('o')]);
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn the_comparison_is_legible_in_ascii_and_without_colour() {
    let mut state = state(100.0, (80, 24));
    press(&mut state, &[Key::Char('2'), Key::Tab]);
    let ascii = Theme::new(Colors::None, Glyphs::Ascii);
    assert!(text(&screenshot::cells(&state, ascii)).is_ascii());
    snapshot("compare_ascii", &state, ascii);
}
