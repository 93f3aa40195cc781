//! What runs compute once and share: features of a frozen encoder, rounded weights. In files of the user's cache folder, which the worker is told.
//!
//! Nothing here may change a result: what is found is the bits that would be computed. A cache that cannot be read or written costs time alone.

pub mod features;
pub mod key;
pub mod rounded;
pub mod shelf;

use std::cell::RefCell;
use std::path::Path;

use crate::cache::shelf::Shelf;
use finetop::run::event::Level;

/// Most bytes of features that are kept.
const MOST_FEATURE_BYTES: u64 = 2 << 30;
/// Most bytes of rounded weights that are kept.
const MOST_WEIGHT_BYTES: u64 = 4 << 30;

/// The shelves, and what people should hear of them.
#[derive(Debug)]
pub struct Cache {
    /// Pooled vectors of rows.
    pub features: Shelf,
    /// Linear weights in bf16.
    pub weights: Shelf,
    notes: RefCell<Vec<(Level, String)>>,
}

impl Cache {
    /// The cache in `folder`, which need not exist.
    pub fn new(folder: &Path) -> Self {
        let shelf = |name, most_bytes| Shelf::new(folder.join(name), most_bytes);
        Self { features: shelf("features", MOST_FEATURE_BYTES), weights: shelf("weights", MOST_WEIGHT_BYTES), notes: RefCell::default() }
    }

    /// Takes a line for people down.
    pub fn note(&self, level: Level, message: String) {
        self.notes.borrow_mut().push((level, message));
    }

    /// The lines taken down since the last call.
    pub fn take_notes(&self) -> Vec<(Level, String)> {
        self.notes.take()
    }
}
