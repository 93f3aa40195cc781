//! The tensors that a family's checkpoint must have, by name, type and shape; checked against a header before anything is loaded.

use std::collections::BTreeMap;

use safetensors::Dtype;

use crate::pretrained::header::Header;
use crate::spec::backbone::{Backbone, BackboneTensor};
use crate::spec::family::Family;

/// Types that can be trained from; all are widened to F32.
const ACCEPTED: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];

/// What a checkpoint may hold beside the encoder: heads of pre-training tasks and of earlier fine-tuning, and buffers.
const KNOWN_EXTRAS: [&str; 10] = [
    "cls.",
    "lm_head.",
    "vocab_transform.",
    "vocab_layer_norm.",
    "vocab_projector.",
    "classifier.",
    "pre_classifier.",
    "qa_outputs.",
    "embeddings.position_ids",
    "embeddings.token_type_ids",
];

/// Names in a checkpoint of `family` by canonical name, what is known not to be the encoder's left out.
///
/// # Errors
/// Says in words which name is unknown or occurs twice, or whose names these are instead.
pub fn by_canonical_name<'a>(names: impl Iterator<Item = &'a str>, family: Family) -> Result<BTreeMap<String, &'a str>, String> {
    let mut found: BTreeMap<String, &str> = BTreeMap::new();
    let mut unknown = Vec::new();
    for name in names {
        match family.canonical_name(name) {
            Some(canonical) => {
                if let Some(other) = found.insert(canonical, name) {
                    return Err(format!("tensor {name} occurs twice, the other time as {other}"));
                }
            }
            None if is_extra(name, family) => {}
            None => unknown.push(name),
        }
    }
    let Some(first) = unknown.first() else { return Ok(found) };
    let is_of = |other: Family| unknown.iter().any(|name| other.canonical_name(name).is_some());
    match Family::ALL.into_iter().filter(|&other| other != family).find(|&other| is_of(other)) {
        Some(other) if found.is_empty() => {
            Err(format!("tensor {first} has the name of a {} model, but config.json says {}", other.name(), family.name()))
        }
        _ => Err(format!("tensor {first} is not part of a {} encoder", family.name())),
    }
}

/// Whether `name` is known not to be the encoder's.
fn is_extra(name: &str, family: Family) -> bool {
    let name = name.strip_prefix(family.prefix()).unwrap_or(name);
    KNOWN_EXTRAS.iter().any(|extra| name.starts_with(extra))
}

/// Whether the checkpoint has a pooler.
pub fn has_pooler(header: &Header, family: Family) -> bool {
    header.tensors.keys().any(|name| family.canonical_name(name).as_deref() == Some("pooler.dense.weight"))
}

