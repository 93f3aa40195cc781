//! Activation recomputation: the bits of a run that keeps everything, for every method but those whose tensors all blocks share: there the
//! blocks' gradients are added up in another order.

use finetop::spec::head::{Head, Pooling};
use finetop::spec::method::Method;
use finetop::spec::run::{Precision, RunSpec};

use crate::tiny;
use crate::worker::{losses, run_dir, state, weights, work};

/// Trains with and without, in `folder`, and compares every loss and every weight.
fn compare(folder: &std::path::Path, name: &str, spec: &RunSpec) {
    let [kept, recomputed] = [false, true].map(|is_on| {
        let mut spec = spec.clone();
        spec.optimization.activation_recomputation = is_on;
        let dir = run_dir(folder, &format!("{name}-{is_on}"), &spec);
        let output = work(&dir, 1);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        dir
    });
    if matches!(spec.method, Method::PrefixTuning(_) | Method::PTuningV2(_)) {
        let steps = |dir| state(dir).steps.iter().map(|step| step.loss.0).collect::<Vec<_>>();
        for (one, other) in steps(&kept).into_iter().zip(steps(&recomputed)) {
            assert!((one - other).abs() < 1e-5 * one.abs(), "{name}: {one} and {other}");
        }
        return;
    }
    assert_eq!(losses(&state(&kept)), losses(&state(&recomputed)), "{name}");
    assert_eq!(weights(&kept, "last.safetensors"), weights(&recomputed, "last.safetensors"), "{name}");
}

#[test]
fn every_method_with_its_dropout_trains_as_without_to_the_bit_or_with_shared_prefixes_to_a_hundred_thousandth() {
    let folder = tempfile::tempdir().unwrap();
    for (index, method) in Method::examples().into_iter().enumerate() {
        let mut spec = tiny::spec(folder.path(), method.clone());
        spec.optimization.epochs = 1;
        compare(folder.path(), &format!("{index}-{}", method.about().name), &spec);
    }
}

#[test]
fn so_do_batches_in_parts_rounded_products_and_every_pooling() {
    let folder = tempfile::tempdir().unwrap();
    for (index, pooling) in [Pooling::Cls, Pooling::Mean].into_iter().enumerate() {
        let spec = tiny::spec(folder.path(), Method::default_of("lora").unwrap());
        let mut spec = RunSpec { head: Head { pooling, ..spec.head.clone() }, precision: Precision::Bf16, ..spec };
        spec.optimization.epochs = 1;
        spec.optimization.gradient_accumulation = 3;
        compare(folder.path(), &format!("pooling{index}"), &spec);
    }
}
