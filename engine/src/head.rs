//! The task head: dropout and a classifier on the pooled vector.

use tch::Tensor;

use crate::hooks::Mode;
use crate::params::{HEAD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::head::{Classifier, Head as HeadSpec};

/// The classifier's tensors.
#[derive(Debug)]
pub struct Head {
    hidden: Option<(Tensor, Tensor)>,
    output: (Tensor, Tensor),
    dropout: f64,
}

impl Head {
    /// Makes `head.*` in `params.delta`: weights from `N(0, initializer_range²)`, biases zero, as BERT's own classifier.
    pub fn new(spec: &HeadSpec, backbone: &Backbone, n_outputs: i64, params: &mut Params) -> Self {
        let (hidden_size, std) = (backbone.hidden_size, backbone.initializer_range);
        let mut linear = |name: &str, n_in: i64, n_out: i64| {
            let weight = params.add_normal(&format!("{HEAD}{name}.weight"), &[n_out, n_in], std);
            (weight, params.add_zeros(&format!("{HEAD}{name}.bias"), &[n_out]))
        };
        let hidden = (spec.classifier == Classifier::Mlp).then(|| linear("hidden", hidden_size, hidden_size));
        Self { hidden, output: linear("output", hidden_size, n_outputs), dropout: spec.dropout }
    }

    /// The pooled vector `[B,H]` → logits `[B,C]`.
    pub fn forward(&self, pooled: &Tensor, mode: Mode) -> Tensor {
        let mut x = mode.dropout(pooled.shallow_clone(), self.dropout);
        if let Some((weight, bias)) = &self.hidden {
            x = mode.dropout(x.linear(weight, Some(bias)).tanh(), self.dropout);
        }
        x.linear(&self.output.0, Some(&self.output.1))
    }
}
