//! Encoder families: one architecture, three namings of its tensors. Pure; must not know which file a name stands in.
//!
//! Inside finetop every tensor has BERT's name (the *canonical* one); each family's checkpoints have their own.

use serde::{Deserialize, Serialize};

/// A family of encoders with one layout of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// BERT and MiniLM (Devlin et al. 2019, arXiv:1810.04805; Wang et al. 2020, arXiv:2002.10957).
    #[default]
    Bert,
    /// RoBERTa and models of type `xlm-roberta` and `camembert` (Liu et al. 2019, arXiv:1907.11692; Conneau et al. 2020, arXiv:1911.02116).
    Roberta,
    /// DistilBERT: no token types, no pooler (Sanh et al. 2019, arXiv:1910.01108).
    #[serde(rename = "distilbert")]
    DistilBert,
}

/// What `.weight` and `.bias` end, outside of the blocks: the same in all families.
const OUTSIDE: [&str; 5] = [
    "embeddings.word_embeddings",
    "embeddings.position_embeddings",
    "embeddings.token_type_embeddings",
    "embeddings.LayerNorm",
    "pooler.dense",
];

/// The same inside a block: the canonical name, DistilBERT's.
const INSIDE: [(&str, &str); 8] = [
    ("attention.self.query", "attention.q_lin"),
    ("attention.self.key", "attention.k_lin"),
    ("attention.self.value", "attention.v_lin"),
    ("attention.output.dense", "attention.out_lin"),
    ("attention.output.LayerNorm", "sa_layer_norm"),
    ("intermediate.dense", "ffn.lin1"),
    ("output.dense", "ffn.lin2"),
    ("output.LayerNorm", "output_layer_norm"),
];

impl Family {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Bert, Self::Roberta, Self::DistilBert];

    /// The family of a `model_type` in `config.json`.
    pub fn of_model_type(model_type: &str) -> Option<Self> {
        match model_type {
            "bert" => Some(Self::Bert),
            "roberta" | "xlm-roberta" | "camembert" => Some(Self::Roberta),
            "distilbert" => Some(Self::DistilBert),
            _ => None,
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bert => "BERT",
            Self::Roberta => "RoBERTa",
            Self::DistilBert => "DistilBERT",
        }
    }

    /// What precedes the encoder's names in a checkpoint that has a head: `bert.`, `roberta.` or `distilbert.`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Bert => "bert.",
            Self::Roberta => "roberta.",
            Self::DistilBert => "distilbert.",
        }
    }

    const fn blocks(self) -> &'static str {
        match self {
            Self::Bert | Self::Roberta => "encoder.layer.",
            Self::DistilBert => "transformer.layer.",
        }
    }

    const fn own(self, (canonical, distilbert): (&'static str, &'static str)) -> &'static str {
        match self {
            Self::Bert | Self::Roberta => canonical,
            Self::DistilBert => distilbert,
        }
    }

    /// The name in this family's checkpoints, without [`prefix`](Self::prefix), of the encoder's tensor (or, without `.weight`, layer)
    /// `canonical`; a name that is not an encoder's stays as it is.
    pub fn checkpoint_name(self, canonical: &str) -> String {
        let renamed = || {
            let (layer, rest) = block(canonical, Self::Bert.blocks())?;
            let &parts = INSIDE.iter().find(|(own, _)| is_path(rest, own))?;
            Some(format!("{}{layer}.{}{}", self.blocks(), self.own(parts), &rest[parts.0.len()..]))
        };
        renamed().unwrap_or_else(|| canonical.to_owned())
    }

    /// The canonical name of tensor `name` of this family's checkpoints, with or without its prefix; `None` where an encoder of this
    /// family has no such tensor.
    pub fn canonical_name(self, name: &str) -> Option<String> {
        let name = name.strip_prefix(self.prefix()).unwrap_or(name);
        let (layer, ending) = name.rsplit_once('.')?;
        // Early checkpoints name a layer norm's weight gamma and its bias beta.
        let ending = match ending {
            "weight" | "bias" => ending,
            "gamma" if layer.ends_with("LayerNorm") => "weight",
            "beta" if layer.ends_with("LayerNorm") => "bias",
            _ => return None,
        };
        if OUTSIDE.contains(&layer) {
            return Some(format!("{layer}.{ending}"));
        }
        let (number, rest) = block(layer, self.blocks())?;
        let (canonical, _) = INSIDE.into_iter().find(|&parts| self.own(parts) == rest)?;
        Some(format!("{}{number}.{canonical}.{ending}", Self::Bert.blocks()))
    }

    /// The name in the family's own classifier of the head's tensor `head.hidden.*` or `head.output.*`; `None` where it has no such layer.
    pub fn head_name(self, ours: &str) -> Option<String> {
        let (layer, ending) = ours.strip_prefix("head.")?.split_once('.')?;
        let theirs = match (self, layer) {
            (Self::Bert | Self::DistilBert, "output") => "classifier",
            (Self::Roberta, "hidden") => "classifier.dense",
            (Self::Roberta, "output") => "classifier.out_proj",
            (Self::DistilBert, "hidden") => "pre_classifier",
            _ => return None,
        };
        Some(format!("{theirs}.{ending}"))
    }

    /// The reverse of [`head_name`](Self::head_name).
    pub fn canonical_head_name(self, theirs: &str) -> Option<String> {
        let ours = ["hidden", "output"].into_iter().flat_map(|layer| ["weight", "bias"].map(|ending| format!("head.{layer}.{ending}")));
        ours.into_iter().find(|ours| self.head_name(ours).as_deref() == Some(theirs))
    }
}

