//! The methods as the registry tells of them, with counts for a model: a list, one in full, and both as JSON. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::interop::Format;
use crate::interop::artefact::default_format;
use crate::interop::bottleneck;
use crate::plan::shape::Shape;
use crate::report::columns::{Align, aligned, wrapped};
use crate::report::ink::Ink;
use crate::report::ledger::{self, percent};
use crate::report::number::{bytes, grouped};
use crate::run::event::Ledger;
use crate::run::ledger::closed_form;
use crate::run::storage::Storage;
use crate::run::text::printable;
use crate::spec::experiment::values::short_number;
use crate::spec::method::Method;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Hyperparameter, shown};

/// What the counts are for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model.
    pub shape: &'a Shape,
    /// Labels of the head.
    pub n_labels: i64,
}

impl Subject<'_> {
    fn count(&self, method: &Method) -> (Ledger, Storage) {
        let head = method.default_head(&self.shape.backbone, self.shape.has_pooler);
        let ledger = closed_form(method, &head, self.n_labels, &self.shape.backbone);
        (ledger, Storage::new(&ledger, method))
    }

    fn words(&self) -> String {
        let backbone = &self.shape.backbone;
        let parameters = grouped(backbone.parameters(self.shape.has_pooler) as u64);
        let (layers, width, model) = (backbone.n_layers, backbone.hidden_size, printable(&self.shape.model));
        format!("Counts for {model}: {layers} layers of width {width}, {parameters} parameters, and a head of {} labels.", self.n_labels)
    }
}

/// All methods: a line of numbers and a line of words each.
pub fn list(subject: &Subject, ink: Ink) -> String {
    let heading = ["METHOD", "LR", "ADDED", "TRAINABLE", "%", "PER TASK", "1,000 TASKS"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(Method::ALL.into_iter().zip(Method::defaults()).map(|(about, method)| {
        let (ledger, storage) = subject.count(&method);
        vec![
            about.name.to_owned(),
            short_number(about.learning_rate),
            grouped(ledger.method),
            grouped(ledger.trainable),
            percent(ledger.trainable as f64 / ledger.total.max(1) as f64),
            bytes(storage.task_bytes),
            bytes(storage.tasks[2].bytes),
        ]
    }));
    let aligns = [&[Align::Left][..], &[Align::Right; 6]].concat();
    let table = aligned(&aligns, &rows);
    let mut lines = wrapped(&subject.words(), "");
    lines.push(String::new());
    for (index, line) in table.lines().enumerate() {
        let Some(about) = index.checked_sub(1).map(|index| Method::ALL[index]) else {
            lines.push(ink.heading(line));
            continue;
        };
        lines.push(format!("{}{}", ink.name(about.name), &line[about.name.len()..]));
        lines.extend(wrapped(&format!("    {}", about.summary), "    "));
    }
    lines.push(String::new());
    lines.extend(wrapped(
        "finetop methods NAME explains one. LR is the default peak learning rate, trainable parameters take in the head.",
        "",
    ));
    joined(lines)
}

/// One method in full.
pub fn one(about: &About, subject: &Subject, ink: Ink) -> String {
    let method = Method::with(about, &serde_json::Map::new());
    let mut lines = vec![format!("{}  {}", ink.heading(&ink.name(about.name)), about.paper)];
    lines.extend(wrapped(about.summary, ""));
    let mut section = |title: &str, body: Vec<String>| {
        lines.extend([String::new(), ink.heading(title)]);
        lines.extend(body);
    };
    section("What it does", explanation(&about.explanation()));
    section("Hyperparameters", hyperparameters(about, ink));
    section("In an experiment file", snippet(about));
    let (ledger, storage) = subject.count(&method);
    let counts: Vec<Vec<String>> =
        ledger::lines(&ledger, &storage).into_iter().map(|(name, line)| vec![format!("  {name}"), line]).collect();
    let mut body = wrapped(&format!("  {}", subject.words()), "  ");
    body.extend(aligned(&[Align::Left, Align::Left], &counts).lines().map(str::to_owned));
    section("Parameters and storage, with these defaults", body);
    section("After training", wrapped(&format!("  {}", export(&method)), "  "));
    joined(lines)
}

/// What `finetop export` makes of a run.
fn export(method: &Method) -> String {
    let format = default_format(method);
    let whole = if method.merges() { "; with --merged, a whole checkpoint for Transformers" } else { "" };
    let refusal = match bottleneck::write(method, 1) {
        Err(refusal) if format == Format::AdapterHub => format!(". With these defaults it refuses: {refusal}"),
        _ => String::new(),
    };
    format!("finetop export RUN --out DIR writes {}{whole}{refusal}", format.words()).replace('`', "")
}

/// Methods as one JSON document.
pub fn json(abouts: &[&About], subject: &Subject) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        model: &'a str,
        layers: i64,
        hidden_size: i64,
        backbone_parameters: i64,
        labels: i64,
        methods: Vec<Entry>,
    }
    #[derive(Serialize)]
    struct Entry {
        method: &'static str,
        short: &'static str,
        summary: &'static str,
        paper: &'static str,
        learning_rate: f64,
        head_learning_rate: f64,
        hyperparameters: Vec<Own>,
        ledger: Ledger,
        storage: Storage,
        explanation: String,
    }
    #[derive(Serialize)]
    struct Own {
        key: &'static str,
        default: Value,
        accepts: String,
        about: &'static str,
    }
    let own = |own: &Hyperparameter| Own { key: own.key, default: own.default_value(), accepts: own.accepts.words(), about: own.about };
    let entry = |about: &&About| {
        let (ledger, storage) = subject.count(&Method::with(about, &serde_json::Map::new()));
        Entry {
            method: about.name,
            short: about.short,
            summary: about.summary,
            paper: about.paper,
            learning_rate: about.learning_rate,
            head_learning_rate: about.head_learning_rate.unwrap_or(about.learning_rate),
            hyperparameters: about.hyperparameters.iter().map(own).collect(),
            ledger,
            storage,
            explanation: about.explanation(),
        }
    };
    let backbone = &subject.shape.backbone;
    let document = Document {
        model: &subject.shape.model,
        layers: backbone.n_layers,
        hidden_size: backbone.hidden_size,
        backbone_parameters: backbone.parameters(subject.shape.has_pooler),
        labels: subject.n_labels,
        methods: abouts.iter().map(entry).collect(),
    };
    serde_json::to_string_pretty(&document).expect("names as keys and plain numbers always encode") + "\n"
}

