//! PEFT's names: modules that a configuration's `target_modules` hit, and tensors in `adapter_model.safetensors`. Pure.

use serde_json::Value;

use crate::interop::json;
use crate::interop::tensors::{self, Pair};
use crate::spec::backbone::Backbone;
use crate::spec::family::Family;
use crate::spec::head::Head;
use crate::spec::method::Method;
use crate::spec::method::ia3::Ia3;
use crate::spec::method::site::Site;

/// What precedes a module's own name.
const MODEL: &str = "base_model.model.";

/// A linear layer's name inside its block.
fn path(site: Site, family: Family) -> String {
    let name = family.checkpoint_name(&site.tensor_name(0));
    name.split_once(".0.").map_or(name.clone(), |(_, path)| path.to_owned())
}

/// The shortest ending of its name that stands for the layer: its last part, where that says enough.
fn ending(site: Site, family: Family) -> String {
    let path = path(site, family);
    match path.rsplit_once('.') {
        Some((_, last)) if last != "dense" => last.to_owned(),
        _ => path,
    }
}

/// The value of `target_modules` that hits exactly these layers: endings, or where one would hit another layer too, a regular expression
/// for the whole name.
pub fn target_modules(sites: &[Site], family: Family) -> Value {
    let endings: Vec<String> = sites.iter().map(|&site| ending(site, family)).collect();
    let is_exact = Site::ALL.into_iter().all(|site| sites.contains(&site) == is_hit(site, family, &endings));
    if is_exact {
        return endings.into();
    }
    let paths: Vec<String> = sites.iter().map(|&site| path(site, family).replace('.', r"\.")).collect();
    format!(r".*\.layer\.\d+\.({})", paths.join("|")).into()
}

/// The value of `feedforward_modules`: the targets whose input is scaled, named as [`target_modules`] names them.
pub fn feedforward_modules(sites: &[Site], family: Family) -> Value {
    sites.iter().filter(|&&site| Ia3::scales_input(site)).map(|&site| Value::from(ending(site, family))).collect()
}

/// Whether PEFT takes the layer for a target: its name is one of `names`, or ends in one after a dot.
fn is_hit(site: Site, family: Family, names: &[String]) -> bool {
    let whole = format!(".{}{}", family.prefix(), family.checkpoint_name(&site.tensor_name(0)));
    names.iter().any(|name| whole.ends_with(&format!(".{name}")))
}

/// What is wrong with `target_modules` beside weights of these layers; a regular expression is taken at its word, unless it is ours.
pub fn target_problem(target_modules: &Value, sites: &[Site], family: Family) -> Option<String> {
    if let Some(names) = json::names(target_modules) {
        let hit: Vec<&str> = Site::ALL.into_iter().filter(|&site| is_hit(site, family, &names)).map(Site::name).collect();
        let held: Vec<&str> = Site::ALL.into_iter().filter(|site| sites.contains(site)).map(Site::name).collect();
        let meant = if hit.is_empty() { "no layer of this model".to_owned() } else { format!("the layers {}", hit.join(", ")) };
        return (hit != held)
            .then(|| format!("`target_modules` is {}: {meant}, but the weights are of {}", json::shown(target_modules), held.join(", ")));
    }
    match target_modules.as_str() {
        None => Some(format!("`target_modules` must be a list or a regular expression, not {}", json::shown(target_modules))),
        Some(text) => {
            let own = target_modules_pattern(text, family);
            own.filter(|own| Site::ALL.into_iter().any(|site| own.contains(&site) != sites.contains(&site)))
                .map(|_| "`target_modules` names other layers than those of the weights".to_owned())
        }
    }
}

/// The layers of a regular expression such as [`target_modules`] writes.
fn target_modules_pattern(text: &str, family: Family) -> Option<Vec<Site>> {
    let paths = text.strip_prefix(r".*\.layer\.\d+\.(")?.strip_suffix(')')?;
    let named = |written: &str| Site::ALL.into_iter().find(|&site| path(site, family).replace('.', r"\.") == written);
    paths.split('|').map(named).collect()
}

/// The names of all layer norms.
pub fn layer_norms(family: Family) -> Value {
    match family {
        Family::Bert | Family::Roberta => vec!["LayerNorm"].into(),
        Family::DistilBert => vec!["LayerNorm", "output_layer_norm", "sa_layer_norm"].into(),
    }
}

/// Name of a linear layer, to which `.lora_A.weight` or `.ia3_l` is added.
pub fn module(layer: usize, site: Site, family: Family) -> String {
    format!("{MODEL}{}{}", family.prefix(), family.checkpoint_name(&site.tensor_name(layer)))
}

