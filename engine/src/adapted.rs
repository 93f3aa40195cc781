//! A trained run as a model: the base loaded once, and on it the best checkpoint of any number of runs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tch::{Device, Tensor};
use tokenizers::Tokenizer;

use crate::checkpoint;
use crate::data::tokenizer;
use crate::error::EngineError;
use crate::hooks::NoHooks;
use crate::merge;
use crate::model::load;
use crate::network::{Network, NetworkPlan};
use crate::params::Params;
use finetop::pretrained;
use finetop::spec::backbone::{Backbone, BackboneTraining};
use finetop::spec::method::Method;
use finetop::spec::run::RunSpec;

/// A pre-trained model in memory.
pub struct Base {
    /// Its folder.
    pub folder: PathBuf,
    /// Its shape.
    pub backbone: Backbone,
    /// Where its tensors live.
    pub device: Device,
    tensors: BTreeMap<String, Tensor>,
    /// By the length they cut at: each holds a whole vocabulary.
    tokenizers: RefCell<BTreeMap<i64, Rc<Tokenizer>>>,
}

impl Base {
    /// Loads the model of `folder`.
    ///
    /// # Errors
    /// When a file is missing or does not fit.
    pub fn load(folder: &Path, device: Device) -> Result<Self, EngineError> {
        let backbone = pretrained::config::read(folder).map_err(|error| EngineError::Data(error.to_string()))?;
        let tensors = load::read(folder, backbone.family)?.into_iter().map(|(name, tensor)| (name, tensor.to_device(device))).collect();
        Ok(Self { folder: folder.to_owned(), backbone, device, tensors, tokenizers: RefCell::default() })
    }

    /// The tokenizer that cuts at `max_length` tokens.
    fn tokenizer(&self, max_length: i64) -> Result<Rc<Tokenizer>, EngineError> {
        if let Some(tokenizer) = self.tokenizers.borrow().get(&max_length) {
            return Ok(Rc::clone(tokenizer));
        }
        let tokenizer = Rc::new(tokenizer::load(&self.folder, &self.backbone, max_length)?);
        self.tokenizers.borrow_mut().insert(max_length, Rc::clone(&tokenizer));
        Ok(tokenizer)
    }

    /// The encoder as pre-trained with a head of this kind that nothing trained: what methods are compared with.
    ///
    /// # Errors
    /// When the head reads a pooler that the model lacks.
    pub fn plain(&self, spec: &RunSpec) -> Result<Network, EngineError> {
        let mut params = Params::new(BackboneTraining::None, self.device);
        let plan = NetworkPlan {
            backbone: &self.backbone,
            method: &Method::FeatureExtraction,
            head: &spec.head,
            n_outputs: spec.task.n_outputs(),
            seed: spec.seed,
            tokenize: &|_| Vec::new(),
        };
        Network::new(&self.folder, self.tensors(), &plan, &mut params)
    }

    /// Where its tensors live.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// The base's tensors for a run, which makes its own of those that it trains.
    fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }
}

/// A run's network with its best weights, and the tokenizer that its inputs need.
pub struct Adapted {
    /// What it was trained by.
    pub spec: RunSpec,
    /// Encoder, method and head.
    pub network: Network,
    /// Their tensors.
    pub params: Params,
    /// Cuts inputs at the run's length.
    pub tokenizer: Rc<Tokenizer>,
}

impl Adapted {
    /// The run of `spec` with the weights of `checkpoint` on `base`.
    ///
    /// # Errors
    /// When the checkpoint does not fit.
    pub fn load(base: &Base, spec: RunSpec, checkpoint: &Path) -> Result<Self, EngineError> {
        let adapted = Self::fresh(base, spec)?;
        checkpoint::load_weights(checkpoint, &adapted.params)?;
        Ok(adapted)
    }

    /// The run of `spec` before its first step, on `base`.
    ///
    /// # Errors
    /// When the base does not fit.
    pub fn fresh(base: &Base, spec: RunSpec) -> Result<Self, EngineError> {
        let (backbone, training) = (&base.backbone, spec.method.backbone_training(&base.backbone));
        let mut params = Params::new(training, base.device);
        let tokenizer = base.tokenizer(spec.task.max_length)?;
        let tokenize = |text: &str| tokenizer::ids(&tokenizer, text);
        let plan = NetworkPlan {
            backbone,
            method: &spec.method,
            head: &spec.head,
            n_outputs: spec.task.n_outputs(),
            seed: spec.seed,
            tokenize: &tokenize,
        };
        let network = Network::new(&base.folder, base.tensors(), &plan, &mut params)?;
        Ok(Self { spec, network, params, tokenizer })
    }

    /// The same function without the method: what it added is folded into the backbone's weights.
    ///
    /// # Errors
    /// When the method does not merge.
    pub fn merged(&self, folder: &Path) -> Result<Network, EngineError> {
        if !self.spec.method.merges() && self.spec.method.added_parameters(&self.network.backbone) > 0 {
            let name = self.spec.method.about().name;
            return Err(EngineError::Data(format!("{name} does not merge into the backbone: it adds layers or tokens of its own")));
        }
        let tensors = merge::backbone(&self.params, self.network.hooks.as_ref(), &self.network.backbone);
        let mut params = Params::new(BackboneTraining::None, self.params.device);
        let plan = NetworkPlan {
            backbone: &self.network.backbone,
            method: &Method::FeatureExtraction,
            head: &self.spec.head,
            n_outputs: self.spec.task.n_outputs(),
            seed: self.spec.seed,
            tokenize: &|_| Vec::new(),
        };
        let network = Network::new(folder, tensors, &plan, &mut params)?;
        let _guard = tch::no_grad_guard();
        for (name, tensor) in params.delta.iter() {
            if let Some(trained) = self.params.delta.tensor(name) {
                tensor.shallow_clone().copy_(trained);
            }
        }
        Ok(Network { hooks: Box::new(NoHooks), ..network })
    }
}
