//! Frames and actions of the queue and of the machine.

use crate::launch::outlook::Outlook;
use crate::launch::queue::{Entry, Place};
use crate::launch::wishes::Wishes;
use crate::run::catalog::{Change, RunId, RunUpdate, RunView};
use crate::run::exit::{Job, ProcessIdentity};
use crate::run::machine::{Card, Machine, Worker};
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::{Screen, State};
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;
use crate::tui::view::tests::{PLAIN, press, snapshot, state, text};

/// Two runs active, three waiting, one held back.
fn outlook() -> Outlook {
    let places = [
        ("full", Place::Active),
        ("feature", Place::Active),
        ("lora-r8", Place::Waiting),
        ("lora-lr5", Place::Waiting),
        ("full-fp64", Place::Held),
        ("lora-r16-all-layers", Place::Waiting),
    ];
    let entries = places.map(|(name, place)| Entry { id: RunId(format!("demo-1/{name}")), place, runs_at_once: 2 });
    Outlook { entries: entries.to_vec(), wishes: Wishes::default(), process: Some(4711), n_cores: 8 }
}

#[test]
fn the_queue_says_what_waits_and_why_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = state(6.0, (columns, rows));
        press(&mut state, &[Key::Char('5')]);
        update(&mut state, Message::Queue(outlook()));
        press(&mut state, &[Key::Char('j'), Key::Char('j')]);
        snapshot(&format!("queue_{columns}x{rows}"), &state, PLAIN);
        assert!(text(&screenshot::cells(&state, Theme::new(Colors::None, Glyphs::Ascii))).is_ascii());
    }
}

#[test]
fn the_queue_is_reordered_widened_held_and_cancelled() {
    let mut state = state(6.0, (120, 40));
    assert_eq!(update(&mut state, Message::Key(Key::Char('5'))), [Effect::LookAtQueue]);
    update(&mut state, Message::Queue(outlook()));
    let id = |name: &str| RunId(format!("demo-1/{name}"));
    update(&mut state, Message::Key(Key::Char('J')));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.is_problem), "a run that is active has no place to change");
    press(&mut state, &[Key::Char('j'), Key::Char('j')]);
    let Effect::Wish(wishes, said) = update(&mut state, Message::Key(Key::Char('J'))).remove(0) else { panic!("nothing is wished") };
    assert_eq!(wishes.order, [id("lora-lr5"), id("lora-r8"), id("lora-r16-all-layers")]);
    assert_eq!(said, "lora-r8 now waits after lora-lr5");
    let Effect::Wish(wishes, _) = update(&mut state, Message::Key(Key::Char('+'))).remove(0) else { panic!("nothing is wished") };
    assert_eq!((wishes.runs_at_once, wishes.order.len()), (Some(3), 3), "the order stays as wished");
    let Effect::Wish(wishes, _) = update(&mut state, Message::Key(Key::Char('0'))).remove(0) else { panic!("nothing is wished") };
    assert_eq!(wishes, Wishes::default());
    let held = update(&mut state, Message::Key(Key::Char('p')));
    assert_eq!(held[0], Effect::Request(id("lora-r8"), RequestKind::Pause), "{held:?}");
    update(&mut state, Message::Key(Key::Char('t')));
    let cancelled = update(&mut state, Message::Key(Key::Char('y')));
    assert_eq!(cancelled[0], Effect::Request(id("lora-r8"), RequestKind::Stop));
    state.is_read_only = true;
    assert_eq!(update(&mut state, Message::Key(Key::Char('+'))), []);
}

#[test]
fn the_machine_is_shown_at_every_size() {
    let worker = |name: &str, process_id, used| Worker {
        id: RunId(format!("demo-1/{name}")),
        process_id,
        processors: Some(used),
        rss_bytes: 900 << 20,
        threads: 5,
    };
    let machine = Machine {
        cores: vec![0.97, 0.31, 0.0, 0.5, 1.0],
        load: Some([1.5, 0.75, 0.3]),
        memory: Some((16 << 30, 4 << 30)),
        memory_limit: Some((8 << 30, 3 << 30)),
        processor_limit: Some(2.0),
        disk: Some((250 << 30, 55 << 30)),
        cards: vec![Card { name: "NVIDIA H100".to_owned(), used: 0.71, memory: (10 << 30, 80 << 30), temperature: Some(45.0) }],
        workers: vec![worker("full", 4242, 1.93), worker("lora-r8", 4243, 0.99)],
    };
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = state(45.0, (columns, rows));
        assert_eq!(update(&mut state, Message::Key(Key::Char('6'))), [Effect::LookAtMachine]);
        update(&mut state, Message::Machine(Box::new(machine.clone())));
        snapshot(&format!("system_{columns}x{rows}"), &state, PLAIN);
        assert!(text(&screenshot::cells(&state, Theme::new(Colors::None, Glyphs::Ascii))).is_ascii());
    }
}