/// The block's number, as written, and what follows it in `name`; no sign and no leading zero, so that a name is written in one way.
fn block<'a>(name: &'a str, blocks: &str) -> Option<(&'a str, &'a str)> {
    let (number, rest) = name.strip_prefix(blocks)?.split_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
    is_number.then_some((number, rest))
}

/// Whether `path` is `layer` or lies below it.
fn is_path(path: &str, layer: &str) -> bool {
    path.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::backbone::Backbone;

    proptest::proptest! {
        #[test]
        fn names_go_to_the_checkpoint_and_back_one_to_one(n_layers in 1..30_i64) {
            for family in Family::ALL {
                let names: Vec<String> = Backbone::bert(n_layers, 12, 3).tensors(true).into_iter().map(|tensor| tensor.name).collect();
                let theirs: BTreeSet<String> = names.iter().map(|name| family.checkpoint_name(name)).collect();
                proptest::prop_assert_eq!(theirs.len(), names.len());
                for name in names {
                    let theirs = family.checkpoint_name(&name);
                    proptest::prop_assert_eq!(family.canonical_name(&theirs), Some(name.clone()));
                    proptest::prop_assert_eq!(family.canonical_name(&format!("{}{theirs}", family.prefix())), Some(name));
                }
            }
        }

        #[test]
        fn what_is_understood_is_written_in_the_same_way(name in "(distilbert\\.)?(transformer|encoder)\\.layer\\.[0-9+]{1,3}\\.(attention\\.q_lin|ffn\\.lin1|output\\.dense)\\.(weight|bias|beta)") {
            for family in Family::ALL {
                if let Some(canonical) = family.canonical_name(&name) {
                    let without = name.strip_prefix(family.prefix()).unwrap_or(&name);
                    proptest::prop_assert_eq!(family.checkpoint_name(&canonical), without);
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_the_families_checkpoints() {
        let name = |canonical| Family::DistilBert.checkpoint_name(canonical);
        assert_eq!(name("encoder.layer.11.output.dense.bias"), "transformer.layer.11.ffn.lin2.bias");
        assert_eq!(name("encoder.layer.0.attention.output.LayerNorm.weight"), "transformer.layer.0.sa_layer_norm.weight");
        assert_eq!(name("encoder.layer.3.attention.self.query"), "transformer.layer.3.attention.q_lin");
        assert_eq!(Family::Roberta.checkpoint_name("encoder.layer.3.attention.self.query"), "encoder.layer.3.attention.self.query");
        let canonical = Family::Bert.canonical_name("bert.encoder.layer.1.output.LayerNorm.gamma");
        assert_eq!(canonical.as_deref(), Some("encoder.layer.1.output.LayerNorm.weight"));
    }

    #[test]
    fn names_of_other_families_and_layers_are_not_understood() {
        for name in
            ["roberta.embeddings.LayerNorm.weight", "classifier.weight", "transformer.layer.0.ffn.lin1.weight", "weight", "pooler.dense"]
        {
            assert_eq!(Family::Bert.canonical_name(name), None, "{name}");
        }
        for name in ["encoder.layer.0.output.dense.weight", "transformer.layer.00.ffn.lin1.weight", "transformer.layer.0.ffn.lin1.gamma"] {
            assert_eq!(Family::DistilBert.canonical_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_head_has_the_names_of_the_familys_classifier() {
        let names = |family: Family| ["head.hidden.weight", "head.output.bias"].map(|ours| family.head_name(ours));
        assert_eq!(names(Family::Bert), [None, Some("classifier.bias".to_owned())]);
        assert_eq!(names(Family::Roberta), [Some("classifier.dense.weight".to_owned()), Some("classifier.out_proj.bias".to_owned())]);
        assert_eq!(names(Family::DistilBert), [Some("pre_classifier.weight".to_owned()), Some("classifier.bias".to_owned())]);
        for family in Family::ALL {
            for ours in ["head.hidden.weight", "head.hidden.bias", "head.output.weight", "head.output.bias"] {
                if let Some(theirs) = family.head_name(ours) {
                    assert_eq!(family.canonical_head_name(&theirs).as_deref(), Some(ours));
                }
            }
            assert_eq!(family.canonical_head_name("classifier.dense.weight").is_some(), family == Family::Roberta);
        }
    }
}