/// The method's tensors in the file; none for a method that PEFT does not have.
pub fn of_method(method: &Method, backbone: &Backbone) -> Vec<Pair> {
    let family = backbone.family;
    let layers = 0..backbone.n_layers as usize;
    let own = tensors::of_method(method, backbone);
    match method {
        Method::Lora(lora) => {
            let parts: &[(&str, &str)] = if lora.dora {
                &[("lora_A.weight", "lora_a"), ("lora_B.weight", "lora_b"), ("lora_magnitude_vector", "magnitude")]
            } else {
                &[("lora_A.weight", "lora_a"), ("lora_B.weight", "lora_b")]
            };
            let targets = layers.flat_map(|layer| lora.targets.iter().map(move |&site| (layer, site)));
            let theirs = targets.flat_map(|(layer, site)| {
                let module = module(layer, site, family);
                parts.iter().map(move |(theirs, _)| format!("{module}.{theirs}"))
            });
            theirs.zip(own).map(|(theirs, own)| Pair::new(theirs, &own.shape, own.name)).collect()
        }
        Method::Ia3(ia3) => {
            let targets = layers.flat_map(|layer| ia3.targets.iter().map(move |&site| (layer, site)));
            let pair = |((layer, site), own): ((usize, Site), tensors::Named)| {
                let shape = if Ia3::scales_input(site) { [1, own.shape[0]] } else { [own.shape[0], 1] };
                Pair::new(format!("{}.ia3_l", module(layer, site, family)), &shape, own.name)
            };
            targets.zip(own).map(pair).collect()
        }
        Method::PrefixTuning(_) | Method::PTuningV2(_) | Method::PromptTuning(_) => {
            own.into_iter().map(|own| Pair::new("prompt_embeddings".to_owned(), &own.shape, own.name)).collect()
        }
        Method::LayerNormTuning => {
            let norms = backbone.tensors(false).into_iter().filter(|tensor| tensor.part.role.is_norm());
            let theirs = |name: &str| {
                let name = family.checkpoint_name(name);
                let (module, part) = name.rsplit_once('.').unwrap_or((&name, ""));
                format!("{MODEL}{}{module}.ln_tuning_layers.{part}", family.prefix())
            };
            norms.map(|norm| Pair::new(theirs(&norm.name), &norm.shape, norm.name)).collect()
        }
        _ => Vec::new(),
    }
}

/// What precedes the head's names in the file; PEFT wraps prompt learning once less.
pub const fn head_prefix(method: &Method) -> &'static str {
    match method {
        Method::PrefixTuning(_) | Method::PTuningV2(_) | Method::PromptTuning(_) => "base_model.",
        _ => MODEL,
    }
}

/// The head's tensors in the file.
pub fn of_head(method: &Method, head: &Head, backbone: &Backbone, n_outputs: usize) -> Vec<Pair> {
    let own = tensors::of_head(head, backbone, n_outputs).into_iter();
    let pair = |own: tensors::Named| {
        let theirs = backbone.family.head_name(&own.name)?;
        Some(Pair::new(format!("{}{theirs}", head_prefix(method)), &own.shape, own.name))
    };
    own.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_hit_exactly_their_layers() {
        let shown = |sites: &[Site]| target_modules(sites, Family::Bert).to_string();
        assert_eq!(shown(&[Site::Query, Site::Value]), r#"["query","value"]"#);
        assert_eq!(shown(&[Site::AttentionOutput, Site::FfnUp]), r#"["attention.output.dense","intermediate.dense"]"#);
        assert_eq!(shown(&[Site::AttentionOutput, Site::FfnDown]), r#"["attention.output.dense","output.dense"]"#);
        assert_eq!(shown(&[Site::Key, Site::FfnDown]), r#"".*\\.layer\\.\\d+\\.(attention\\.self\\.key|output\\.dense)""#);
        assert_eq!(target_modules(&[Site::FfnDown], Family::DistilBert).to_string(), r#"["lin2"]"#);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_for_some_layers_is_read_as_those_and_no_others(mask in 1..64_u8, other in 1..64_u8) {
            let sites = |mask: u8| Site::ALL.into_iter().enumerate().filter(|(index, _)| mask >> index & 1 == 1).map(|(_, site)| site).collect::<Vec<_>>();
            for family in Family::ALL {
                let written = target_modules(&sites(mask), family);
                proptest::prop_assert_eq!(target_problem(&written, &sites(mask), family), None);
                proptest::prop_assert_eq!(target_problem(&written, &sites(other), family).is_some(), mask != other);
            }
        }
    }
}
