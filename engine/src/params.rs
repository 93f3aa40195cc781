//! The named tensors of a run in two stores, backbone and delta (method + head), so that the trainable set, the counts
//! and the artefact are right by construction. Must not know how a tensor is used.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tch::{Device, Kind, Tensor};

use crate::cache::Cache;
use finetop::run::event::Ledger;
use finetop::spec::backbone::{BackboneTraining, Part};
use finetop::spec::method::site::Site;
use finetop::spec::run::Precision;

/// Prefix of the head's tensors in the delta store.
pub const HEAD: &str = "head.";
/// Prefix of the method's tensors in the delta store.
pub const METHOD: &str = "method.";

/// Named tensors; a name occurs once.
#[derive(Debug, Default)]
pub struct Store {
    tensors: BTreeMap<String, Tensor>,
}

impl Store {
    /// Adds a tensor and hands back a handle to the same storage.
    ///
    /// # Panics
    /// When the name is taken: that is a bug in a method or model file.
    pub fn add(&mut self, name: &str, tensor: &Tensor) -> Tensor {
        let previous = self.tensors.insert(name.to_owned(), tensor.shallow_clone());
        assert!(previous.is_none(), "tensor {name} is defined twice");
        tensor.shallow_clone()
    }

    /// Names and tensors, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    fn count(&self, prefix: &str) -> u64 {
        self.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, tensor)| tensor.numel() as u64).sum()
    }
}

/// All tensors of a run.
#[derive(Debug)]
pub struct Params {
    /// Pre-trained weights, by canonical name: that in BERT's own checkpoints, whatever the family.
    pub backbone: Store,
    /// What is added to them: `method.*` and `head.*`.
    pub delta: Store,
    /// Where new tensors are made.
    pub device: Device,
    /// What the backbone's linear layers multiply.
    pub precision: Precision,
    /// Where frozen weights that are rounded lie for all workers, if anywhere.
    pub cache: Option<Rc<Cache>>,
    training: BackboneTraining,
    /// Names of the backbone's tensors that train.
    trained: BTreeSet<String>,
    /// Those of them that belong to layer norms.
    trained_norms: BTreeSet<String>,
    /// Factors on the learning rate other than 1.
    learning_rate_scales: BTreeMap<String, f64>,
}

impl Params {
    /// No tensors yet.
    pub fn new(training: BackboneTraining, device: Device) -> Self {
        Self {
            backbone: Store::default(),
            delta: Store::default(),
            device,
            precision: Precision::Fp32,
            cache: None,
            training,
            trained: BTreeSet::new(),
            trained_norms: BTreeSet::new(),
            learning_rate_scales: BTreeMap::new(),
        }
    }

    /// Whether a part of the backbone trains.
    pub fn trains(&self, part: Part) -> bool {
        self.training.trains(part)
    }

    /// Adds a pre-trained tensor, which requires a gradient only where its part trains.
    pub fn add_backbone(&mut self, name: &str, part: Part, tensor: &Tensor) -> Tensor {
        let trains = self.training.trains(part);
        if trains {
            self.trained.insert(name.to_owned());
            if part.role.is_norm() {
                self.trained_norms.insert(name.to_owned());
            }
        }
        self.backbone.add(name, &tensor.set_requires_grad(trains))
    }

    /// The pre-trained weight `[out,in]` of a linear layer.
    ///
    /// # Panics
    /// When it is not loaded yet: a bug in the order of building.
    pub fn backbone_weight(&self, layer: usize, site: Site) -> Tensor {
        let name = format!("{}.weight", site.tensor_name(layer));
        self.backbone.tensor(&name).unwrap_or_else(|| panic!("{name} is not loaded")).shallow_clone()
    }

    /// Trains tensor `name` at `scale` times the learning rate.
    pub fn scale_learning_rate(&mut self, name: &str, scale: f64) {
        self.learning_rate_scales.insert(name.to_owned(), scale);
    }

    /// The factor on the learning rate of tensor `name`.
    pub fn learning_rate_scale(&self, name: &str) -> f64 {
        self.learning_rate_scales.get(name).copied().unwrap_or(1.0)
    }

    /// Adds a new trainable tensor.
    pub fn add_delta(&mut self, name: &str, tensor: &Tensor) -> Tensor {
        self.delta.add(name, &tensor.to_device(self.device).set_requires_grad(true))
    }

    /// Adds a new trainable tensor of zeros.
    pub fn add_zeros(&mut self, name: &str, shape: &[i64]) -> Tensor {
        self.add_delta(name, &Tensor::zeros(shape, (Kind::Float, Device::Cpu)))
    }

    /// Adds a new trainable tensor drawn from `N(0, std²)`.
    pub fn add_normal(&mut self, name: &str, shape: &[i64], std: f64) -> Tensor {
        self.add_delta(name, &(Tensor::randn(shape, (Kind::Float, Device::Cpu)) * std))
    }

    /// Names and tensors that training changes: the delta, and what trains of the backbone.
    pub fn trainable(&self) -> Vec<(&str, &Tensor)> {
        self.backbone.iter().filter(|(name, _)| self.trained.contains(*name)).chain(self.delta.iter()).collect()
    }

    /// Parameters by role, counted from the tensors.
    pub fn ledger(&self) -> Ledger {
        let count = |is_in: &dyn Fn(&str) -> bool| {
            self.backbone.iter().filter(|(name, _)| is_in(name)).map(|(_, tensor)| tensor.numel() as u64).sum::<u64>()
        };
        let (backbone, norms) = (count(&|_| true), count(&|name| self.trained_norms.contains(name)));
        let backbone_trainable = count(&|name| self.trained.contains(name)) - norms;
        let (method, head) = (self.delta.count(METHOD), self.delta.count(HEAD));
        let trainable = backbone_trainable + norms + method + head;
        let total = backbone + method + head;
        Ledger { total, trainable, frozen: total - trainable, backbone_trainable, norms, method, head }
    }
}
