//! How many threads compute a batch side by side, each some of its rows, instead of sharing every product, and how much each takes at once. Pure.
//!
//! Threads that share products wait for each other after each of them; those that share rows wait once a step. In exchange each holds gradients
//! of its own.

/// Rows at most of a forward pass that keeps nothing: evaluation and frozen features.
pub const FORWARD_ROWS: usize = 64;
/// Tokens at most of the same, with padding: products are as quick as with more, and rows of a batch are more alike in length.
pub const FORWARD_TOKENS: usize = 512;
/// Threads side by side at most.
const MOST: usize = 4;
/// Rows that are worth a thread.
const FEWEST_ROWS: usize = 8;
/// What the gradients beside the first may take together.
const MOST_GRADIENT_BYTES: u64 = 128 << 20;

/// How many a worker of so many `threads` has side by side; each shares its products among an equal part of the others.
pub const fn size(threads: usize) -> usize {
    let mut size = MOST;
    while !threads.is_multiple_of(size) {
        size /= 2;
    }
    size
}

/// How many of a crew of `size` compute the gradient of a batch: all, or one where its rows are few or its gradients large.
pub const fn shares(size: usize, rows: usize, gradient_bytes: u64) -> usize {
    let is_worth_it = rows >= FEWEST_ROWS * size && gradient_bytes * (size as u64 - 1) <= MOST_GRADIENT_BYTES;
    if is_worth_it { size } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crew_divides_the_threads_evenly() {
        assert_eq!([1, 2, 3, 4, 6, 8, 12, 16, 31].map(size), [1, 2, 1, 4, 2, 4, 4, 4, 1]);
    }

    #[test]
    fn few_rows_and_large_gradients_are_left_to_one() {
        assert_eq!([15, 16, 32].map(|rows| shares(2, rows, 1000)), [1, 2, 2]);
        assert_eq!([90 << 20, 200 << 20].map(|bytes| shares(2, 32, bytes)), [2, 1]);
        assert_eq!(shares(1, 32, u64::MAX / 2), 1);
    }
}
