//! Prompt tuning: virtual tokens in front of the input; equations and sources in `finetop::spec::method::prompt_tuning`.
//!
//! Makes `method.prompt [V,H]`.

use tch::{Device, Kind, Tensor};

use crate::hooks::Hooks;
use crate::methods::Surroundings;
use crate::params::{METHOD, Params};
use finetop::spec::method::prompt_tuning::{PromptInitialization, PromptTuning};

/// The virtual tokens.
#[derive(Debug)]
pub struct Prompt {
    /// `[V,H]`.
    tokens: Tensor,
}

impl Prompt {
    /// Makes the virtual tokens.
    pub fn new(prompt: &PromptTuning, surroundings: &Surroundings, params: &mut Params) -> Self {
        let name = format!("{METHOD}prompt");
        let of_words = |ids: &Tensor| surroundings.words.detach().to_device(Device::Cpu).index_select(0, ids);
        let tokens = match prompt.initialization {
            PromptInitialization::Random => {
                params.add_normal(&name, &[prompt.length, surroundings.backbone.hidden_size], prompt.initial_std)
            }
            PromptInitialization::Vocabulary => {
                let vocabulary = surroundings.backbone.vocab_size;
                params.add_delta(&name, &of_words(&Tensor::randint(vocabulary, [prompt.length], (Kind::Int64, Device::Cpu))))
            }
            PromptInitialization::Text => {
                let ids = (surroundings.tokenize)(prompt.text.as_deref().unwrap_or_default());
                let repeated: Vec<i64> = ids.iter().copied().cycle().take(prompt.length as usize).collect();
                params.add_delta(&name, &of_words(&Tensor::from_slice(&repeated)))
            }
        };
        Self { tokens }
    }
}

impl Hooks for Prompt {
    fn virtual_tokens(&self) -> Option<Tensor> {
        Some(self.tokens.shallow_clone())
    }
}
