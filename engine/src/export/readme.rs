//! What an exported folder says of itself, and the Python lines that load it.

use std::path::Path;

use finetop::interop::transformers::class;
use finetop::interop::{Format, adapterhub, base};
use finetop::spec::backbone::Backbone;
use finetop::spec::method::Method;
use finetop::spec::run::RunSpec;

/// A Python literal of a text.
fn literal(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Python that loads the folder and computes logits.
pub fn python(spec: &RunSpec, backbone: &Backbone, format: Format, folder: &Path) -> String {
    let folder = literal(&folder.to_string_lossy());
    let base = literal(&base::name(&spec.model));
    let pairs = |is_id2label: bool| {
        let pair = |(id, label): (usize, &String)| {
            if is_id2label { format!("{id}: {}", literal(label)) } else { format!("{}: {id}", literal(label)) }
        };
        spec.task.output_names().iter().enumerate().map(pair).collect::<Vec<_>>().join(", ")
    };
    let (id2label, label2id) = (pairs(true), pairs(false));
    let load = match format {
        Format::Peft => format!(
            "from peft import PeftModel\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer\n\n\
             labels = {{\"id2label\": {{{id2label}}}, \"label2id\": {{{label2id}}}}}\n\
             base = AutoModelForSequenceClassification.from_pretrained({base}, **labels)\n\
             model = PeftModel.from_pretrained(base, {folder}).eval()\ntokenizer = AutoTokenizer.from_pretrained({base})\n"
        ),
        Format::AdapterHub => format!(
            "from adapters import AutoAdapterModel\nfrom transformers import AutoTokenizer\n\n\
             model = AutoAdapterModel.from_pretrained({base})\nname = model.load_adapter({folder}, use_safetensors=True)\n\
             model.set_active_adapters(name)\nmodel.active_head = name\nmodel.eval()\ntokenizer = AutoTokenizer.from_pretrained({base})\n"
        ),
        Format::Transformers => format!(
            "from transformers import AutoModelForSequenceClassification, AutoTokenizer  # a {}\n\n\
             model = AutoModelForSequenceClassification.from_pretrained({folder}).eval()\ntokenizer = AutoTokenizer.from_pretrained({folder})\n",
            class(backbone.family)
        ),
    };
    let texts = if spec.task.columns.text_pair.is_some() { "\"a text\", \"its pair\"" } else { "\"a text\"" };
    format!(
        "{load}inputs = tokenizer({texts}, truncation=True, max_length={}, return_tensors=\"pt\")\nlogits = model(**inputs).logits\n",
        spec.task.max_length
    )
}

/// `README.md`.
pub fn text(spec: &RunSpec, format: Format, python: &str) -> String {
    let about = spec.method.about();
    let labels: Vec<String> = spec.task.output_names().iter().enumerate().map(|(id, label)| format!("{id} {}", literal(label))).collect();
    let method = format!("{} {}", about.name, spec.method.hyperparameters_line());
    let note = match (format, &spec.method) {
        (Format::AdapterHub, _) => {
            format!(
                "The adapter's name is `{}`. Its weights are safetensors, so loading needs `use_safetensors=True`.\n\n",
                adapterhub::adapter_name(spec)
            )
        }
        (Format::Peft, Method::PrefixTuning(prefix)) if prefix.projection.is_some() => {
            "The prefix is stored as the keys and values that its projection computed.\n\n".to_owned()
        }
        (Format::Peft, _) => "PEFT's configuration has no place for labels: they stand below and in `finetop.json`.\n\n".to_owned(),
        (Format::Transformers, _) => String::new(),
    };
    format!(
        "# {}\n\nTrained with finetop: {} on {}.\n\nPaper: {}. Labels: {}.\n\n{note}```python\n{python}```\n\n\
         `finetop.json` is the whole run: every setting, for `finetop import` and for people.\n",
        spec.name,
        method.trim(),
        base::name(&spec.model),
        about.paper,
        labels.join(", ")
    )
}
