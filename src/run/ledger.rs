//! The closed form of the ledger: parameters by role before any tensor exists. The worker counts them; tests hold the two together.

use crate::run::event::Ledger;
use crate::spec::backbone::Backbone;
use crate::spec::head::Pooling;
use crate::spec::method::BackboneTraining;
use crate::spec::run::RunSpec;

/// Parameters used in the forward pass, by role; the pooler counts only where the head reads it.
pub fn planned(spec: &RunSpec, backbone: &Backbone) -> Ledger {
    let of_backbone = backbone.parameters(spec.head.pooling == Pooling::Pooler) as u64;
    let method = spec.method.added_parameters(backbone) as u64;
    let head = spec.head.parameters(backbone.hidden_size, spec.task.n_outputs() as i64) as u64;
    let backbone_trainable = match spec.method.backbone_training() {
        BackboneTraining::Trained => of_backbone,
        BackboneTraining::Frozen => 0,
    };
    Ledger {
        total: of_backbone + method + head,
        trainable: backbone_trainable + method + head,
        frozen: of_backbone - backbone_trainable,
        backbone_trainable,
        method,
        head,
    }
}
