//! What is kept beside the state, so that no frame computes it again, never shows: a frame is the one that everything made anew gives.

use proptest::prelude::*;

use super::{Happening, PLAIN, happen, happenings};
use crate::curve::axis::XAxis;
use crate::run::catalog::RunId;
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::tui::group::GroupBy;
use crate::tui::listed;
use crate::tui::order::{Sort, SortBy};
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::update::follow_all;

/// The state with all made anew that is kept for charts and list.
fn anew(state: &State) -> State {
    let mut anew = state.clone();
    anew.curves.clear();
    anew.listed = listed::Listed::default();
    follow_all(&mut anew);
    for id in &state.unjudged {
        // Curves follow once the store has told all that it found.
        match state.curves.get(id) {
            Some(curves) => anew.curves.insert(id.clone(), curves.clone()),
            None => anew.curves.remove(id),
        };
    }
    anew
}

fn ids(state: &State) -> Vec<RunId> {
    state.visible().iter().map(|run| run.id.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn frames_are_those_of_a_state_that_keeps_nothing(
        size in (60_u16..230, 16_u16..70),
        axis in 0_usize..6,
        group in 0_usize..5,
        sorts in 0_usize..20,
        sequence in proptest::collection::vec(happenings(), 1..30),
    ) {
        let mut state = State::new("runs".to_owned(), EPOCH, size, None);
        state.chart.x_axis = XAxis::ALL[axis];
        state.group = GroupBy::ALL[group];
        let by = (0..sorts).fold(SortBy::default(), |by, _| by.beside(1));
        state.sort = Sort { by, is_reversed: sorts % 2 == 0 };
        let mut synthetic = Synthetic::new();
        let begin = [Happening::Play(30.0)];
        for happening in begin.into_iter().chain(sequence) {
            happen(&mut state, &mut synthetic, happening);
            let anew = anew(&state);
            prop_assert_eq!(ids(&state), ids(&anew));
            prop_assert_eq!(screenshot::cells(&state, PLAIN), screenshot::cells(&anew, PLAIN));
        }
    }
}
