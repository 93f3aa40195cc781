//! Charts of runs as they are seen: in colours, without, in ASCII; zoomed, panned, chosen.

use std::fmt::Write;

use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::*;
use crate::curve::window;
use crate::metric::MetricName;
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::theme::{Colors, Glyphs};
use crate::tui::update::update;

const COLOURED: Theme = Theme::new(Colors::True, Glyphs::Unicode);

fn state(size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), EPOCH + 45.0, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(45.0)));
    state
}

fn press(state: &mut State, keys: &[Key]) {
    for key in keys {
        drop(update(state, Message::Key(*key)));
    }
    state.notice = None;
}

/// A frame as text, then the same cells with a letter for each colour, and the colours.
fn with_inks(buffer: &Buffer) -> String {
    let mut inks = Vec::new();
    let mut letter = |cell: &ratatui::buffer::Cell| {
        if cell.symbol() == " " {
            return ' ';
        }
        let ink = (cell.fg, cell.modifier);
        let idx = inks.iter().position(|known| *known == ink).unwrap_or_else(|| {
            inks.push(ink);
            inks.len() - 1
        });
        char::from(b'a' + (idx as u8).min(25))
    };
    let mut text = String::new();
    let mut map = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let symbols: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        let letters: String = row.iter().map(&mut letter).collect();
        let _ = writeln!(text, "{}", symbols.trim_end());
        let _ = writeln!(map, "{}", letters.trim_end());
    }
    for (idx, (ink, modifier)) in inks.iter().enumerate() {
        let _ = writeln!(map, "{} {ink} {modifier:?}", char::from(b'a' + idx as u8));
    }
    format!("{text}\n{map}")
}

#[test]
fn a_chart_in_colours_without_and_in_ascii() {
    let themes = [
        ("chart_colour", COLOURED),
        ("chart_monochrome", Theme::new(Colors::None, Glyphs::Unicode)),
        ("chart_ascii", Theme::new(Colors::Sixteen, Glyphs::Ascii)),
    ];
    for (name, theme) in themes {
        let mut state = state((80, 24));
        press(&mut state, &[Key::Char('e')]);
        insta::assert_snapshot!(name, with_inks(&screenshot::cells(&state, theme)));
    }
}

#[test]
fn a_run_alone_has_its_raw_curve_behind_the_smoothed_one_and_is_read_by_the_crosshair() {
    let mut state = state((100, 30));
    press(&mut state, &[Key::Char(' '), Key::Char('e'), Key::Char('c')]);
    insta::assert_snapshot!("chart_of_one_run", with_inks(&screenshot::cells(&state, COLOURED)));
}

#[test]
fn zoom_and_pan_show_part_of_the_axis_and_fit_shows_all() {
    let mut state = state((100, 30));
    press(&mut state, &[Key::Char('e'), Key::Char('+'), Key::Char('+'), Key::ShiftRight]);
    insta::assert_snapshot!("chart_zoomed", screenshot::text(&state, COLOURED));
    let runs = state.charted_here();
    let (window, full) = (state.window(&runs), state.whole_axis(&runs));
    let share = (full.share(window.low), full.share(window.high));
    assert!((share.0 - 0.4375).abs() < 1e-9 && (share.1 - 0.6875).abs() < 1e-9, "{share:?}");
    press(&mut state, &[Key::Char('0'), Key::Char('Y')]);
    insta::assert_snapshot!("chart_log_x", screenshot::text(&state, COLOURED));
}

#[test]
fn a_window_at_the_end_follows_new_steps() {
    let mut synthetic = Synthetic::new();
    let mut state = State::new("runs".to_owned(), EPOCH, (100, 30), None);
    update(&mut state, Message::Updates(synthetic.poll(20.0)));
    press(&mut state, &[Key::Char('+'), Key::ShiftRight, Key::ShiftRight]);
    let before = state.window(&state.charted_here());
    update(&mut state, Message::Updates(synthetic.poll(40.0)));
    let after = state.window(&state.charted_here());
    assert!(after.high > before.high && ((after.high - after.low) - (before.high - before.low)).abs() < 1.0, "{before:?} {after:?}");
    assert!((after.high - state.whole_axis(&state.charted_here()).high).abs() < 1e-9);
}

