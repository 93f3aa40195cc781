//! What is asked of runs from the run menu, and what is told of it.

use super::*;
use crate::run::alert::Rule;
use crate::run::condition::StopAt;
use crate::run::event::{Event, EventKind, RequestSeen};
use crate::run::request::Setting;

fn later(state: &mut State, seconds: f64) -> Vec<Effect> {
    let now = state.now + seconds;
    update(state, Message::Tick(now)).into_iter().filter(|effect| !matches!(effect, Effect::EnsureQueue)).collect()
}

fn stop_at(text: &str) -> RequestKind {
    RequestKind::StopAt(StopAt::parse(text).unwrap())
}

fn hears(state: &mut State, name: &str, request: RequestKind) {
    let event = Event { time: EPOCH, kind: EventKind::Request(RequestSeen { request, step: 7 }) };
    update(state, Message::Updates(vec![RunUpdate { id: id(name), change: Change::Events(vec![event]) }]));
}

fn is(state: &mut State, name: &str, status: RunStatus) {
    update(state, Message::Updates(vec![RunUpdate { id: id(name), change: Change::Status(status) }]));
}

fn setting(learning_rate: Option<f64>, patience: Option<u32>) -> RequestKind {
    RequestKind::Set(Setting { learning_rate, patience })
}

#[test]
fn a_stop_at_the_end_of_the_epoch_asks_once_and_can_be_taken_back_for_five_seconds_and_later() {
    let mut state = playing(20.0);
    assert_eq!(press(&mut state, "re"), []);
    assert_eq!(question_of(&state), "stop full at the end of the epoch? the best is kept");
    assert_eq!(press(&mut state, "y"), []);
    assert_eq!(press(&mut state, "rg"), [], "while it is announced, keep going takes it back");
    assert_eq!(notice_of(&state), "taken back: stopping full at the end of the epoch");
    press(&mut state, "rey");
    assert_eq!(later(&mut state, 5.1), [Effect::Request(id("full"), stop_at("epoch-end"))]);
    assert_eq!(press(&mut state, "rg"), []);
    assert_eq!(notice_of(&state), "full is running: no stop was asked for later", "it has not heard it yet");
    hears(&mut state, "full", stop_at("epoch-end"));
    assert_eq!(notice_of(&state), "full heard: stop at the end of the epoch (at step 7)");
    assert_eq!(press(&mut state, "rg"), [Effect::Request(id("full"), RequestKind::KeepGoing)]);
}

#[test]
fn a_condition_is_checked_as_it_is_typed_and_then_announced() {
    let mut state = playing(20.0);
    let problem = |state: &State| match &state.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.problem.clone(),
        _ => panic!("no prompt"),
    };
    press(&mut state, "rw");
    assert_eq!(problem(&state), None);
    press(&mut state, "gab > 0.1");
    assert!(problem(&state).unwrap().contains("\"gab\" is no number of a run; there are step, epoch"));
    assert_eq!(press(&mut state, "\n"), [], "what is wrong is not accepted");
    for _ in 0..7 {
        update(&mut state, Message::Key(Key::Backspace));
    }
    press(&mut state, "p > 0.1");
    assert_eq!(problem(&state), None);
    assert_eq!(press(&mut state, "\n"), []);
    assert_eq!(state.pending.as_ref().unwrap().text, "stopping full when gap > 0.1");
    assert_eq!(later(&mut state, 5.1), [Effect::Request(id("full"), stop_at("gap > 0.1"))]);
    press(&mut state, "rw500\n");
    assert_eq!(press(&mut state, "q"), [Effect::Request(id("full"), stop_at("500")), Effect::Quit], "what is announced is done");
}

#[test]
fn learning_rate_and_patience_are_typed_and_asked_of_all_marked_runs() {
    let mut state = playing(20.0);
    assert_eq!(press(&mut state, "rl1e-4\n"), [Effect::Request(id("full"), setting(Some(1e-4), None))]);
    press(&mut state, "rl0");
    assert!(matches!(&state.overlay, Some(Overlay::Prompt(prompt)) if prompt.problem.is_some()));
    update(&mut state, Message::Key(Key::Escape));
    press(&mut state, "  ");
    let marked: Vec<RunId> = state.marked().iter().map(|run| run.id.clone()).collect();
    assert_eq!(press(&mut state, "rl1e-4\n"), [Effect::RequestAll(marked, setting(Some(1e-4), None))]);
    let has_rule = |run: &&RunView| run.spec.as_ref().is_ok_and(|spec| spec.early_stopping.is_some());
    let patient: Vec<RunId> = state.marked().into_iter().filter(has_rule).map(|run| run.id.clone()).collect();
    if patient.is_empty() {
        assert_eq!(press(&mut state, "ri"), []);
        assert!(notice_of(&state).contains("it has no early stopping"), "{}", notice_of(&state));
    } else {
        assert_eq!(press(&mut state, "ri4\n"), act::control::requests(patient, setting(None, Some(4))));
    }
}

