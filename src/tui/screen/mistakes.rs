//! The pane of what a run gets wrong: what it shows, and how that is narrowed down. Pure.

use std::collections::BTreeMap;

use crate::report::mistakes::{Listing, Mistake};
use crate::run::catalog::RunId;
use crate::run::event::CheckpointKind;
use crate::tui::act::moved;
use crate::tui::effect::Effect;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::update::notice;

/// What the pane remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MistakesState {
    /// The run, and the step of its best checkpoint, for which the rows were asked for last.
    pub asked: Option<(RunId, Option<u64>)>,
    /// The rows of a run, or why there are none; `None` within where it has kept none yet.
    pub listing: Option<(RunId, Result<Option<Listing>, String>)>,
    /// Which of the rows that are shown is under the cursor.
    pub cursor: usize,
    /// Only rows with this label that were given that one are shown.
    pub pair: Option<(String, String)>,
    /// Only rows in which all of these words occur are shown.
    pub words: String,
}

/// Asks for the rows of the run that is shown, anew where it has a better checkpoint.
pub fn lacking(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.selected() else { return Vec::new() };
    let wanted = (run.id.clone(), run.state.checkpoints.get(&CheckpointKind::Best).map(|checkpoint| checkpoint.step));
    let pane = &mut state.mistakes;
    if pane.asked.as_ref() == Some(&wanted) {
        return Vec::new();
    }
    if pane.asked.as_ref().is_none_or(|(id, _)| *id != wanted.0) {
        *pane = MistakesState::default();
    }
    let id = wanted.0.clone();
    pane.asked = Some(wanted);
    vec![Effect::ReadMistakes(id)]
}

/// The listing of the run that is shown; `None` while it is read.
pub fn listing<'a>(state: &'a State, id: &RunId) -> Option<&'a Result<Option<Listing>, String>> {
    state.mistakes.listing.as_ref().filter(|(of, _)| of == id).map(|(_, listing)| listing)
}

/// The rows of a listing that are not filtered away.
pub fn shown<'a>(state: &State, listing: &'a Listing) -> Vec<&'a Mistake> {
    let MistakesState { pair, words, .. } = &state.mistakes;
    let words: Vec<String> = words.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |mistake: &&Mistake| {
        let is_of_pair = pair.as_ref().is_none_or(|(truth, predicted)| *truth == mistake.truth && *predicted == mistake.predicted);
        let all = || format!("{} {} {}", mistake.truth, mistake.predicted, mistake.joined()).to_lowercase();
        is_of_pair
            && (words.is_empty() || {
                let all = all();
                words.iter().all(|word| all.contains(word))
            })
    };
    listing.rows.iter().filter(fits).collect()
}

fn current(state: &State) -> Option<&Listing> {
    let id = &state.selected()?.id;
    listing(state, id)?.as_ref().ok()?.as_ref()
}

/// Whether some rows are filtered away.
pub const fn is_filtered(state: &State) -> bool {
    state.mistakes.pair.is_some() || !state.mistakes.words.is_empty()
}

/// Takes the filter off.
pub fn show_all(state: &mut State) {
    state.mistakes.pair = None;
    filter(state, String::new());
}

/// Shows only the rows in which these words occur.
pub fn filter(state: &mut State, words: String) {
    state.mistakes.words = words;
    state.mistakes.cursor = 0;
}

/// Moves the cursor.
pub fn travel(state: &mut State, by: i64) {
    let n_rows = current(state).map_or(0, |listing| shown(state, listing).len());
    state.mistakes.cursor = moved(state.mistakes.cursor, by, n_rows.saturating_sub(1));
}

/// Shows only the rows of the next pair of labels, the most frequent first; after the last one all.
pub fn next_pair(state: &mut State) {
    let Some(listing) = current(state) else { return };
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in &listing.rows {
        *counts.entry((row.truth.clone(), row.predicted.clone())).or_default() += 1;
    }
    let mut pairs: Vec<_> = counts.into_iter().collect();
    pairs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let at = state.mistakes.pair.as_ref().and_then(|pair| pairs.iter().position(|(other, _)| other == pair));
    let next = pairs.into_iter().nth(at.map_or(0, |at| at + 1));
    let text = match &next {
        Some(((truth, predicted), count)) => format!("{count} rows of {} taken for {}", text::clean(truth), text::clean(predicted)),
        None => "rows of all labels".to_owned(),
    };
    state.mistakes.pair = next.map(|(pair, _)| pair);
    state.mistakes.cursor = 0;
    notice(state, text);
}
