//! Who may start next: a pure function. Must not know processes, files or the clock.
//!
//! The rule: experiments are asked in the order in which they came, their runs in theirs. A run may start while fewer
//! runs are active, of all experiments together, than its own experiment allows at once; its threads were chosen for
//! that many neighbours. So a later experiment waits for an earlier one unless it allows more at once.
//! A paused run keeps its place, since it keeps its memory. What a person wishes ([`Wishes`]) comes before all of this.

use crate::launch::wishes::Wishes;
use crate::run::catalog::RunId;

/// A run as the queue sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Waits to be started.
    Waiting,
    /// Waits, and is held back by request.
    Held,
    /// Has a worker, or is just being given one.
    Active,
    /// Needs nothing more.
    Over,
}

/// A run in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which run.
    pub id: RunId,
    /// Where it stands.
    pub place: Place,
    /// How many runs its experiment allows at once, at least 1.
    pub runs_at_once: usize,
}

/// Brings the runs of one experiment into the order in which it starts them; those not named follow in their own.
pub fn in_start_order(entries: &mut [Entry], order: &[String]) {
    entries.sort_by_key(|entry| order.iter().position(|name| name == entry.id.run()).unwrap_or(usize::MAX));
}

/// Does what is wished for: the named runs come first, in the order of their names, and so many run at once.
pub fn arrange(entries: &mut [Entry], wishes: &Wishes) {
    if !wishes.order.is_empty() {
        entries.sort_by_key(|entry| wishes.order.iter().position(|id| *id == entry.id).unwrap_or(usize::MAX));
    }
    if let Some(runs_at_once) = wishes.runs_at_once {
        for entry in entries {
            entry.runs_at_once = runs_at_once.max(1);
        }
    }
}

/// The runs to start now, in order; `entries` are in the order of the queue.
pub fn next(entries: &[Entry]) -> Vec<RunId> {
    let mut n_active = entries.iter().filter(|entry| entry.place == Place::Active).count();
    let mut chosen = Vec::new();
    for entry in entries.iter().filter(|entry| entry.place == Place::Waiting) {
        if n_active < entry.runs_at_once {
            chosen.push(entry.id.clone());
            n_active += 1;
        }
    }
    chosen
}

/// Whether nothing is left that the queue's process would have to wait for.
pub fn is_done(entries: &[Entry]) -> bool {
    entries.iter().all(|entry| matches!(entry.place, Place::Over | Place::Held))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(id: &str, place: Place, runs_at_once: usize) -> Entry {
        Entry { id: RunId(id.to_owned()), place, runs_at_once }
    }

    fn check(entries: &[Entry], expected: &[&str]) {
        let chosen: Vec<_> = next(entries).into_iter().map(|id| id.0).collect();
        assert_eq!(chosen, expected);
    }

    #[test]
    fn runs_start_in_order_up_to_the_number_at_once() {
        use Place::{Active, Held, Over, Waiting};
        check(&[], &[]);
        check(&[entry("a/1", Waiting, 2), entry("a/2", Waiting, 2), entry("a/3", Waiting, 2)], &["a/1", "a/2"]);
        check(&[entry("a/1", Over, 2), entry("a/2", Active, 2), entry("a/3", Waiting, 2)], &["a/3"]);
        check(&[entry("a/1", Held, 1), entry("a/2", Waiting, 1)], &["a/2"]);
    }

    #[test]
    fn a_later_experiment_waits_unless_it_allows_more_at_once() {
        use Place::{Active, Waiting};
        check(&[entry("a/1", Active, 1), entry("a/2", Waiting, 1), entry("b/1", Waiting, 1)], &[]);
        check(&[entry("a/1", Active, 1), entry("a/2", Waiting, 1), entry("b/1", Waiting, 2)], &["b/1"]);
    }

    #[test]
    fn wishes_change_the_order_and_how_many_run_at_once() {
        use Place::{Active, Waiting};
        let mut entries = [entry("a/1", Active, 1), entry("a/2", Waiting, 1), entry("b/1", Waiting, 1), entry("b/2", Waiting, 1)];
        arrange(&mut entries, &Wishes { order: vec![RunId("b/2".to_owned()), RunId("gone".to_owned())], runs_at_once: Some(3) });
        check(&entries, &["b/2", "a/2"]);
        arrange(&mut entries, &Wishes { order: Vec::new(), runs_at_once: Some(1) });
        check(&entries, &[]);
        in_start_order(&mut entries, &["2".to_owned()]);
        assert_eq!(entries[0].id.run(), "2");
    }

    proptest! {
        #[test]
        fn no_run_starts_into_a_crowd_larger_than_its_experiment_allows(
            queue in proptest::collection::vec((0..4_usize, 1..4_usize), 0..12)
        ) {
            let places = [Place::Waiting, Place::Held, Place::Active, Place::Over];
            let entries: Vec<_> = queue.iter().enumerate()
                .map(|(index, &(place, at_once))| entry(&format!("a/{index}"), places[place], at_once)).collect();
            let mut n_active = entries.iter().filter(|entry| entry.place == Place::Active).count();
            let chosen = next(&entries);
            for id in &chosen {
                let entry = entries.iter().find(|entry| &entry.id == id).unwrap();
                prop_assert_eq!(entry.place, Place::Waiting);
                prop_assert!(n_active < entry.runs_at_once);
                n_active += 1;
            }
            // It is never stuck: with nothing active, the first that waits starts.
            let waits = entries.iter().any(|entry| entry.place == Place::Waiting);
            prop_assert!(!waits || n_active > 0);
        }
    }
}
