//! The closed form of the ledger: parameters by role before any tensor exists. The worker counts them; tests hold the two together.

use crate::run::event::Ledger;
use crate::spec::backbone::Backbone;
use crate::spec::run::RunSpec;

/// Parameters used in the forward pass, by role; the pooler counts only where the head reads it.
pub fn planned(spec: &RunSpec, backbone: &Backbone) -> Ledger {
    let with_pooler = spec.head.pooling.reads_pooler();
    let of_backbone = backbone.parameters(with_pooler) as u64;
    let method = spec.method.added_parameters(backbone) as u64;
    let head = spec.head.parameters(backbone.hidden_size, spec.task.n_outputs() as i64) as u64;
    let (mut backbone_trainable, mut norms) = (0, 0);
    let training = spec.method.backbone_training(backbone);
    for tensor in backbone.tensors(with_pooler).into_iter().filter(|tensor| training.trains(tensor.part)) {
        let count = tensor.shape.iter().product::<i64>() as u64;
        *if tensor.part.role.is_norm() { &mut norms } else { &mut backbone_trainable } += count;
    }
    let trainable = backbone_trainable + norms + method + head;
    let total = of_backbone + method + head;
    Ledger { total, trainable, frozen: total - trainable, backbone_trainable, norms, method, head }
}
