//! Prompt tuning: virtual tokens in front of the input.
//!
//! `x = [P; E(tokens)]` with `P [V,H]` trained, then positions, token types, layer norm and the encoder as for any input.
//!
//! Paper: Lester et al. 2021, arXiv:2104.08691, §2. Reference: PEFT's `PromptEmbedding`.
//! Initialisation: word embeddings drawn at random (`vocabulary`), those of a text, repeated or cut to length (`text`), or from
//! `N(0, initial_std²)` (`random`; PEFT's spread is 1, far above that of pre-trained words): the first step starts from another network.
//! Parameters: `V H`. At inference: `V` tokens more in every block.
//! Differs: the head reads `[CLS]` where it stands, at position `V`; PEFT's head reads position 0, the first virtual token, as
//! `head: {pooling: peft}` does here.

use serde::{Deserialize, Serialize};

use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter, Misfit};

/// Hyperparameters of prompt tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptTuning {
    /// Virtual tokens `V`, at least 1.
    pub length: i64,
    /// What the virtual tokens begin as.
    pub initialization: PromptInitialization,
    /// The text that they begin as, for [`PromptInitialization::Text`].
    pub text: Option<String>,
    /// Their standard deviation, for [`PromptInitialization::Random`].
    pub initial_std: f64,
}

/// What virtual tokens begin as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptInitialization {
    /// Words drawn at random.
    Vocabulary,
    /// The words of a text, special tokens included.
    Text,
    /// `N(0, initial_std²)`.
    Random,
}

/// What is said of prompt tuning.
pub const ABOUT: About = About {
    name: "prompt_tuning",
    short: "prompt",
    summary: "virtual tokens in front of the input",
    paper: "Lester et al. 2021, arXiv:2104.08691",
    source: include_str!("prompt_tuning.rs"),
    hyperparameters: &[
        Hyperparameter::new("length", "v", "virtual tokens", Accepts::Count(1 << 20), "20"),
        Hyperparameter::new("initialization", "", "what they begin as", Accepts::Choice(&["vocabulary", "text", "random"]), "vocabulary"),
        Hyperparameter::new("text", "", "the text that they begin as", Accepts::TextOrOff, "false"),
        Hyperparameter::new("initial_std", "std", "their spread with `initialization: random`", Accepts::AtLeastZero, "1.0"),
    ],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW.
    learning_rate: 1e-1,
    head_learning_rate: Some(1e-2),
};

impl PromptTuning {
    /// A text without its initialisation, or the other way round.
    pub fn misfit(&self) -> Option<Misfit> {
        match (self.initialization, &self.text) {
            (PromptInitialization::Text, None) => {
                Some(Misfit::new("initialization", "`initialization` is text, but no `text` is given".to_owned()))
            }
            (PromptInitialization::Vocabulary | PromptInitialization::Random, Some(_)) => {
                Some(Misfit::new("text", "`text` has no effect without `initialization: text`".to_owned()))
            }
            _ => None,
        }
    }
}
