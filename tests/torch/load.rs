//! Loading is strict: what is missing, misshapen, wrongly typed or unknown is named.

use std::path::Path;

use finetop::data::example::Example;
use finetop::pretrained;
use finetop::spec::backbone::BackboneTraining;
use finetop::spec::head::Pooling;
use finetop_engine::data::tokenizer;
use finetop_engine::model::load;
use finetop_engine::params::Params;
use safetensors::tensor::{Dtype, TensorView};

use crate::tiny;

fn loaded(folder: &Path, pooling: Pooling) -> Result<usize, String> {
    let mut params = Params::new(BackboneTraining::All, tch::Device::Cpu);
    let backbone = pretrained::config::read(folder).unwrap();
    let tensors = load::read(folder, backbone.family).map_err(|error| error.to_string())?;
    load::encoder(folder, tensors, &backbone, pooling, &mut params).map_err(|error| error.to_string())?;
    Ok(params.backbone.iter().count())
}

fn with_shapes(change: impl FnOnce(&mut Vec<(String, Vec<usize>)>), pooling: Pooling) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut shapes = tiny::shapes();
    change(&mut shapes);
    tiny::write_model(folder.path(), &shapes);
    loaded(folder.path(), pooling)
}

#[test]
fn a_whole_checkpoint_loads_every_tensor_once() {
    assert_eq!(with_shapes(|_| {}, Pooling::Pooler).unwrap(), tiny::shapes().len());
}

#[test]
fn a_pooler_that_is_not_read_is_not_loaded_and_need_not_be_there() {
    assert_eq!(with_shapes(|_| {}, Pooling::Mean).unwrap(), tiny::shapes().len() - 2);
    let without = |shapes: &mut Vec<(String, Vec<usize>)>| shapes.retain(|(name, _)| !name.starts_with("pooler"));
    assert_eq!(with_shapes(without, Pooling::Cls).unwrap(), tiny::shapes().len() - 2);
    let error = with_shapes(without, Pooling::Pooler).unwrap_err();
    assert!(error.contains("pooler.dense.weight [24, 24] is missing"), "{error}");
}

#[test]
fn names_of_early_checkpoints_and_heads_of_pre_training_are_understood() {
    let old = |shapes: &mut Vec<(String, Vec<usize>)>| {
        for (name, _) in shapes.iter_mut() {
            *name = format!("bert.{}", name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"));
        }
        shapes.push(("cls.predictions.bias".to_owned(), vec![20]));
        shapes.push(("cls.seq_relationship.weight".to_owned(), vec![2, 24]));
    };
    assert_eq!(with_shapes(old, Pooling::Pooler).unwrap(), tiny::shapes().len());
}

#[test]
fn a_missing_a_misshapen_and_an_unknown_tensor_are_named() {
    let missing = with_shapes(|shapes| shapes.retain(|(name, _)| name != "encoder.layer.1.output.dense.bias"), Pooling::Cls).unwrap_err();
    assert!(missing.contains("tensor encoder.layer.1.output.dense.bias [24] is missing"), "{missing}");
    let misshapen = with_shapes(|shapes| shapes[0].1 = vec![20, 25], Pooling::Cls).unwrap_err();
    assert!(misshapen.contains("tensor embeddings.word_embeddings.weight has shape [20, 25]"), "{misshapen}");
    let unknown = with_shapes(|shapes| shapes.push(("encoder.layer.2.output.dense.bias".to_owned(), vec![24])), Pooling::Cls).unwrap_err();
    assert!(
        unknown.contains("tensor encoder.layer.2.output.dense.bias is not part of the BERT encoder that config.json describes"),
        "{unknown}"
    );
}

#[test]
fn a_wrongly_typed_tensor_is_named() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let bytes = vec![0; 8];
    let views = [("pooler.dense.bias", TensorView::new(Dtype::I64, vec![1], &bytes).unwrap())];
    safetensors::serialize_to_file(views, None, &folder.path().join("model.safetensors")).unwrap();
    let error = loaded(folder.path(), Pooling::Pooler).unwrap_err();
    assert!(error.contains("tensor pooler.dense.bias has type I64"), "{error}");
}

#[test]
fn a_checkpoint_cut_anywhere_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 4, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = loaded(folder.path(), Pooling::Cls).unwrap_err();
        assert!(error.contains("not a whole safetensors file"), "{error}");
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    tiny::write_tokenizer(&folder.path().join("tokenizer.json"), 9);
    let backbone = pretrained::config::read(folder.path()).unwrap();
    let error = tokenizer::load(folder.path(), &backbone, 16).unwrap_err().to_string();
    assert!(error.contains("its vocabulary has 25 entries, the model's word embedding only 20"), "{error}");
}

#[test]
fn long_texts_are_cut_and_pairs_have_two_types() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let backbone = pretrained::config::read(folder.path()).unwrap();
    let tokenizer = tokenizer::load(folder.path(), &backbone, 7).unwrap();
    let example = Example { text: "red cat ".repeat(20), text_pair: Some("blue dog".to_owned()), label: 2 };
    let encoded = tokenizer::encode(&tokenizer, &backbone, &[example]).unwrap();
    assert_eq!(encoded[0].token_ids, [2, 4, 7, 3, 6, 8, 3]);
    assert_eq!(encoded[0].token_types, [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!(encoded[0].label, 2);
}
