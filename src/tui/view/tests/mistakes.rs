//! The pane of what a run gets wrong.

use super::{PLAIN, press, snapshot, state, text};
use crate::report::mistakes::{Figure, Listing, Mistake};
use crate::run::catalog::RunId;
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::update::update;

/// Rows that a run gets wrong, one of them meant to harm a terminal.
pub fn listing() -> Listing {
    let row = |(idx, (truth, predicted, text)): (usize, (&str, &str, &str))| Mistake {
        row: idx as u64 + 3,
        line: Some(idx + 4),
        truth: truth.to_owned(),
        predicted: predicted.to_owned(),
        figure: Figure::Probability(Some(0.99 - idx as f64 / 20.0)),
        text: Some(text.to_owned()),
        text_pair: (idx == 1).then(|| "and its second text".to_owned()),
    };
    let rows = [
        (
            "negative",
            "positive",
            "a film that means well and is never boring, though nobody would call it good; its ending asks for more patience than it has earned on the way there",
        ),
        ("positive", "negative", "not bad at all"),
        ("negative", "positive", "\u{1b}[31mred\u{7}\nand\ta second line \u{202e}turned round"),
        ("neutral", "negative", "it was shown on a Tuesday"),
        ("negative", "neutral", "日本語の文"),
    ];
    Listing { step: 150, n_rows: 400, n_wrong: 37, rows: rows.into_iter().enumerate().map(row).collect(), no_texts: None }
}

/// The run under the cursor with the pane on top.
fn opened(size: (u16, u16)) -> (State, RunId) {
    let mut state = state(45.0, size);
    press(&mut state, &[Key::Enter]);
    let n_tabs = if size.0 >= 100 { 3 } else { 6 };
    let mut effects = Vec::new();
    for _ in 0..n_tabs {
        effects.extend(update(&mut state, Message::Key(Key::Tab)));
    }
    let id = state.selected().unwrap().id.clone();
    let n_asked = effects.iter().filter(|effect| **effect == Effect::ReadMistakes(id.clone())).count();
    assert_eq!(n_asked, 1, "asked for once, when it is shown");
    (state, id)
}

#[test]
fn what_a_run_gets_wrong_is_listed_the_most_confident_first() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let (mut state, id) = opened(size);
        assert!(text(&screenshot::cells(&state, PLAIN)).contains("reading …"));
        update(&mut state, Message::Mistakes(id, Ok(Some(listing()))));
        press(&mut state, &[Key::Char('j'), Key::Char('j')]);
        snapshot(&format!("run_mistakes_{}x{}", size.0, size.1), &state, PLAIN);
    }
    let (mut state, id) = opened((120, 40));
    update(&mut state, Message::Mistakes(id, Ok(Some(listing()))));
    press(&mut state, &[Key::Char('e')]);
    snapshot("run_mistakes_expanded_120x40", &state, PLAIN);
}

#[test]
fn rows_that_are_got_wrong_are_narrowed_down_by_labels_and_words() {
    let (mut state, id) = opened((80, 24));
    update(&mut state, Message::Mistakes(id, Ok(Some(listing()))));
    press(&mut state, &[Key::Char('o')]);
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("negative as positive: 2") && !shown.contains("not bad"), "{shown}");
    for c in "/WELL".chars() {
        press(&mut state, &[Key::Char(c)]);
    }
    press(&mut state, &[Key::Enter]);
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("negative as positive /WELL: 1"), "{shown}");
    press(&mut state, &[Key::Escape]);
    assert!(text(&screenshot::cells(&state, PLAIN)).contains("not bad"), "esc takes the filter off");
    for c in "/nowhere".chars() {
        press(&mut state, &[Key::Char(c)]);
    }
    assert!(text(&screenshot::cells(&state, PLAIN)).contains("no row fits"));
    press(&mut state, &[Key::Escape]);
    assert!(text(&screenshot::cells(&state, PLAIN)).contains("not bad"), "esc while typing undoes it");
}

#[test]
fn rows_without_texts_say_why_and_are_told_by_their_number() {
    let (mut state, id) = opened((80, 24));
    let mut listing = listing();
    listing.rows.iter_mut().for_each(|row| (row.line, row.text, row.text_pair) = (None, None, None));
    listing.no_texts = Some("data/validation.tsv has changed since".to_owned());
    update(&mut state, Message::Mistakes(id.clone(), Ok(Some(listing))));
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("has changed since") && shown.contains("#4"), "{shown}");
    update(&mut state, Message::Mistakes(id, Ok(None)));
    assert!(text(&screenshot::cells(&state, PLAIN)).contains("this run kept none"));
}