#[test]
fn charts_are_chosen_and_one_always_stays() {
    let mut state = state((200, 60));
    press(&mut state, &[Key::Char('m')]);
    insta::assert_snapshot!("chart_picker", screenshot::text(&state, COLOURED));
    let n = state.quantities().len();
    for _ in 0..n {
        press(&mut state, &[Key::Enter, Key::Down]);
    }
    // What was chosen is taken back, and the other way round; but the last that was left of the usual ones stayed.
    assert_eq!(state.chart.quantities.len(), n - Quantity::USUAL.len() + 1);
    for _ in 0..2 * n {
        press(&mut state, &[Key::Up, Key::Enter]);
    }
    assert!(!state.chart.quantities.is_empty());
    press(&mut state, &[Key::Escape]);
    let shown = screenshot::text(&state, COLOURED);
    for quantity in &state.chart.quantities {
        assert!(shown.contains(&quantity.title(state.metric())), "{quantity:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_it_is_zoomed_at_least_one_point_is_seen(
        keys in proptest::collection::vec(proptest::sample::select(vec![
            Key::Char('+'), Key::Char('+'), Key::Char('+'), Key::Char('-'), Key::ShiftLeft, Key::ShiftRight, Key::Char('0'), Key::Char('x'),
            Key::Char('Y'), Key::Char('c'), Key::Left, Key::Right, Key::Char(' '), Key::Char('j'),
        ]), 0..60),
        seconds in 1.0..80.0_f64,
        is_of_one in any::<bool>(),
    ) {
        let mut state = State::new("runs".to_owned(), EPOCH, (60, 16), None);
        update(&mut state, Message::Updates(Synthetic::new().poll(seconds)));
        if is_of_one {
            press(&mut state, &[Key::Enter]);
        }
        for key in keys {
            press(&mut state, &[key]);
            let runs = state.charted_here();
            let (shown, full, x_axis) = (state.window(&runs), state.whole_axis(&runs), state.chart.x_axis);
            prop_assert!(shown.low >= full.low && shown.high <= full.high && shown.low <= shown.high, "{shown:?} in {full:?}");
            let n_steps: usize = runs.iter().map(|run| run.state.steps.len()).sum();
            let has_point = runs.iter().any(|run| {
                let evaluations = run.state.evaluations.iter();
                let of_evaluations = evaluations.map(|evaluation| x_axis.of_evaluation(&run.state.steps, evaluation.step, evaluation.epoch));
                let of_steps = (0..run.state.steps.len()).map(|idx| x_axis.of(&run.state.steps, idx));
                of_steps.chain(of_evaluations).any(|x| (shown.low..=shown.high).contains(&x))
            });
            prop_assert!(has_point || n_steps == 0, "nothing in {shown:?} of {full:?}");
            prop_assert_eq!(window::shown(state.chart.zoom, full, &runs, x_axis), shown);
            screenshot::cells(&state, COLOURED);
        }
    }
}

#[test]
fn charts_of_metrics_share_one_y_axis_on_demand() {
    let mut state = state((200, 60));
    state.chart.quantities = vec![Quantity::Metric, Quantity::Named(MetricName::Matthews), Quantity::Loss];
    let reach = |state: &State, quantity| chart(state, COLOURED, &state.charted(), quantity).reach;
    assert_eq!(reach(&state, Quantity::Metric), None, "each its own at first");
    press(&mut state, &[Key::Char('z')]);
    let shared = reach(&state, Quantity::Metric);
    assert!(shared.is_some_and(|(low, high)| low < high));
    assert_eq!(shared, reach(&state, Quantity::Named(MetricName::Matthews)));
    assert_eq!(reach(&state, Quantity::Loss), None, "a loss has another unit");
    press(&mut state, &[Key::Char('z')]);
    assert_eq!(reach(&state, Quantity::Metric), None);
}
