//! One file per kind of action inside the encoder; methods that only train the backbone's own weights need none.

pub mod adapter;
pub mod ia3;
pub mod lora;
pub mod prefix;
pub mod prompt;

use tch::Tensor;

use crate::hooks::{Hooks, NoHooks};
use crate::params::Params;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::Method;

/// What a method may look at while it makes its tensors.
pub struct Surroundings<'a> {
    /// Shape of the encoder.
    pub backbone: &'a Backbone,
    /// The word embedding `[vocabulary,H]`.
    pub words: Tensor,
    /// Token ids of a text, special tokens included.
    pub tokenize: &'a dyn Fn(&str) -> Vec<i64>,
}

/// Makes the method's tensors in `params.delta` and returns what acts in the forward pass.
///
/// Weights of linear layers by site are asked of `params.backbone`, which is loaded by then.
pub fn build(method: &Method, surroundings: &Surroundings, params: &mut Params) -> Box<dyn Hooks> {
    let backbone = surroundings.backbone;
    match method {
        Method::Full | Method::TopLayers(_) | Method::FeatureExtraction | Method::BitFit | Method::LayerNormTuning => Box::new(NoHooks),
        Method::Lora(lora) => Box::new(lora::LowRank::new(lora, backbone, params)),
        Method::HoulsbyAdapter(spec) => Box::new(adapter::Bottlenecks::new(adapter::Placement::Houlsby, spec, backbone, params)),
        Method::PfeifferAdapter(spec) => Box::new(adapter::Bottlenecks::new(adapter::Placement::Pfeiffer, spec, backbone, params)),
        Method::ParallelAdapter(spec) => Box::new(adapter::Bottlenecks::new(adapter::Placement::Parallel, spec, backbone, params)),
        Method::PrefixTuning(prefix) => match prefix.projection {
            None => Box::new(prefix::Prefix::flat(prefix.length, prefix.initial_std, 0.0, backbone, params)),
            Some(width) => Box::new(prefix::Prefix::projected(prefix.length, width, prefix.initial_std, backbone, params)),
        },
        Method::PTuningV2(deep) => Box::new(prefix::Prefix::flat(deep.length, deep.initial_std, deep.dropout, backbone, params)),
        Method::PromptTuning(spec) => Box::new(prompt::Prompt::new(spec, surroundings, params)),
        Method::Ia3(spec) => Box::new(ia3::Factors::new(spec, backbone, params)),
    }
}
