//! Which rows make which batch: shuffled for training, with rows of like length together so that little is padded.

use crate::data::tokenizer::Encoded;
use crate::random::{self, Stream};

/// Batches that are shuffled together before rows of like length are grouped. Large enough that little is padded, small
/// enough that which rows meet stays random (Transformers' `group_by_length` uses 50 as well).
const BATCHES_PER_GROUP: usize = 50;

/// The batches of an epoch (counted from 0): every row once, `ceil(rows / batch_size)` batches, a pure function of seed and epoch.
pub fn training_batches(rows: &[Encoded], batch_size: usize, run_seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let seed = random::seed(run_seed, Stream::Order(epoch));
    let mut order: Vec<usize> = (0..rows.len()).collect();
    random::shuffle(&mut order, seed);
    for group in order.chunks_mut(batch_size * BATCHES_PER_GROUP) {
        group.sort_by_key(|&index| rows[index].token_ids.len());
    }
    let mut batches: Vec<Vec<usize>> = order.chunks(batch_size).map(<[usize]>::to_vec).collect();
    random::shuffle(&mut batches, seed ^ 1);
    batches
}

/// The batches of an evaluation: every row once, by length, at most `most_rows` of them and, of more than one row, `most_tokens` with padding:
/// few long rows differ in length as much as many short ones.
pub fn evaluation_batches(rows: &[Encoded], most_rows: usize, most_tokens: usize) -> Vec<Vec<usize>> {
    let length = |index: usize| rows[index].token_ids.len();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| length(index));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match batches.last_mut() {
            Some(batch) if batch.len() < most_rows && (batch.len() + 1) * length(index) <= most_tokens => batch.push(index),
            _ => batches.push(vec![index]),
        }
    }
    batches
}

/// The rows `indices` in `n_shares` (a power of two) parts that follow each other, whose padded tokens are as even as that allows.
pub fn shares<'a>(rows: &[Encoded], indices: &'a [usize], n_shares: usize) -> Vec<&'a [usize]> {
    if n_shares < 2 || indices.len() < 2 {
        return vec![indices];
    }
    let longest = |part: &[usize]| part.iter().map(|&index| rows[index].token_ids.len()).max().unwrap_or(0);
    let cost = |middle: usize| {
        let (left, right) = indices.split_at(middle);
        (left.len() * longest(left)).max(right.len() * longest(right))
    };
    let middle = (1..indices.len()).min_by_key(|&middle| cost(middle)).unwrap_or(indices.len() / 2);
    let (left, right) = indices.split_at(middle);
    [left, right].into_iter().flat_map(|half| shares(rows, half, n_shares / 2)).collect()
}

#[cfg(test)]
mod tests {
    use finetop::data::example::Target;

    use super::*;

    fn rows(lengths: &[usize]) -> Vec<Encoded> {
        lengths
            .iter()
            .map(|&length| Encoded { token_ids: vec![1; length], token_types: vec![0; length], target: Target::Label(0) })
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn an_evaluation_has_every_row_once_in_batches_no_larger_than_allowed(lengths in proptest::collection::vec(1..90_usize, 1..300), most_rows in 1..40_usize, most_tokens in 1..600_usize) {
            let rows = rows(&lengths);
            let batches = evaluation_batches(&rows, most_rows, most_tokens);
            let mut seen = batches.concat();
            seen.sort_unstable();
            proptest::prop_assert_eq!(seen, (0..rows.len()).collect::<Vec<_>>());
            for batch in batches {
                let longest = batch.iter().map(|&index| lengths[index]).max().unwrap_or(0);
                proptest::prop_assert!(batch.len() == 1 || batch.len() <= most_rows && batch.len() * longest <= most_tokens);
            }
        }

        #[test]
        fn every_row_is_in_one_batch_of_an_epoch(lengths in proptest::collection::vec(2..40_usize, 1..300), batch_size in 1..40_usize, seed: u64, epoch in 0..5_u64) {
            let rows = rows(&lengths);
            let batches = training_batches(&rows, batch_size, seed, epoch);
            let mut seen: Vec<usize> = batches.iter().flatten().copied().collect();
            seen.sort_unstable();
            proptest::prop_assert_eq!(seen, (0..rows.len()).collect::<Vec<_>>());
            proptest::prop_assert_eq!(batches.len(), rows.len().div_ceil(batch_size));
            proptest::prop_assert_eq!(training_batches(&rows, batch_size, seed, epoch), batches);
        }
    }

    proptest::proptest! {
        #[test]
        fn shares_are_all_rows_and_none_is_much_larger_than_the_others(mut lengths in proptest::collection::vec(2..40_usize, 32..80), doublings in 0..3_u32) {
            lengths.sort_unstable();
            let rows = rows(&lengths);
            let all: Vec<usize> = (0..rows.len()).collect();
            let shares = shares(&rows, &all, 1 << doublings);
            proptest::prop_assert_eq!(shares.len(), 1 << doublings);
            proptest::prop_assert_eq!(shares.concat(), all.clone());
            let costs = shares.iter().map(|share| share.len() * share.iter().map(|&row| lengths[row]).max().unwrap_or(0));
            let even = lengths.iter().max().unwrap() * rows.len() / shares.len();
            proptest::prop_assert!(costs.max().unwrap() <= even + 2 * 40);
        }
    }

    #[test]
    fn epochs_and_seeds_differ() {
        let rows = rows(&[5; 100]);
        assert_ne!(training_batches(&rows, 8, 0, 0), training_batches(&rows, 8, 0, 1));
        assert_ne!(training_batches(&rows, 8, 0, 0), training_batches(&rows, 8, 1, 0));
    }
}
