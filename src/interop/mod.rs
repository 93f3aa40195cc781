//! Folders of other libraries: how PEFT, AdapterHub and Transformers write our methods, their hyperparameters and their tensors.
//!
//! Reads configurations and headers, never weights, so that a folder is checked before anything runs; the engine moves the tensors.
//! Facts of the formats are those of peft 0.21.2, adapters 1.3.0 and transformers 5.23.0, held by `cargo xtask interop`.

pub mod adapterhub;
pub mod artefact;
pub mod base;
pub mod bottleneck;
pub mod error;
pub mod json;
pub mod peft;
pub mod peft_lora;
pub mod peft_names;
pub mod tensors;
pub mod transformers;

/// The file beside an exported adapter that holds the whole run: what the other library's files have no key for.
pub const RUN_FILE: &str = "finetop.json";

/// A kind of folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `PeftModel.from_pretrained` reads it.
    Peft,
    /// `load_adapter` of the library Adapters reads it.
    AdapterHub,
    /// `AutoModelForSequenceClassification.from_pretrained` reads it.
    Transformers,
}

impl Format {
    /// Every format with its name on the command line.
    pub const NAMES: [(&'static str, Self); 3] =
        [("peft", Self::Peft), ("adapterhub", Self::AdapterHub), ("transformers", Self::Transformers)];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peft => "peft",
            Self::AdapterHub => "adapterhub",
            Self::Transformers => "transformers",
        }
    }

    /// What the folder is and who reads it, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Peft => "a folder that PEFT loads",
            Self::AdapterHub => "a folder that AdapterHub's library Adapters loads",
            Self::Transformers => "a whole checkpoint that Transformers loads",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(own, _)| *own == name).map(|(_, format)| format)
    }
}
