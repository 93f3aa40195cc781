//! The task head: dropout and a classifier on the pooled vector.

use tch::Tensor;

use crate::hooks::Mode;
use crate::params::{HEAD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::head::{Classifier, Head as HeadSpec};

/// The classifier's tensors.
#[derive(Debug)]
pub struct Head {
    classifier: Classifier,
    hidden: Option<(Tensor, Tensor)>,
    output: (Tensor, Tensor),
    dropout: f64,
}

impl Head {
    /// Makes `head.*` in `params.delta`: weights from `N(0, initializer_range²)`, biases zero, as every family's own classifier.
    pub fn new(spec: &HeadSpec, backbone: &Backbone, n_labels: i64, params: &mut Params) -> Self {
        let (hidden_size, std) = (backbone.hidden_size, backbone.initializer_range);
        let mut linear = |name: &str, n_in: i64, n_out: i64| {
            let weight = params.add_normal(&format!("{HEAD}{name}.weight"), &[n_out, n_in], std);
            (weight, params.add_zeros(&format!("{HEAD}{name}.bias"), &[n_out]))
        };
        let hidden = (spec.classifier != Classifier::Linear).then(|| linear("hidden", hidden_size, hidden_size));
        Self { classifier: spec.classifier, hidden, output: linear("output", hidden_size, n_labels), dropout: spec.dropout }
    }

    /// The pooled vector `[B,H]` → logits `[B,C]`.
    pub fn forward(&self, pooled: &Tensor, mode: Mode) -> Tensor {
        let dropout = |x: Tensor| mode.dropout(x, self.dropout);
        let hidden = |x: &Tensor| self.hidden.as_ref().map_or_else(|| x.shallow_clone(), |(weight, bias)| x.linear(weight, Some(bias)));
        let x = match self.classifier {
            Classifier::Linear => dropout(pooled.shallow_clone()),
            Classifier::Mlp => dropout(hidden(&dropout(pooled.shallow_clone())).tanh()),
            Classifier::MlpRelu => dropout(hidden(pooled).relu()),
        };
        x.linear(&self.output.0, Some(&self.output.1))
    }
}
