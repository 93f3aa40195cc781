//! What a plan depends on beside its files: the machine and the user's settings.

use std::path::PathBuf;

use crate::hub::variables::HubVariables;
use crate::spec::processor;
use crate::spec::run::Precision;

/// The surroundings of a plan, handed in so that tests choose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The current folder.
    pub current_folder: PathBuf,
    /// Processor cores that this process may use.
    pub n_cores: usize,
    /// What linear layers multiply where the experiment does not say.
    pub precision: Precision,
    /// Whether oneDNN multiplies in fp32 too, which takes memory.
    pub multiplies_with_onednn: bool,
    /// Where the Hugging Face cache is.
    pub hub: HubVariables,
}

impl Environment {
    /// That of this process.
    pub fn current() -> Self {
        Self {
            current_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            precision: processor::best_precision(),
            multiplies_with_onednn: processor::multiplies_with_onednn(),
            n_cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            hub: HubVariables::from_environment(),
        }
    }
}
