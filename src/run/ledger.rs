//! The closed form of the ledger: parameters by role before any tensor exists. The worker counts them; tests hold the two together.

use crate::run::event::Ledger;
use crate::spec::backbone::Backbone;
use crate::spec::head::Head;
use crate::spec::method::Method;
use crate::spec::run::RunSpec;

/// Parameters that a run uses in the forward pass, by role.
pub fn planned(spec: &RunSpec, backbone: &Backbone) -> Ledger {
    closed_form(&spec.method, &spec.head, spec.task.n_outputs() as i64, backbone)
}

/// Parameters of a method with a head of `n_outputs` columns on a backbone, by role; the pooler counts only where the head reads it.
pub fn closed_form(method: &Method, head: &Head, n_outputs: i64, backbone: &Backbone) -> Ledger {
    let with_pooler = head.pooling.reads_pooler();
    let of_backbone = backbone.parameters(with_pooler) as u64;
    let head = head.parameters(backbone.hidden_size, n_outputs) as u64;
    let (mut backbone_trainable, mut norms) = (0, 0);
    let training = method.backbone_training(backbone);
    let method = method.added_parameters(backbone) as u64;
    for tensor in backbone.tensors(with_pooler).into_iter().filter(|tensor| training.trains(tensor.part)) {
        let count = tensor.shape.iter().product::<i64>() as u64;
        *if tensor.part.role.is_norm() { &mut norms } else { &mut backbone_trainable } += count;
    }
    let trainable = backbone_trainable + norms + method + head;
    let total = of_backbone + method + head;
    Ledger { total, trainable, frozen: total - trainable, backbone_trainable, norms, method, head }
}
