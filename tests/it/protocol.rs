//! The run folder as readers and writers see it: cut logs, rubbish, other versions, broken folders.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use finetop::metric::{ConfusionMatrix, MetricName};
use finetop::run::alert::{Action, Alert, AlertCleared, Moment, Rule, Severity};
use finetop::run::amended::{Amended, SettingChanged};
use finetop::run::catalog::{Catalog, Change};
use finetop::run::condition::StopAt;
use finetop::run::dir::RunDir;
use finetop::run::event::*;
use finetop::run::number::Number;
use finetop::run::reader::{EventDecoder, EventReader};
use finetop::run::request::{RequestKind, Setting};
use finetop::run::split::StepSplit;
use finetop::run::state::RunState;
use finetop::run::status::RunStatus;
use finetop::run::store::Store;
use finetop::run::updates::{Group, Movement, Part, Place, Updates};
use finetop::run::writer::EventWriter;
use finetop::spec::task::Split;
use proptest::prelude::*;

use crate::support::{Runs, fixture, spec};

fn fold(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

#[test]
fn the_golden_log_cut_at_every_byte_folds_to_the_same_state() {
    let bytes = fs::read(fixture("golden/events.jsonl")).unwrap();
    let mut decoder = EventDecoder::default();
    let mut whole = Vec::new();
    decoder.feed(&bytes, &mut whole).unwrap();
    assert_eq!(decoder.skipped(), 2, "the unknown kind and the torn line");
    let expected = fold(&whole);
    assert_eq!(expected.steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(expected.steps.at(4).loss, Number(0.39), "step 5 as the second attempt saw it");
    assert!(expected.steps.loss(6).is_nan());
    assert_eq!(expected.split.map(|split| (split.step, split.forward)), Some((4, Some(0.015))));
    assert_eq!(expected.first_time, Some(1_790_000_000.5), "what was changed while it waited is no part of its time");
    assert_eq!(expected.standing.in_words(), ["lr=5e-4 patience=3 since step 7", "muted: spike"], "and the later stop was taken back");
    for cut in 0..=bytes.len() {
        let mut decoder = EventDecoder::default();
        let mut events = Vec::new();
        decoder.feed(&bytes[..cut], &mut events).unwrap();
        decoder.feed(&bytes[cut..], &mut events).unwrap();
        assert_eq!(events, whole, "cut at byte {cut}");
        assert_eq!(fold(&events), expected);
        assert_eq!(decoder.skipped(), 2);
    }
}

#[test]
fn an_evaluation_of_a_regression_has_other_metrics_and_no_confusion_matrix() {
    let line = r#"{"time":1.5,"event":{"evaluation":{"step":4,"epoch":1.0,"split":"validation","metrics":{"loss":0.25,"pearson":0.875,"spearman":"NaN"},"seconds":0.5,"is_best":true}}}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    let EventKind::Evaluation(evaluation) = &event.kind else { panic!("{event:?}") };
    assert_eq!((evaluation.metrics[&MetricName::Pearson], &evaluation.confusion), (Number(0.875), &None));
    assert_eq!(serde_json::to_string(&event).unwrap(), line);
}

#[test]
fn a_golden_log_that_grows_on_disk_folds_to_the_same_state() {
    let bytes = fs::read(fixture("golden/events.jsonl")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let mut reader = EventReader::new(&path);
    let mut state = RunState::default();
    for end in (0..bytes.len()).step_by(37).chain([bytes.len()]) {
        // The file is opened anew each time, as by another process; its inode stays.
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        let written = usize::try_from(file.metadata().unwrap().len()).unwrap();
        std::io::Write::write_all(&mut file, &bytes[written..end.max(written)]).unwrap();
        let news = reader.poll().unwrap();
        assert!(!news.is_restarted);
        news.events.iter().for_each(|event| state.apply(event));
    }
    let mut whole = Vec::new();
    EventDecoder::default().feed(&bytes, &mut whole).unwrap();
    assert_eq!(state, fold(&whole));
}

#[test]
fn a_log_of_a_newer_version_is_one_broken_run_that_says_what_to_do() {
    let runs = Runs::new();
    let name = runs.experiment("newer", &["a", "b"], 1);
    let newer = "{\"time\":1.0,\"event\":{\"attempt_started\":{\"format\":2,\"attempt\":1,\"host\":\"h\",\"process_id\":1}}}\n";
    fs::write(runs.dir(&format!("{name}/a")).events_file(), newer).unwrap();
    let run = runs.run(&format!("{name}/a"));
    assert!(run.spec.as_ref().unwrap_err().contains("update finetop"), "{:?}", run.spec);
    assert_eq!(run.status, RunStatus::Failed);
    assert!(runs.run(&format!("{name}/b")).spec.is_ok());
}

#[test]
fn broken_folders_are_runs_with_a_reason_and_harm_no_other() {
    let runs = Runs::new();
    let name = runs.experiment("mixed", &["no-spec", "bad-spec", "rubbish", "good"], 1);
    let dir = |run: &str| runs.dir(&format!("{name}/{run}"));
    fs::remove_file(dir("no-spec").spec_file()).unwrap();
    fs::write(dir("bad-spec").spec_file(), "experiment: [").unwrap();
    fs::write(dir("rubbish").events_file(), b"\x00\xff\n{\"time\":\"yesterday\"}\n{}\n\x1b[2J").unwrap();
    fs::write(dir("rubbish").job_file(), "{").unwrap();
    fs::write(dir("rubbish").exit_file(), "null").unwrap();
    fs::create_dir(runs.root().join("broken")).unwrap();
    fs::write(runs.root().join("broken/experiment.json"), "{\"format\":1}").unwrap();
    fs::create_dir(runs.root().join("escape")).unwrap();
    let record = r#"{"format":1,"name":"x","source":"x","created":1,"runs":["../../etc"],"runs_at_once":1}"#;
    fs::write(runs.root().join("escape/experiment.json"), record).unwrap();
    fs::create_dir(runs.root().join("no-experiment")).unwrap();
    fs::write(runs.root().join("a-file"), "x").unwrap();
    fs::create_dir(runs.root().join(".new-1")).unwrap();
    let catalog = runs.catalog();
    let rows: Vec<_> = catalog.runs.iter().map(|run| (run.id.0.as_str(), run.spec.is_ok(), run.skipped)).collect();
    let mixed = |run: &str| format!("{name}/{run}");
    let of = |id: &str| rows.iter().find(|row| row.0 == id).map(|row| (row.1, row.2));
    assert_eq!(rows.len(), 6, "{rows:?}");
    assert_eq!(of(&mixed("no-spec")), Some((false, 0)));
    assert_eq!(of(&mixed("bad-spec")), Some((false, 0)));
    assert_eq!(of(&mixed("rubbish")), Some((true, 3)));
    assert_eq!(of(&mixed("good")), Some((true, 0)));
    assert_eq!(of("broken"), Some((false, 0)));
    assert_eq!(of("escape"), Some((false, 0)));
    let output = runs.finetop(&["list"]);
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains('\u{1b}'));
}

#[test]
fn a_store_tells_each_thing_once_and_follows_what_changes() {
    let runs = Runs::new();
    let mut store = Store::open(runs.root());
    assert!(store.poll(0.0).is_empty(), "a folder that does not exist has no runs");
    let name = runs.experiment("follow", &["b", "a"], 1);
    let now = finetop::run::clock::now_seconds();
    let mut catalog = Catalog::default();
    store.poll(now).into_iter().for_each(|update| catalog.apply(update));
    let ids: Vec<_> = catalog.runs.iter().map(|run| run.id.0.clone()).collect();
    assert_eq!(ids, [format!("{name}/b"), format!("{name}/a")], "in the order of the experiment, not of the alphabet");
    assert!(store.poll(now).is_empty());

    let dir = runs.dir(&ids[0]);
    let note = |message: &str| Event { time: 1.0, kind: EventKind::Note(Note { level: Level::Info, message: message.to_owned() }) };
    EventWriter::open(&dir, 1).unwrap().append(&note("one")).unwrap();
    let updates = store.poll(now);
    assert_eq!(updates.len(), 1, "{updates:?}");
    assert_eq!(updates[0].change, Change::Events(vec![note("one")]));
    assert!(store.poll(now).is_empty());

    // The log is replaced: the run is told anew, in its place.
    fs::remove_file(dir.events_file()).unwrap();
    thread::sleep(Duration::from_millis(20)); // births are told apart by the clock's tick
    EventWriter::open(&dir, 2).unwrap().append_all(&[note("two"), note("three")]).unwrap();
    store.poll(now).into_iter().for_each(|update| catalog.apply(update));
    assert_eq!(catalog.runs[0].id.0, ids[0]);
    assert_eq!(catalog.runs[0].state.log.len(), 2);

    // A folder that goes is forgotten; a new experiment is found.
    fs::remove_dir_all(runs.root().join(&ids[1])).unwrap();
    let later = runs.experiment("later", &["x"], 1);
    store.poll(now).into_iter().for_each(|update| catalog.apply(update));
    let left: Vec<_> = catalog.runs.iter().map(|run| run.id.0.clone()).collect();
    assert_eq!(left, [ids[0].clone(), format!("{later}/x")]);
}

#[test]
fn a_mended_run_is_read_again() {
    let runs = Runs::new();
    let name = runs.experiment("mend", &["a"], 1);
    let dir = runs.dir(&format!("{name}/a"));
    fs::write(dir.spec_file(), "{").unwrap();
    let mut store = Store::open(runs.root());
    let mut catalog = Catalog::default();
    let mut poll = |catalog: &mut Catalog| store.poll(0.0).into_iter().for_each(|update| catalog.apply(update));
    poll(&mut catalog);
    assert!(catalog.runs[0].spec.is_err());
    dir.write_spec(&spec("a")).unwrap();
    poll(&mut catalog);
    assert!(catalog.runs[0].spec.is_ok());
    assert_eq!(catalog.runs[0].status, RunStatus::Queued);
}

#[test]
fn long_logs_looked_at_in_parts_tell_the_same_and_a_status_at_the_end_only() {
    let runs = Runs::new();
    runs.experiment("long", &["a", "b"], 1);
    let step = r#"{"time":2.0,"event":{"step":{"step":STEP,"epoch":1.0,"loss":0.5,"learning_rate":0.1,"gradient_norm":1.0,"examples":1,"tokens":1,"seconds":0.1,"training_seconds":1.0,"rss_bytes":1}}}"#;
    for run in ["a", "b"] {
        let lines: Vec<String> = (1..=10_000).map(|number| step.replace("STEP", &number.to_string())).collect();
        fs::write(runs.root().join("long-1").join(run).join("events.jsonl"), lines.join("\n") + "\n").unwrap();
    }
    let mut whole = Catalog::default();
    Store::open(runs.root()).poll(10.0).into_iter().for_each(|update| whole.apply(update));
    let (mut store, mut catalog, mut n_parts) = (Store::open(runs.root()), Catalog::default(), 1);
    loop {
        let mut updates = Vec::new();
        let is_whole = store.poll_part(10.0, &mut updates);
        let n_events =
            updates.iter().map(|update| if let Change::Events(events) = &update.change { events.len() } else { 0 }).sum::<usize>();
        assert!(n_events < 9000, "{n_events} at once");
        for update in updates {
            let is_behind = catalog.run(&update.id).is_none_or(|run| run.state.steps.len() < 10_000);
            assert!(!(is_behind && matches!(update.change, Change::Status(_))));
            catalog.apply(update);
        }
        if is_whole {
            break;
        }
        n_parts += 1;
    }
    assert!(n_parts > 2 && catalog == whole && whole.runs[1].state.steps.len() == 10_000, "{n_parts}");
}

#[test]
fn polling_many_idle_runs_is_cheap() {
    let runs = Runs::new();
    let names: Vec<_> = (0..50).map(|run| format!("run-{run}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let golden = fs::read(fixture("golden/events.jsonl")).unwrap();
    for _ in 0..10 {
        let name = runs.experiment("many", &names, 1);
        for run in &names {
            fs::write(runs.dir(&format!("{name}/{run}")).events_file(), &golden).unwrap();
        }
    }
    let mut store = Store::open(runs.root());
    let now = finetop::run::clock::now_seconds() + 60.0;
    assert!(store.poll(now).len() > 1000);
    let fastest = (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            assert!(store.poll(now).is_empty());
            start.elapsed()
        })
        .min()
        .unwrap();
    println!("a poll of 500 idle runs: {fastest:?}");
    // A few milliseconds; the bound is wide for busy machines and builds without optimisation.
    assert!(fastest.as_millis() < 100, "{fastest:?}");
}

#[test]
fn a_run_folder_survives_being_written_by_the_writer_and_read_by_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::new(folder.path());
    let mut events = Vec::new();
    EventDecoder::default().feed(&fs::read(fixture("golden/events.jsonl")).unwrap(), &mut events).unwrap();
    EventWriter::open(&dir, 1).unwrap().append_all(&events).unwrap();
    assert_eq!(EventReader::new(dir.events_file()).poll().unwrap().events, events);
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<f64>().prop_map(Number),
        Just(Number(f64::NAN)),
        Just(Number(f64::INFINITY)),
        Just(Number(f64::NEG_INFINITY)),
        Just(Number(-0.0)),
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL
}

fn request() -> impl Strategy<Value = RequestKind> {
    prop_oneof![
        Just(RequestKind::Stop),
        Just(RequestKind::Pause),
        Just(RequestKind::Resume),
        Just(RequestKind::Kill),
        Just(RequestKind::Release),
        Just(RequestKind::Extend),
        Just(RequestKind::StopAt(StopAt::EpochEnd)),
        finite().prop_map(|value| RequestKind::StopAt(StopAt::parse(&format!("gap > {value}")).unwrap())),
        Just(RequestKind::KeepGoing),
        (1e-9..=100.0, 1..u32::MAX)
            .prop_map(|(rate, patience)| RequestKind::Set(Setting { learning_rate: Some(rate), patience: Some(patience) })),
        prop::sample::select(Rule::ALL.to_vec()).prop_map(RequestKind::Mute),
        prop::sample::select(Rule::ALL.to_vec()).prop_map(RequestKind::Unmute),
    ]
}

fn kind() -> impl Strategy<Value = EventKind> {
    let attempt = (any::<u32>(), any::<String>(), any::<u32>()).prop_map(|(attempt, host, process_id)| {
        EventKind::AttemptStarted(AttemptStarted { format: FORMAT_VERSION, attempt, host, process_id })
    });
    let preparing =
        (any::<String>(), any::<u64>(), any::<u64>()).prop_map(|(what, done, total)| EventKind::Preparing(Preparing { what, done, total }));
    let training = (any::<[u64; 7]>(), any::<u32>(), any::<[u64; 4]>(), prop::collection::vec(any::<String>(), 0..4)).prop_map(
        |(
            [total, trainable, frozen, backbone_trainable, norms, method, head],
            epochs,
            [steps_per_epoch, total_steps, threads, rows],
            labels,
        )| {
            EventKind::TrainingStarted(TrainingStarted {
                ledger: Ledger { total, trainable, frozen, backbone_trainable, norms, method, head },
                epochs,
                steps_per_epoch,
                total_steps,
                rows: BTreeMap::from([(Split::Train, rows)]),
                labels,
                device: "cuda:1".to_owned(),
                threads,
                resumed_step: rows,
            })
        },
    );
    let step = (any::<[u64; 4]>(), number(), number(), [finite(), finite(), finite(), finite()]).prop_map(
        |([step, examples, tokens, rss_bytes], loss, gradient_norm, [epoch, learning_rate, seconds, training_seconds])| {
            EventKind::Step(StepTaken {
                step,
                epoch,
                loss,
                learning_rate,
                gradient_norm,
                examples,
                tokens,
                seconds,
                training_seconds,
                rss_bytes,
            })
        },
    );
    let evaluation = (
        any::<u64>(),
        finite(),
        prop::collection::vec(number(), MetricName::ALL.len()),
        prop::collection::vec(any::<u64>(), 4),
        any::<bool>(),
    )
        .prop_map(|(step, epoch, values, counts, is_best)| {
            EventKind::Evaluation(Evaluation {
                step,
                epoch,
                split: if is_best { Split::Validation } else { Split::Test },
                metrics: MetricName::ALL.into_iter().zip(values).collect(),
                confusion: is_best.then(|| ConfusionMatrix { counts: vec![counts[..2].to_vec(), counts[2..].to_vec()] }),
                seconds: epoch,
                is_best,
            })
        });
    let checkpoint = (any::<bool>(), any::<u64>(), any::<u64>(), finite()).prop_map(|(is_best, step, bytes, seconds)| {
        let kind = if is_best { CheckpointKind::Best } else { CheckpointKind::Last };
        EventKind::Checkpoint(Checkpoint { kind, step, bytes, seconds })
    });
    let seen = (request(), any::<u64>()).prop_map(|(request, step)| EventKind::Request(RequestSeen { request, step }));
    let note = (any::<bool>(), any::<String>())
        .prop_map(|(is_info, message)| EventKind::Note(Note { level: if is_info { Level::Info } else { Level::Warning }, message }));
    let outcome = prop_oneof![
        Just(Outcome::Finished),
        Just(Outcome::Stopped),
        Just(Outcome::Diverged),
        Just(Outcome::Failed),
        Just(Outcome::Interrupted),
        Just(Outcome::Crashed),
        Just(Outcome::Released),
    ];
    let finished = (outcome, any::<String>(), any::<[u64; 3]>(), any::<Option<u64>>(), finite()).prop_map(
        |(outcome, reason, [step, peak_rss_bytes, checkpoint_bytes], best_step, seconds)| {
            EventKind::Finished(Finished { outcome, reason, step, best_step, seconds, peak_rss_bytes, checkpoint_bytes })
        },
    );
    let extended = (any::<u64>(), any::<u32>(), any::<u32>())
        .prop_map(|(step, from_epochs, to_epochs)| EventKind::Extended(Extended { step, from_epochs, to_epochs }));
    let amended = (any::<String>(), any::<Option<String>>(), any::<Option<String>>())
        .prop_map(|(key, from, to)| EventKind::Amended(Amended { changes: vec![SettingChanged { key, from, to }] }));
    let split = (any::<[u64; 2]>(), finite(), any::<[bool; 2]>(), finite()).prop_map(|([step, steps], seconds, [one, other], part)| {
        let [one, other] = [one, other].map(|is_known| is_known.then_some(part));
        EventKind::StepSplit(StepSplit { step, steps, seconds, data: one, forward: other, backward: other, update: one })
    });
    let rare = prop_oneof![extended, amended, split];
    prop_oneof![attempt, preparing, training, step, evaluation, judgement(), checkpoint, seen, note, rare, finished]
}

/// What a worker measures of its weights and says of its run.
fn judgement() -> impl Strategy<Value = EventKind> {
    let updates =
        (any::<u64>(), prop::collection::vec((0..5_usize, any::<u64>(), any::<bool>(), number()), 0..4)).prop_map(|(step, groups)| {
            let places = [Place::Embeddings, Place::Layer(7), Place::EveryLayer, Place::Pooler, Place::Head];
            let groups = groups.into_iter().map(|(place, parameters, trains, norm)| Group {
                place: places[place],
                part: [Part::Backbone, Part::Norms, Part::Method, Part::Head][place % 4],
                parameters,
                movement: trains.then_some(Movement { start_norm: norm, update_norm: norm, gradient_norm: norm }),
            });
            EventKind::Updates(Updates { step, groups: groups.collect() })
        });
    let moment = || (any::<u64>(), finite()).prop_map(|(step, epoch)| Moment { step, epoch });
    let alert = (0..Rule::ALL.len(), any::<bool>(), any::<[String; 3]>(), moment(), moment()).prop_map(
        |(rule, is_warning, [what, brief, advice], since, at)| {
            let severity = if is_warning { Severity::Warning } else { Severity::Info };
            let action = is_warning.then_some(Action::Stop);
            EventKind::Alert(Alert { rule: Rule::ALL[rule], severity, what, brief, since, at, advice, action })
        },
    );
    let cleared = (0..Rule::ALL.len(), moment()).prop_map(|(rule, at)| EventKind::AlertCleared(AlertCleared { rule: Rule::ALL[rule], at }));
    prop_oneof![updates, alert, cleared]
}

proptest! {
    #[test]
    fn every_event_survives_its_line(time in finite(), kind in kind()) {
        let event = Event { time, kind };
        let mut line = serde_json::to_vec(&event).unwrap();
        prop_assert!(!line.contains(&b'\n'));
        line.push(b'\n');
        let mut events = Vec::new();
        let mut decoder = EventDecoder::default();
        decoder.feed(&line, &mut events).unwrap();
        prop_assert_eq!(events, vec![event]);
        prop_assert_eq!(decoder.skipped(), 0);
    }

    #[test]
    fn no_bytes_make_the_decoder_or_the_fold_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8)) {
        let mut decoder = EventDecoder::default();
        let mut events = Vec::new();
        for piece in pieces {
            let _ = decoder.feed(&piece, &mut events);
        }
        fold(&events);
    }

    #[test]
    fn no_order_of_events_makes_the_fold_panic(kinds in prop::collection::vec(kind(), 0..20)) {
        fold(&kinds.into_iter().map(|kind| Event { time: 0.0, kind }).collect::<Vec<_>>());
    }
}