/// The first tensor that the checkpoint lacks, has in another shape or type, or should not have, in words.
pub fn first_problem(header: &Header, backbone: &Backbone) -> Option<String> {
    let family = backbone.family;
    let mut names = match by_canonical_name(header.tensors.keys().map(String::as_str), family) {
        Ok(names) => names,
        Err(problem) => return Some(problem),
    };
    for BackboneTensor { name, shape, .. } in backbone.tensors(has_pooler(header, family)) {
        let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        let Some(own) = names.remove(&name) else {
            return Some(format!("has no tensor {}", family.checkpoint_name(&name)));
        };
        let tensor = &header.tensors[own];
        if tensor.shape != shape {
            return Some(format!("tensor {own} has shape {:?}; config.json says {shape:?}", tensor.shape));
        }
        if !ACCEPTED.contains(&tensor.dtype) {
            return Some(format!("tensor {own} is of type {:?}; accepted: F32, F16, BF16", tensor.dtype));
        }
    }
    names.values().next().map(|own| format!("tensor {own} is not part of the {} encoder that config.json describes", family.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretrained::header::TensorHeader;

    fn backbone(family: Family) -> Backbone {
        let type_vocab_size = if family == Family::DistilBert { 0 } else { 2 };
        Backbone { family, type_vocab_size, vocab_size: 9, max_positions: 8, ..Backbone::bert(2, 4, 2) }
    }

    fn header(backbone: &Backbone, prefix: &str) -> Header {
        let tensors = backbone.tensors(false).into_iter().map(|tensor| {
            let shape = tensor.shape.iter().map(|&side| side as usize).collect();
            (format!("{prefix}{}", backbone.family.checkpoint_name(&tensor.name)), TensorHeader { dtype: Dtype::BF16, shape })
        });
        Header { tensors: tensors.collect(), file_bytes: 0 }
    }

    #[test]
    fn every_family_is_understood_with_and_without_prefix_and_beside_known_heads() {
        for family in Family::ALL {
            let backbone = backbone(family);
            for prefix in ["", family.prefix()] {
                let mut header = header(&backbone, prefix);
                for extra in
                    ["classifier.dense.weight", "pre_classifier.bias", "lm_head.bias", "vocab_transform.weight", "cls.predictions.bias"]
                {
                    header.tensors.insert(extra.to_owned(), TensorHeader { dtype: Dtype::I64, shape: vec![1] });
                }
                header.tensors.insert(format!("{prefix}embeddings.position_ids"), TensorHeader { dtype: Dtype::I64, shape: vec![1, 8] });
                assert_eq!((first_problem(&header, &backbone), has_pooler(&header, family)), (None, false), "{family:?} {prefix:?}");
            }
        }
    }

    #[test]
    fn a_checkpoint_of_another_family_is_named() {
        let problem = |own, other: Family| first_problem(&header(&backbone(other), other.prefix()), &backbone(own)).unwrap();
        assert_eq!(
            problem(Family::Bert, Family::Roberta),
            "tensor roberta.embeddings.LayerNorm.bias has the name of a RoBERTa model, but config.json says BERT"
        );
        assert!(problem(Family::Roberta, Family::DistilBert).ends_with("of a DistilBERT model, but config.json says RoBERTa"));
        assert!(problem(Family::DistilBert, Family::Bert).ends_with("of a BERT model, but config.json says DistilBERT"));
    }

    #[test]
    fn a_missing_a_surplus_and_a_repeated_tensor_are_named_as_the_file_names_them() {
        let backbone = backbone(Family::DistilBert);
        let after = |change: &dyn Fn(&mut Header)| {
            let mut header = header(&backbone, "distilbert.");
            change(&mut header);
            first_problem(&header, &backbone).unwrap()
        };
        let missing = after(&|header| drop(header.tensors.remove("distilbert.transformer.layer.1.ffn.lin2.bias")));
        assert_eq!(missing, "has no tensor transformer.layer.1.ffn.lin2.bias");
        let tensor = || TensorHeader { dtype: Dtype::F32, shape: vec![4] };
        let surplus = after(&|header| drop(header.tensors.insert("distilbert.transformer.layer.2.ffn.lin2.bias".into(), tensor())));
        assert_eq!(
            surplus,
            "tensor distilbert.transformer.layer.2.ffn.lin2.bias is not part of the DistilBERT encoder that config.json describes"
        );
        let twice = after(&|header| drop(header.tensors.insert("embeddings.LayerNorm.bias".into(), tensor())));
        assert_eq!(twice, "tensor embeddings.LayerNorm.bias occurs twice, the other time as distilbert.embeddings.LayerNorm.bias");
        let unknown = after(&|header| drop(header.tensors.insert("distilbert.extra".into(), tensor())));
        assert_eq!(unknown, "tensor distilbert.extra is not part of a DistilBERT encoder");
        let misshapen = after(&|header| {
            header.tensors.insert("distilbert.embeddings.LayerNorm.bias".into(), TensorHeader { dtype: Dtype::F32, shape: vec![5] });
        });
        assert_eq!(misshapen, "tensor distilbert.embeddings.LayerNorm.bias has shape [5]; config.json says [4]");
    }
}
