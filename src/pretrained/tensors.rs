//! The tensors that a BERT checkpoint must have, by name and shape; checked against a header before anything is loaded.

use safetensors::Dtype;

use crate::pretrained::header::Header;
use crate::spec::backbone::{Backbone, BackboneTensor};

/// Types that can be trained from; all are widened to F32.
const ACCEPTED: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];

/// The first tensor that the file lacks or has in another shape or type, in words.
pub fn first_problem(header: &Header, backbone: &Backbone) -> Option<String> {
    backbone.tensors(header.has_pooler()).into_iter().find_map(|BackboneTensor { name, shape, .. }| {
        let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        // Early checkpoints name a layer norm's weight gamma and its bias beta.
        let old_name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        let Some(tensor) = header.find(&name).or_else(|| header.find(&old_name)) else {
            return Some(format!("has no tensor {name}"));
        };
        if tensor.shape != shape {
            return Some(format!("tensor {name} has shape {:?}; config.json says {shape:?}", tensor.shape));
        }
        (!ACCEPTED.contains(&tensor.dtype)).then(|| format!("tensor {name} is of type {:?}; accepted: F32, F16, BF16", tensor.dtype))
    })
}