#[test]
fn runs_of_the_queue_are_edited_cloned_opened_and_asked_as_on_the_overview() {
    let mut state = state(6.0, (120, 40));
    press(&mut state, &[Key::Char('5')]);
    update(&mut state, Message::Queue(outlook()));
    // It runs: what to do instead is said.
    assert_eq!(update(&mut state, Message::Key(Key::Char('E'))), []);
    let said = state.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    assert_eq!(said, "full is running: C makes a new run of it; r l, r i change its rate and patience");
    press(&mut state, &[Key::Char('j'), Key::Char('j')]);
    let id = RunId("demo-1/lora-r8".to_owned());
    // In the demonstration it runs by now; here it waits.
    let waits = RunUpdate { id: id.clone(), change: Change::Status(RunStatus::Queued) };
    let is_new = RunUpdate { id: id.clone(), change: Change::Job(None) };
    update(&mut state, Message::Updates(vec![waits, is_new]));
    assert_eq!(update(&mut state, Message::Key(Key::Char('E'))), [Effect::OpenWaiting(id.clone())]);
    let cloned = update(&mut state, Message::Key(Key::Char('C')));
    assert!(matches!(cloned.as_slice(), [Effect::CloneRun(spec)] if spec.name == "lora-r8"), "{cloned:?}");
    press(&mut state, &[Key::Char('r'), Key::Char('R')]);
    let again = update(&mut state, Message::Key(Key::Char('y')));
    assert!(matches!(again.as_slice(), [Effect::Rerun(spec)] if spec.name == "lora-r8"), "{again:?}");
    press(&mut state, &[Key::Enter]);
    assert_eq!((state.screen, state.selected().map(|run| run.id.clone())), (Screen::Run, Some(id)));
}

#[test]
fn what_waits_to_go_on_is_not_edited() {
    let mut state = state(6.0, (120, 40));
    let id = RunId("demo-1/full".to_owned());
    let supervisor = ProcessIdentity { id: 1, start: 1 };
    let job = Job { attempt: 1, host: "here".to_owned(), supervisor, started: 0.0, restart: None };
    let changes = [Change::Job(Some(job)), Change::Status(RunStatus::Queued)];
    update(&mut state, Message::Updates(changes.map(|change| RunUpdate { id: id.clone(), change }).to_vec()));
    assert_eq!(update(&mut state, Message::Key(Key::Char('E'))), []);
    assert!(state.notice.as_ref().is_some_and(|notice| notice.text.starts_with("full has trained before: C ")), "{:?}", state.notice);
}

#[test]
fn runs_that_share_the_cores_are_said_to_be_slower() {
    let mut state = state(6.0, (80, 24));
    press(&mut state, &[Key::Char('5')]);
    update(&mut state, Message::Queue(Outlook { n_cores: 2, ..outlook() }));
    assert!(!screenshot::text(&state, PLAIN).contains("they share them"), "a thread each");
    let Effect::Wish(_, said) = update(&mut state, Message::Key(Key::Char('+'))).remove(0) else { panic!("nothing is wished") };
    assert_eq!(said, "up to 3 runs at once: 3 threads will share 2 cores and slow each other; E gives a waiting run fewer");
    for run in &mut state.catalog.runs {
        run.spec.as_mut().unwrap().threads = 2;
    }
    assert!(screenshot::text(&state, PLAIN).contains("the 2 that run have 4 threads on 2 cores: they share them, so each is slower"));
    update(&mut state, Message::Queue(Outlook { n_cores: 0, ..outlook() }));
    assert!(!screenshot::text(&state, PLAIN).contains("they share them"), "nothing is known of the cores");
}

#[test]
fn the_queues_last_line_names_what_can_be_done_with_the_row_under_the_cursor() {
    let keys = |state: &State| text(&screenshot::cells(state, PLAIN)).lines().last().unwrap_or_default().to_owned();
    let mut state = state(10.0, (120, 40));
    press(&mut state, &[Key::Char('5')]);
    update(&mut state, Message::Queue(Outlook::default()));
    let empty = keys(&state);
    for word in ["earlier", "later", "pause", "cancel", "edit", "clone", "run menu", "open"] {
        assert!(!empty.contains(word), "{word} would do nothing: {empty}");
    }
    assert!(empty.contains("+ more") && empty.contains("n new"), "{empty}");
    let entry = |run: &RunView| Entry { id: run.id.clone(), place: Place::Active, runs_at_once: 2 };
    let entries: Vec<Entry> = state.catalog.runs.iter().take(1).map(entry).collect();
    update(&mut state, Message::Queue(Outlook { entries, ..Outlook::default() }));
    let one = keys(&state);
    assert!(one.contains("p pause") && one.contains("t cancel") && !one.contains("earlier") && !one.contains("E edit"), "{one}");
}
