//! Folds what a method does to linear layers into the backbone's own weights, so that inference costs nothing more.

use std::collections::BTreeMap;

use tch::Tensor;

use crate::hooks::{Hooks, Product, Projection};
use crate::params::Params;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::site::Site;

/// Every backbone tensor by name, linear layers with the method's action folded in; no gradient attached.
///
/// # Panics
/// When a linear layer is not loaded: a bug, since loading is strict.
pub fn backbone(params: &Params, hooks: &dyn Hooks, backbone: &Backbone) -> BTreeMap<String, Tensor> {
    let _guard = tch::no_grad_guard();
    let mut tensors: BTreeMap<String, Tensor> = params.backbone.iter().map(|(name, tensor)| (name.to_owned(), tensor.detach())).collect();
    for layer in 0..backbone.n_layers as usize {
        for site in Site::ALL {
            let name = site.tensor_name(layer);
            let [weight_name, bias_name] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
            let merged = hooks.merged(
                layer,
                site,
                Projection { weight: &tensors[&weight_name], bias: &tensors[&bias_name], product: &Product::Exact },
            );
            if let Some((weight, bias)) = merged {
                tensors.insert(weight_name, weight);
                tensors.insert(bias_name, bias);
            }
        }
    }
    tensors
}
