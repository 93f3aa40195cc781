//! Completing the path that is typed in a row, as a shell does: as far as all that fits agrees, then what fits is shown. Pure; folders are
//! read outside.

use crate::plan::completion::Names;
use crate::tui::effect::Effect;
use crate::tui::form::draft::Step;
use crate::tui::form::field::Field;
use crate::tui::form::{Editing, Form, act};
use crate::tui::state::State;

/// What the value of a row names, where it can be completed.
pub fn names(field: &Field) -> Option<Names> {
    match field.path.as_slice() {
        [Step::Key("name")] => Some(Names::Experiment),
        [Step::Key("model")] => Some(Names::Model),
        [Step::Key("data"), Step::Key("train" | "validation" | "test")] => Some(Names::Rows),
        [Step::Key("data"), Step::Key("folder")] => Some(Names::Folder),
        [Step::Key("data"), Step::Key("dataset")] => Some(Names::Dataset),
        [.., Step::Key("from")] => Some(Names::Start),
        _ => None,
    }
}

/// Whether what is typed can be completed.
pub fn is_apt(state: &State) -> bool {
    let editing = act::shown(state).and_then(|form| form.editing.as_ref());
    state.overlay.is_none() && editing.is_some_and(|editing| names(&editing.field).is_some())
}

/// Asks what the text before the cursor may go on with.
pub fn ask(form: &Form) -> Vec<Effect> {
    let Some(editing) = &form.editing else { return Vec::new() };
    let asked = names(&editing.field).map(|names| Effect::Complete { names, typed: editing.input.halves().0, path: form.path() });
    asked.into_iter().collect()
}

/// Takes in what fits, unless something else has been typed meanwhile.
pub fn take_in(state: &mut State, typed: &str, fitting: Vec<String>) -> Vec<Effect> {
    let Some(form) = state.launch.form.as_mut() else { return Vec::new() };
    let Some(editing) = form.editing.as_mut().filter(|editing| editing.input.halves().0 == typed) else { return Vec::new() };
    let more = common_beginning(&fitting).strip_prefix(typed).unwrap_or_default().to_owned();
    editing.input.insert(&more);
    editing.fitting = (fitting.len() != 1).then_some(fitting);
    if more.is_empty() { Vec::new() } else { act::follow(form) }
}

/// Keeps of what fitted what still does.
pub fn narrow(editing: &mut Editing) {
    let typed = editing.input.halves().0;
    let still = editing.fitting.take().map(|fitting| fitting.into_iter().filter(|fit| fit.starts_with(&typed)).collect::<Vec<_>>());
    editing.fitting = still.filter(|fitting| !fitting.is_empty());
}

/// The value that is typed; a folder without the slash that completion leaves behind it.
pub fn value(editing: &Editing) -> String {
    let text = editing.input.text();
    match names(&editing.field) {
        Some(Names::Model | Names::Folder | Names::Start) if !text.ends_with("~/") && text.len() > 1 => {
            text.trim_end_matches('/').to_owned()
        }
        _ => text,
    }
}

