//! What a plan depends on beside its files: the machine and the user's settings.

use std::path::PathBuf;

use crate::hub::variables::HubVariables;

/// The surroundings of a plan, handed in so that tests choose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The current folder.
    pub current_folder: PathBuf,
    /// Processor cores that this process may use.
    pub n_cores: usize,
    /// Where the Hugging Face cache is.
    pub hub: HubVariables,
}

impl Environment {
    /// That of this process.
    pub fn current() -> Self {
        Self {
            current_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            n_cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            hub: HubVariables::from_environment(),
        }
    }
}
