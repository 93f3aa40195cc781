//! What the screen says of itself: keys that do something, rows out of sight, which runs are drawn.

use super::*;

fn last_line(state: &State) -> String {
    text(&screenshot::cells(state, PLAIN)).lines().last().unwrap_or_default().to_owned()
}

fn frame(state: &State) -> String {
    text(&screenshot::cells(state, PLAIN))
}

#[test]
fn the_last_line_always_names_help_and_only_keys_that_do_something() {
    for columns in [60, 80, 100, 200] {
        for screen in '1'..='6' {
            let mut state = state(45.0, (columns, 24));
            press(&mut state, &[Key::Char(screen)]);
            assert!(last_line(&state).contains("? help"), "{columns} columns, screen {screen}: {}", last_line(&state));
        }
    }
    let mut state = state(45.0, (80, 24));
    assert!(last_line(&state).contains("t stop"));
    press(&mut state, &[Key::Down]);
    assert!(!last_line(&state).contains("t stop"), "the run is finished: {}", last_line(&state));
    let mut empty = State::new("runs".to_owned(), 0.0, (80, 24), None);
    update(&mut empty, Message::Updates(Vec::new()));
    assert!(!last_line(&empty).contains("open") && last_line(&empty).contains("n new"), "{}", last_line(&empty));
    state.is_read_only = true;
    press(&mut state, &[Key::Up]);
    assert!(!last_line(&state).contains("t stop"), "nothing can be changed");
}

#[test]
fn runs_are_drawn_with_their_markers_where_those_that_are_marked_are_out_of_view() {
    let mut state = state(45.0, (80, 24));
    let row = |state: &State| frame(state).lines().find(|line| line.contains("lora-r8 ")).unwrap_or_default().to_owned();
    press(&mut state, &[Key::Char(' ')]);
    assert!(row(&state).contains("· lora-r8"), "another run is marked, so it is not drawn: {}", row(&state));
    let keys: Vec<Key> = "/lora".chars().map(Key::Char).chain([Key::Enter]).collect();
    press(&mut state, &keys);
    assert!(row(&state).contains("■ lora-r8"), "none in view is marked, so all are: {}", row(&state));
}

#[test]
fn a_long_list_of_experiments_says_how_many_lie_below_and_above() {
    let mut state = state(10.0, (80, 24));
    press(&mut state, &[Key::Char('4')]);
    let files: Vec<PathBuf> = (0..7).map(|number| PathBuf::from(format!("experiments/{number}.yaml"))).collect();
    update(&mut state, Message::Files(files));
    assert!(frame(&state).contains("+ from the chosen run"), "a short list is seen as a whole: {}", frame(&state));
    let files: Vec<PathBuf> = (0..40).map(|number| PathBuf::from(format!("experiments/{number}.yaml"))).collect();
    update(&mut state, Message::Files(files));
    assert!(frame(&state).contains("↓ 26 more"), "{}", frame(&state));
    press(&mut state, &[Key::Char('k')]);
    for _ in 0..60 {
        press(&mut state, &[Key::Down]);
    }
    assert!(frame(&state).contains("↑ 26 more") && frame(&state).contains("+ from the chosen run"), "{}", frame(&state));
}

#[test]
fn a_long_notice_goes_on_in_the_next_row() {
    let mut state = state(10.0, (80, 24));
    let said = "up to 3 runs at once: 3 threads will share 2 cores and slow each other; E gives a waiting run fewer";
    for message in [Message::Requested(Ok(said.to_owned())), Message::Failed(said.to_owned())] {
        update(&mut state, message);
        let shown = frame(&state);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&shown).contains(said), "{shown}");
        assert!(last_line(&state).contains("? help"));
    }
    update(&mut state, Message::Failed(format!("{} the end", "a word ".repeat(200))));
    let shown = frame(&state);
    assert!(shown.contains("the end") && shown.contains('…'), "{shown}");
}
