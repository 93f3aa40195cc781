//! What a download reports while it goes on. Must not know how it is shown.

use std::path::Path;

/// A moment of a download.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// All sizes are known; bytes will flow.
    Begins {
        /// The model or data set.
        name: &'a str,
        /// Bytes of all its files.
        n_bytes: u64,
        /// Those of them that an earlier attempt left.
        n_done: u64,
        /// Where they go.
        cache: &'a Path,
    },
    /// Bytes have come.
    Bytes {
        /// Bytes that are there.
        n_done: u64,
    },
    /// Nothing happens for a while.
    Waits {
        /// Why, and for how long.
        reason: String,
    },
    /// All files are in their place.
    Ends,
}

/// Where progress goes.
pub type Report<'a> = dyn FnMut(Progress) + 'a;