/// What all of them begin with, as far as it can be typed.
fn common_beginning(all: &[String]) -> &str {
    let Some((first, others)) = all.split_first() else { return "" };
    let agree = |other: &String| first.chars().zip(other.chars()).take_while(|(one, two)| one == two).map(|(one, _)| one.len_utf8()).sum();
    let end = others.iter().map(agree).min().unwrap_or(first.len());
    let typable = first[..end].find(char::is_control).unwrap_or(end);
    &first[..typable]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::run::synthetic::EPOCH;
    use crate::tui::keys::Key;
    use crate::tui::keys::table::KEYS;
    use crate::tui::message::Message;
    use crate::tui::screenshot;
    use crate::tui::theme::{Colors, Glyphs, Theme};
    use crate::tui::update::update;
    use crate::tui::view::frames::frames;

    const PLAIN: Theme = Theme::new(Colors::True, Glyphs::Unicode);

    /// A new form with this much typed for the training rows, and what was asked outside by tab.
    fn typed(text: &str, size: (u16, u16)) -> (State, Vec<Effect>) {
        let mut state = State::new("runs".to_owned(), EPOCH, size, None);
        let keys = "n\n\n".chars().chain(text.chars()).map(|c| if c == '\n' { Key::Enter } else { Key::Char(c) });
        for key in keys {
            update(&mut state, Message::Key(key));
            update(&mut state, Message::Files(Vec::new()));
        }
        let asked = update(&mut state, Message::Key(Key::Tab));
        (state, asked)
    }

    fn fitting(state: &mut State, typed: &str, names: &[&str]) {
        update(state, Message::Completed(typed.to_owned(), names.iter().map(|name| (*name).to_owned()).collect()));
    }

    fn shown(state: &State) -> String {
        act::shown(state).unwrap().editing.as_ref().unwrap().input.text()
    }

    #[test]
    fn tab_asks_outside_and_completes_as_far_as_all_that_fits_agrees() {
        let (mut state, asked) = typed("da", (80, 24));
        let path = PathBuf::from("experiments/my-experiment.yaml");
        assert_eq!(asked, [Effect::Complete { names: Names::Rows, typed: "da".to_owned(), path }]);
        fitting(&mut state, "da", &["data/"]);
        assert_eq!(shown(&state), "data/");
        fitting(&mut state, "data/", &["data/train-a.tsv", "data/train-b.tsv"]);
        assert_eq!(shown(&state), "data/train-");
        let frame = screenshot::text(&state, PLAIN);
        assert!(frame.contains("train-a.tsv") && frame.contains("train-b.tsv") && frame.contains("tab complete"), "{frame}");
        assert!(act::shown(&state).unwrap().text.contains("train: data/train-"), "the form follows");
        update(&mut state, Message::Key(Key::Char('a')));
        let frame = screenshot::text(&state, PLAIN);
        assert!(frame.contains("train-a.tsv") && !frame.contains("train-b.tsv"), "{frame}");
    }

    #[test]
    fn what_was_typed_meanwhile_is_not_overtaken() {
        let (mut state, _) = typed("da", (80, 24));
        update(&mut state, Message::Key(Key::Char('y')));
        fitting(&mut state, "da", &["data/"]);
        assert_eq!(shown(&state), "day");
    }

    #[test]
    fn nothing_that_fits_is_said_and_a_value_that_is_no_path_has_no_tab() {
        let (mut state, _) = typed("zz", (80, 24));
        fitting(&mut state, "zz", &[]);
        assert!(screenshot::text(&state, PLAIN).contains("nothing there fits"));
        update(&mut state, Message::Key(Key::Escape));
        let epochs = act::shown(&state).unwrap().fields().iter().position(|field| field.label == "epochs").unwrap();
        state.launch.form.as_mut().unwrap().cursor = epochs;
        update(&mut state, Message::Key(Key::Enter));
        assert_eq!(update(&mut state, Message::Key(Key::Tab)), []);
        assert!(!screenshot::text(&state, PLAIN).contains("tab complete"));
    }

    #[test]
    fn a_name_with_control_characters_is_completed_up_to_them_and_shown_as_an_escape() {
        let (mut state, _) = typed("a", (80, 24));
        fitting(&mut state, "a", &["ab\u{1b}[31mc.tsv"]);
        assert_eq!(shown(&state), "ab");
        fitting(&mut state, "ab", &["ab\u{1b}[31mc.tsv", "ab\u{1b}[31md.tsv"]);
        assert_eq!(shown(&state), "ab");
        assert!(screenshot::text(&state, PLAIN).contains("ab\\u{1b}[31mc.tsv"), "{}", screenshot::text(&state, PLAIN));
    }

    #[test]
    fn a_folder_is_written_without_the_slash_behind_it() {
        let (mut state, _) = typed("", (80, 24));
        let editing = state.launch.form.as_mut().unwrap().editing.as_mut().unwrap();
        editing.field.path = vec![Step::Key("model")];
        for (text, expected) in [("models/tiny/", "models/tiny"), ("/", "/"), ("~/", "~/"), ("org/name", "org/name")] {
            editing.input = crate::tui::overlay::input::Input::new(text);
            assert_eq!(value(editing), expected);
        }
    }

    #[test]
    fn an_id_of_the_hub_is_shown_whole_until_its_organisation_is_typed() {
        let (mut state, _) = typed("", (80, 24));
        fitting(&mut state, "", &["models/", "org/name-a", "org/name-b"]);
        assert!(screenshot::text(&state, PLAIN).contains("org/name-b"));
        for c in "org/".chars() {
            update(&mut state, Message::Key(Key::Char(c)));
        }
        let frame = screenshot::text(&state, PLAIN);
        assert!(frame.contains(" name-b") && !frame.contains("models/"), "{frame}");
    }

    #[test]
    fn what_fits_at_every_size() {
        for size in [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)] {
            let (mut state, _) = typed("data/", size);
            let names: Vec<String> = (0..60).map(|number| format!("data/part-{number}.tsv")).collect();
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.splice(0..0, ["data/glue/", "data/模型/"]);
            fitting(&mut state, "data/", &names);
            if size == (80, 24) || size == (120, 40) {
                insta::assert_snapshot!(format!("form_fitting_{}x{}", size.0, size.1), frames(&state));
            }
        }
        assert!(KEYS.iter().any(|row| row.short == "complete"));
    }
}