#[test]
fn what_has_ended_early_is_resumed_or_requeued_and_what_has_finished_is_not() {
    let mut state = playing(20.0);
    state.cursor = Some(id("full"));
    assert_eq!(press(&mut state, "rQ"), [Effect::Requeue(vec![id("full")])]);
    assert_eq!(press(&mut state, "rf"), [Effect::Request(id("full"), RequestKind::Release)]);
    assert_eq!(press(&mut state, "rr"), []);
    assert!(notice_of(&state).starts_with("full is running: there is nothing to resume"));
    for status in [RunStatus::Stopped, RunStatus::Failed, RunStatus::Lost, RunStatus::Paused] {
        is(&mut state, "full", status);
        assert_eq!(press(&mut state, "rr"), [Effect::Request(id("full"), RequestKind::Resume)]);
        assert_eq!(press(&mut state, "rQ"), [Effect::Requeue(vec![id("full")])]);
    }
    is(&mut state, "full", RunStatus::Finished);
    for keys in ["rr", "rQ", "re", "rw", "rf"] {
        assert_eq!(press(&mut state, keys), [], "{keys}");
        assert!(state.notice.as_ref().is_some_and(|notice| notice.is_problem), "{keys}");
    }
}

#[test]
fn a_muted_rule_leaves_the_alerts_is_shown_as_muted_and_can_be_heard_again() {
    let overfitting = |seconds: u32| {
        let state = playing(f64::from(seconds));
        let alert = crate::tui::alerts::alerts(&state).into_iter().find(|alert| alert.remedy.is_some())?;
        Some((state, alert.id))
    };
    let (mut state, overfits) = (10..200).step_by(10).find_map(overfitting).expect("a run of the demonstration overfits");
    state.cursor = Some(overfits.clone());
    assert_eq!(press(&mut state, "M "), [Effect::Request(overfits.clone(), RequestKind::Mute(Rule::Overfitting))]);
    hears(&mut state, overfits.run(), RequestKind::Mute(Rule::Overfitting));
    assert!(crate::tui::alerts::alerts(&state).iter().all(|alert| alert.id != overfits));
    let shown = crate::tui::alerts::mutable(&state);
    assert_eq!(shown.iter().map(|rule| (rule.rule, rule.is_muted)).collect::<Vec<_>>(), [(Rule::Overfitting, true)]);
    assert_eq!(press(&mut state, " "), [Effect::Request(overfits, RequestKind::Unmute(Rule::Overfitting))], "the list stays open");
}

#[test]
fn every_answer_is_told_and_of_several_the_one_that_failed() {
    let mut state = playing(20.0);
    let asked = |state: &mut State, answers: &[(&str, Result<&str, &str>)]| {
        let answers = answers.iter().map(|(name, answer)| (id(name), answer.map(str::to_owned).map_err(str::to_owned)));
        update(state, Message::Asked("pause".to_owned(), answers.collect()));
        state.notice.clone().map(|notice| (notice.text, notice.is_problem)).unwrap()
    };
    assert_eq!(asked(&mut state, &[("full", Ok("full: asked to pause"))]), ("full: asked to pause".to_owned(), false));
    assert_eq!(asked(&mut state, &[("full", Err("full is lost"))]), ("full is lost".to_owned(), true));
    assert_eq!(asked(&mut state, &[("full", Ok("")), ("lora-r8", Ok(""))]), ("2 runs: pause".to_owned(), false));
    let mixed = asked(&mut state, &[("full", Ok("")), ("lora-r8", Err("lora-r8 is lost"))]);
    assert_eq!(mixed, ("pause: 1 of 2 runs not: lora-r8 is lost".to_owned(), true));
}

#[test]
fn the_silence_of_a_dead_worker_is_told_and_that_of_a_waiting_run_is_not() {
    let mut state = playing(20.0);
    let ask = |state: &mut State| {
        update(state, Message::Asked("pause".to_owned(), vec![(id("full"), Ok("asked".to_owned()))]));
        assert!(!later(state, 9.0).iter().any(|effect| matches!(effect, Effect::LookWhetherHeard(..))));
        assert_eq!(later(state, 1.5), [Effect::LookWhetherHeard(id("full"), "pause".to_owned())]);
        state.notice = None;
        update(state, Message::Unheard(id("full"), "pause".to_owned()));
    };
    ask(&mut state);
    assert_eq!(notice_of(&state), "full has not heard for 10 s: pause; it loads, evaluates or hangs (r k kills it)");
    is(&mut state, "full", RunStatus::Lost);
    ask(&mut state);
    assert!(notice_of(&state).starts_with("full is dead (") && notice_of(&state).ends_with("it never heard: pause"));
    for status in [RunStatus::Queued, RunStatus::Finished] {
        is(&mut state, "full", status);
        ask(&mut state);
        assert_eq!(notice_of(&state), "");
    }
}