/// The lines to paste under an experiment's data: the method with every default, those that are off left out.
pub fn snippet(about: &About) -> Vec<String> {
    let mut lines = vec!["  runs:".to_owned(), format!("    - method: {}", about.name)];
    lines.push(format!("      lr: {}", short_number(about.learning_rate)));
    lines.extend(about.head_learning_rate.map(|rate| format!("      head_lr: {}", short_number(rate))));
    let given = about.hyperparameters.iter().filter(|own| !matches!(own.default_value(), Value::Null | Value::Bool(false)));
    lines.extend(given.map(|own| format!("      {}: {}", own.key, own.default)));
    lines
}

/// The head of a method's file for a terminal: a paragraph a part, code without its marks.
fn explanation(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut is_new = true;
    for line in text.lines().map(|line| line.replace('`', "")) {
        let starts = line.split(' ').next().is_some_and(|word| word.ends_with(':') && word.starts_with(char::is_uppercase));
        match paragraphs.last_mut() {
            Some(last) if !is_new && !starts && !line.is_empty() => *last = format!("{last} {line}"),
            _ => paragraphs.push(line.clone()),
        }
        is_new = line.is_empty();
    }
    let indented = |paragraph: &String| if paragraph.is_empty() { vec![String::new()] } else { wrapped(&format!("  {paragraph}"), "    ") };
    paragraphs.iter().flat_map(indented).collect()
}

fn hyperparameters(about: &About, ink: Ink) -> Vec<String> {
    if about.hyperparameters.is_empty() {
        return vec!["  none of its own".to_owned()];
    }
    let width = about.hyperparameters.iter().map(|own| own.key.len()).max().unwrap_or(0);
    let indent = " ".repeat(width + 4);
    let of = |own: &Hyperparameter| {
        let mut lines = wrapped(&format!("{indent}{}; default {}", own.about.replace('`', ""), shown(&own.default_value())), &indent);
        // The key stands in the blanks of its first line.
        lines[0] = format!("  {}{}", ink.name(own.key), &lines[0][2 + own.key.len()..]);
        lines.extend(wrapped(&format!("{indent}{}", own.accepts.words()), &indent));
        lines
    };
    about.hyperparameters.iter().flat_map(of).collect()
}

fn joined(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::backbone::Backbone;

    fn shape() -> Shape {
        Shape { model: "minilm-l6".to_owned(), backbone: Backbone::bert(6, 384, 12), has_pooler: true }
    }

    #[test]
    fn all_methods_are_listed_with_what_they_cost() {
        insta::assert_snapshot!(list(&Subject { shape: &shape(), n_labels: 2 }, Ink::Plain));
    }

    #[test]
    fn one_method_is_explained_in_full() {
        let shape = shape();
        let subject = Subject { shape: &shape, n_labels: 2 };
        for name in ["lora", "houlsby_adapter", "full"] {
            let method = Method::default_of(name).unwrap();
            insta::assert_snapshot!(format!("one_{name}"), one(method.about(), &subject, Ink::Plain));
        }
    }

    #[test]
    fn the_document_has_these_keys() {
        let shape = shape();
        insta::assert_snapshot!(json(
            &[Method::Ia3(serde_json::from_str(r#"{"targets": ["key"]}"#).unwrap()).about()],
            &Subject { shape: &shape, n_labels: 3 }
        ));
    }

    #[test]
    fn no_line_is_wider_than_eighty_columns_and_ink_changes_no_letter() {
        let shape = Shape { backbone: Backbone::bert(24, 1024, 16), ..shape() };
        let subject = Subject { shape: &shape, n_labels: 2 };
        let texts = |ink| Method::ALL.iter().map(|about| one(about, &subject, ink)).chain([list(&subject, ink)]).collect::<Vec<_>>();
        for (plain, inked) in texts(Ink::Plain).into_iter().zip(texts(Ink::Terminal)) {
            for line in plain.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
                assert!(!line.contains('`'), "{line}");
            }
            assert_eq!(crate::run::text::stripped(&inked.replace('\n', "¶")), plain.replace('\n', "¶"));
        }
    }
}
