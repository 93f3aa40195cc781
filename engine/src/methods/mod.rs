//! One file per method that acts inside the encoder; methods without hooks differ only in what trains.

pub mod lora;

use crate::hooks::{Hooks, NoHooks};
use crate::params::Params;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::Method;

/// Makes the method's tensors in `params.delta` and returns what acts in the forward pass.
pub fn build(method: &Method, backbone: &Backbone, params: &mut Params) -> Box<dyn Hooks> {
    match method {
        Method::Full | Method::FeatureExtraction => Box::new(NoHooks),
        Method::Lora(lora) => Box::new(lora::LowRank::new(lora, backbone, params)),
    }
}
