//! What a plan depends on beside its files: the machine and the user's settings.

use std::path::PathBuf;

use crate::hub::variables::HubVariables;
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
    /// Where the Hugging Face cache is.
    pub hub: HubVariables,
}

impl Environment {
    /// That of this process.
    pub fn current() -> Self {
        Self {
            current_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            precision: best_precision(),
            n_cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            hub: HubVariables::from_environment(),
        }
    }
}

/// bf16 where the processor multiplies it, else fp32. The processor's abilities decide, not a measurement: a plan made twice is the same.
fn best_precision() -> Precision {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512bf16") {
        return Precision::Bf16;
    }
    Precision::Fp32
}
