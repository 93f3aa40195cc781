//! The tensors that a BERT checkpoint must have, by name and shape; checked against a header before anything is loaded.

use safetensors::Dtype;

use crate::pretrained::header::Header;
use crate::spec::backbone::Backbone;

/// Types that can be trained from; all are widened to F32.
const ACCEPTED: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];

/// Names (without the prefix `bert.`) and shapes of every tensor of the encoder, and of the pooler where wanted.
pub fn expected(backbone: &Backbone, with_pooler: bool) -> Vec<(String, Vec<usize>)> {
    let side = |size: i64| size as usize;
    let (h, i) = (side(backbone.hidden_size), side(backbone.intermediate_size));
    let mut tensors = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![side(backbone.vocab_size), h]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![side(backbone.max_positions), h]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![side(backbone.type_vocab_size), h]),
    ];
    let norm = |tensors: &mut Vec<_>, name: &str| {
        tensors.push((format!("{name}.weight"), vec![h]));
        tensors.push((format!("{name}.bias"), vec![h]));
    };
    let linear = |tensors: &mut Vec<_>, name: &str, from: usize, to: usize| {
        tensors.push((format!("{name}.weight"), vec![to, from]));
        tensors.push((format!("{name}.bias"), vec![to]));
    };
    norm(&mut tensors, "embeddings.LayerNorm");
    for layer in 0..backbone.n_layers {
        let block = format!("encoder.layer.{layer}");
        for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            linear(&mut tensors, &format!("{block}.{name}"), h, h);
        }
        norm(&mut tensors, &format!("{block}.attention.output.LayerNorm"));
        linear(&mut tensors, &format!("{block}.intermediate.dense"), h, i);
        linear(&mut tensors, &format!("{block}.output.dense"), i, h);
        norm(&mut tensors, &format!("{block}.output.LayerNorm"));
    }
    if with_pooler {
        linear(&mut tensors, "pooler.dense", h, h);
    }
    tensors
}

/// The first tensor that the file lacks or has in another shape or type, in words.
pub fn first_problem(header: &Header, backbone: &Backbone) -> Option<String> {
    expected(backbone, header.has_pooler()).into_iter().find_map(|(name, shape)| {
        // Early checkpoints name a layer norm's weight gamma and its bias beta.
        let old_name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        let Some(tensor) = header.find(&name).or_else(|| header.find(&old_name)) else {
            return Some(format!("has no tensor {name}"));
        };
        if tensor.shape != shape {
            return Some(format!("tensor {name} has shape {:?}; config.json says {shape:?}", tensor.shape));
        }
        (!ACCEPTED.contains(&tensor.dtype)).then(|| format!("tensor {name} is of type {:?}; accepted: F32, F16, BF16", tensor.dtype))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::backbone::Activation;

    #[test]
    fn the_expected_tensors_have_as_many_elements_as_the_closed_form_counts() {
        let backbone = Backbone {
            vocab_size: 31,
            hidden_size: 12,
            n_layers: 3,
            n_heads: 4,
            intermediate_size: 20,
            max_positions: 17,
            type_vocab_size: 2,
            activation: Activation::Gelu,
            hidden_dropout: 0.1,
            attention_dropout: 0.1,
            layer_norm_epsilon: 1e-12,
            initializer_range: 0.02,
            pad_token_id: 0,
        };
        for with_pooler in [false, true] {
            let count: usize = expected(&backbone, with_pooler).iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
            assert_eq!(count as i64, backbone.parameters(with_pooler));
        }
    }
}
