//! Prefix tuning and P-tuning v2: virtual keys and values; equations and sources in `finetop::spec::method::prefix_tuning` and
//! `p_tuning_v2`.
//!
//! Makes `method.prefix [V,2LH]`; or `method.embedding [V,H]`, `method.hidden.{weight [E,H],bias}`, `method.output.{weight [2LH,E],bias}`. Columns
//! `2lH … (2l+1)H` of a row are the key of block `l`, the next `H` its value.

use tch::{Device, Kind, Tensor};

use crate::hooks::{Hooks, KeyValue, Mode};
use crate::params::{METHOD, Params};
use finetop::spec::backbone::Backbone;

/// The virtual keys and values of every block.
#[derive(Debug)]
pub struct Prefix {
    source: Source,
    length: i64,
    hidden_size: i64,
    dropout: f64,
}

#[derive(Debug)]
enum Source {
    /// `[V,2LH]`.
    Flat(Tensor),
    /// Embedding and two layers.
    Projected { embedding: Tensor, hidden: (Tensor, Tensor), output: (Tensor, Tensor) },
}

impl Prefix {
    /// Keys and values that train themselves.
    pub fn flat(length: i64, std: f64, dropout: f64, backbone: &Backbone, params: &mut Params) -> Self {
        let width = 2 * backbone.n_layers * backbone.hidden_size;
        let prefix = params.add_normal(&format!("{METHOD}prefix"), &[length, width], std);
        Self { source: Source::Flat(prefix), length, hidden_size: backbone.hidden_size, dropout }
    }

    /// Keys and values computed from an embedding through a layer of `width`.
    pub fn projected(length: i64, width: i64, std: f64, backbone: &Backbone, params: &mut Params) -> Self {
        let hidden_size = backbone.hidden_size;
        let embedding = params.add_normal(&format!("{METHOD}embedding"), &[length, hidden_size], std);
        let mut linear = |name: &str, n_in: i64, n_out: i64| {
            let bound = (n_in as f64).powf(-0.5);
            let mut uniform = |name: &str, shape: &[i64]| {
                let initial = Tensor::empty(shape, (Kind::Float, Device::Cpu)).uniform_(-bound, bound);
                params.add_delta(name, &initial)
            };
            let weight = uniform(&format!("{METHOD}{name}.weight"), &[n_out, n_in]);
            (weight, uniform(&format!("{METHOD}{name}.bias"), &[n_out]))
        };
        let hidden = linear("hidden", hidden_size, width);
        let output = linear("output", width, 2 * backbone.n_layers * hidden_size);
        Self { source: Source::Projected { embedding, hidden, output }, length, hidden_size, dropout: 0.0 }
    }

    /// Columns `start … start + H` of the flat prefix, `[V,H]`.
    fn columns(&self, start: i64) -> Tensor {
        let size = self.hidden_size;
        match &self.source {
            Source::Flat(prefix) => prefix.narrow(1, start, size),
            Source::Projected { embedding, hidden, output } => {
                let inner = embedding.linear(&hidden.0, Some(&hidden.1)).tanh(); // [V,E]
                inner.linear(&output.0.narrow(0, start, size), Some(&output.1.narrow(0, start, size)))
            }
        }
    }
}

impl Hooks for Prefix {
    fn n_virtual_keys(&self) -> i64 {
        self.length
    }

    fn virtual_keys(&self, layer: usize, rows: i64, mode: Mode) -> Option<KeyValue> {
        let start = 2 * layer as i64 * self.hidden_size;
        let part = |start| {
            let columns = self.columns(start).unsqueeze(0); // [1,V,H]
            if self.dropout == 0.0 {
                return columns;
            }
            // Every row drops elements of its own.
            mode.dropout(columns.repeat([rows, 1, 1]), self.dropout) // [B,V,H]
        };
        Some(KeyValue { keys: part(start), values: part(start + self.hidden_size) })
    }
}
