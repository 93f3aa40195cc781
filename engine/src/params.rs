//! The named tensors of a run in two stores, backbone and delta (method + head), so that the trainable set, the counts
//! and the artefact are right by construction. Must not know how a tensor is used.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use finetop::run::event::Ledger;
use finetop::spec::method::BackboneTraining;

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
    /// Pre-trained weights, by their names in the checkpoint.
    pub backbone: Store,
    /// What is added to them: `method.*` and `head.*`.
    pub delta: Store,
    /// Whether the backbone's weights train.
    pub backbone_training: BackboneTraining,
    /// Where new tensors are made.
    pub device: Device,
}

impl Params {
    /// No tensors yet.
    pub fn new(backbone_training: BackboneTraining, device: Device) -> Self {
        Self { backbone: Store::default(), delta: Store::default(), backbone_training, device }
    }

    /// Adds a pre-trained tensor, which requires a gradient only where the backbone trains.
    pub fn add_backbone(&mut self, name: &str, tensor: &Tensor) -> Tensor {
        let trains = self.backbone_training == BackboneTraining::Trained;
        self.backbone.add(name, &tensor.set_requires_grad(trains))
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

    /// Names and tensors that training changes: the delta, and the backbone where it trains.
    pub fn trainable(&self) -> Vec<(&str, &Tensor)> {
        let backbone = (self.backbone_training == BackboneTraining::Trained).then(|| self.backbone.iter());
        backbone.into_iter().flatten().chain(self.delta.iter()).collect()
    }

    /// Parameters by role, counted from the tensors.
    pub fn ledger(&self) -> Ledger {
        let (backbone, method, head) = (self.backbone.count(""), self.delta.count(METHOD), self.delta.count(HEAD));
        let backbone_trainable = match self.backbone_training {
            BackboneTraining::Trained => backbone,
            BackboneTraining::Frozen => 0,
        };
        let trainable = backbone_trainable + method + head;
        let total = backbone + method + head;
        Ledger { total, trainable, frozen: total - trainable, backbone_trainable, method, head }
    }
}
