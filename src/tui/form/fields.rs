//! The rows of the form: the experiment's keys, then a row for every method of the registry, under an opened run its own settings. Pure.

use crate::metric::MetricName;
use crate::spec::experiment::document::Node;
use crate::spec::experiment::resolve::{
    BATCH_SIZE, DEFAULT_MAX_LENGTH, DEFAULT_MODEL, EPOCHS, MAX_GRAD_NORM, PATIENCE, WARMUP, WEIGHT_DECAY,
};
use crate::spec::experiment::settings;
use crate::spec::experiment::values::short_number;
use crate::spec::head::{Classifier, Pooling};
use crate::spec::method::Method;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};
use crate::spec::optimization::Schedule;
use crate::spec::task::TaskKind;
use crate::tui::form::draft::{self, Step};
use crate::tui::form::field::{self, Field, Kind};

/// Settings that always have a row.
const USUAL: [&str; 5] = ["epochs", "batch_size", "seeds", "early_stopping", "lr"];

fn row(path: &[Step], label: &str, kind: Kind, default: &str, about: &str) -> Field {
    Field { path: path.to_vec(), label: label.to_owned(), kind, default: default.to_owned(), about: about.to_owned() }
}

/// All rows.
pub fn fields(document: &Node, open: Option<usize>, shows_all: bool) -> Vec<Field> {
    let mut rows = vec![
        row(&[Step::Key("name")], "name", Kind::Text, "that of the file", "names the file and the folder of the runs"),
        row(&[Step::Key("model")], "base model", Kind::Text, DEFAULT_MODEL, "hub id, or a folder"),
    ];
    data(&mut rows, document, shows_all);
    for key in settings::KEYS {
        setting(&mut rows, document, &[], key, shows_all);
    }
    let at_once = "how many runs train at the same time";
    rows.push(row(&[Step::Key("runs_at_once")], "runs at once", Kind::Value, "as many as fit this machine", at_once));
    for (key, default) in [("threads", "the cores, shared"), ("device", "auto")] {
        if shows_all || draft::get(document, &[Step::Key(key)]).is_some() {
            rows.push(row(&[Step::Key(key)], key, Kind::Value, default, "where and with how many threads a run computes"));
        }
    }
    methods(&mut rows, document, open, shows_all);
    let about = "rows for every setting, for all runs and for an opened one";
    rows.push(row(&[], if shows_all { "fewer settings" } else { "more settings" }, Kind::All(shows_all), "", about));
    rows
}

fn data(rows: &mut Vec<Field>, document: &Node, shows_all: bool) {
    let at = |key: &'static str| [Step::Key("data"), Step::Key(key)];
    let source = field::source(document);
    rows.push(row(&[Step::Key("data")], "data", Kind::Source, "", "where the rows are: files, a folder of them, or a data set on the hub"));
    let files = "path of a .tsv, .csv, .jsonl or .parquet file with columns text and label";
    match source {
        "hub" => {
            rows.push(row(&at("dataset"), "data set", Kind::Text, "", "id of a data set on the hub, such as nyu-mll/glue"));
            rows.push(row(&at("config"), "configuration", Kind::Text, "none", "of the data set, such as sst2"));
        }
        "folder" => rows.push(row(&at("folder"), "folder", Kind::Text, "", "holds train.tsv, validation.tsv, test.tsv or the like")),
        _ => {
            rows.push(row(&at("train"), "training rows", Kind::Text, "", files));
            rows.push(row(&at("validation"), "validation", Kind::Text, "a tenth of the training rows", files));
            rows.push(row(&at("test"), "test", Kind::Text, "none", files));
        }
    }
    let kinds = TaskKind::NAMES.iter().map(|(name, _)| *name).collect();
    let length = DEFAULT_MAX_LENGTH.to_string();
    let rest = [
        ("kind", "task", Kind::Choice(kinds), "classification", "one label for a text, or a number"),
        ("max_train_rows", "most rows", Kind::Value, "all", "limit on the training rows"),
        ("max_length", "max length", Kind::Value, length.as_str(), "longest input in tokens"),
        ("labels", "labels", Kind::List, "found", "names of the labels, in the order of the logits"),
        ("validation_share", "valid. share", Kind::Value, "0.1", "of the training rows, where no validation rows are named"),
        ("split_seed", "split seed", Kind::Value, "0", "chooses the rows that are set aside"),
    ];
    for (key, label, kind, default, about) in rest {
        if shows_all || draft::get(document, &at(key)).is_some() {
            rows.push(row(&at(key), label, kind, default, about));
        }
    }
    for (key, default) in [("text", "text"), ("text_pair", "none"), ("label", "label")] {
        let path = [Step::Key("data"), Step::Key("columns"), Step::Key(key)];
        if shows_all || draft::get(document, &path).is_some() {
            rows.push(row(&path, &format!("column {key}"), Kind::Text, default, "name of the column in the data"));
        }
    }
}

/// The rows of a setting, for all runs or below `base` for one.
fn setting(rows: &mut Vec<Field>, document: &Node, base: &[Step], key: &'static str, shows_all: bool) {
    let at = |keys: &[&'static str]| base.iter().copied().chain(keys.iter().copied().map(Step::Key)).collect::<Vec<Step>>();
    let is_written = draft::get(document, &at(&[key])).is_some();
    let is_usual = base.is_empty() && USUAL.contains(&key) && !(key == "seeds" && draft::get(document, &at(&["seed"])).is_some());
    if !(is_written || is_usual || (shows_all && key != "seed")) {
        return;
    }
    let of_all = |default: String| if base.is_empty() { default } else { "as for all runs".to_owned() };
    let metrics = || -> Vec<&'static str> {
        TaskKind::Classification
            .metrics()
            .iter()
            .chain(&TaskKind::Regression.metrics()[1..])
            .map(|metric: &MetricName| metric.name())
            .collect()
    };
    match key {
        "early_stopping" => {
            let about = "ends a run whose validation metric has stopped improving";
            rows.push(row(&at(&[key, "metric"]), "early stopping", Kind::EarlyStopping(metrics()), &of_all("off".to_owned()), about));
            if matches!(draft::get(document, &at(&[key])), Some(Node::Map(_))) {
                let patience = PATIENCE.to_string();
                rows.push(row(&at(&[key, "patience"]), "  patience", Kind::Value, &patience, "evaluations without a gain that are borne"));
                rows.push(row(&at(&[key, "min_delta"]), "  min delta", Kind::Value, "0", "smallest change that counts as a gain"));
            }
        }
        "head" => {
            let poolings = Pooling::NAMES.iter().map(|(name, _)| *name).collect();
            let classifiers = Classifier::NAMES.iter().map(|(name, _)| *name).collect();
            rows.push(row(
                &at(&[key, "pooling"]),
                "head pooling",
                Kind::Choice(poolings),
                "the model's own",
                "the vector that the head reads",
            ));
            rows.push(row(
                &at(&[key, "classifier"]),
                "head",
                Kind::Choice(classifiers),
                "the model's own",
                "how the vector becomes logits",
            ));
            rows.push(row(&at(&[key, "dropout"]), "head dropout", Kind::Value, "the model's own", "on what the head reads"));
        }
        _ => {
            let (label, kind, default, about) = plain(key, metrics());
            rows.push(row(&at(&[key]), label, kind, &of_all(default), about));
        }
    }
}

/// Label, kind, default and meaning of a setting with one value.
fn plain(key: &'static str, metrics: Vec<&'static str>) -> (&'static str, Kind, String, &'static str) {
    let schedules = Schedule::NAMES.iter().map(|(name, _)| *name).collect();
    match key {
        "epochs" => ("epochs", Kind::Value, EPOCHS.to_string(), "passes over the training rows"),
        "batch_size" => ("batch size", Kind::Value, BATCH_SIZE.to_string(), "rows for a step of the optimizer"),
        "seeds" => ("seeds", Kind::List, "0".to_owned(), "every run once with each, for example 0, 1, 2"),
        "seed" => ("seed", Kind::Value, "0".to_owned(), "feeds the generators of random numbers"),
        "lr" => ("learning rate", Kind::Value, "that of each method".to_owned(), "the highest; for all runs that name none of their own"),
        "head_lr" => ("head rate", Kind::Value, "the learning rate".to_owned(), "highest learning rate of the head"),
        "schedule" => ("schedule", Kind::Choice(schedules), "linear".to_owned(), "shape of the learning rate after warm-up"),
        "warmup" => ("warm-up", Kind::Value, short_number(WARMUP), "share of all steps over which the rate rises"),
        "layer_decay" => ("layer decay", Kind::Value, "1".to_owned(), "learning rate of lower layers, as a factor per layer"),
        "weight_decay" => ("weight decay", Kind::Value, short_number(WEIGHT_DECAY), "decoupled, as in AdamW"),
        "max_grad_norm" => ("gradient norm", Kind::Value, short_number(MAX_GRAD_NORM), "the largest; false does not clip"),
        "label_smoothing" => ("smoothing", Kind::Value, "0".to_owned(), "share of the target given to the other labels"),
        "precision" => ("precision", Kind::Choice(vec!["auto", "fp32", "bf16"]), "auto".to_owned(), "what the linear layers multiply"),
        "evaluate" => ("evaluate", Kind::Value, "epoch".to_owned(), "every epoch, or for example {steps: 50}"),
        "checkpoint" => ("checkpoint", Kind::Value, "{seconds: 30}".to_owned(), "how often the state is saved where a restart goes on"),
        "restarts" => ("restarts", Kind::Value, "2".to_owned(), "how often a run that crashed is started again"),
        "best_metric" => ("best by", Kind::Choice(metrics), "what early stopping watches".to_owned(), "chooses the best checkpoint"),
        "gradient_accumulation" => ("accumulation", Kind::Value, "1".to_owned(), "parts that a batch is computed in"),
        "activation_recomputation" => {
            ("recomputation", Kind::Choice(vec!["false", "true"]), "false".to_owned(), "less memory for more time")
        }
        other => (other, Kind::Value, "the default".to_owned(), "a setting as in the file"),
    }
}

/// A row for each run, and for each method that no run has, in the order of the registry.
fn methods(rows: &mut Vec<Field>, document: &Node, open: Option<usize>, shows_all: bool) {
    let runs = draft::runs(document);
    let known = |run: &Node| draft::method(run).and_then(|name| Method::ALL.into_iter().find(|about| about.name == name));
    let unknown = runs.iter().enumerate().filter(|(_, run)| known(run).is_none());
    for (idx, run) in unknown {
        let path = [Step::Key("runs"), Step::Item(idx), Step::Key("method")];
        let names = Method::ALL.iter().map(|about| about.name).collect();
        let label = format!("run {} method", idx + 1);
        rows.push(row(&path, &label, Kind::Choice(names), draft::method(run).unwrap_or("none"), "how the model is adapted"));
    }
    for about in Method::ALL {
        let of_method: Vec<usize> = (0..runs.len()).filter(|idx| draft::method(&runs[*idx]) == Some(about.name)).collect();
        if of_method.is_empty() {
            rows.push(row(&[], about.name, Kind::Absent(about.name), "", about.summary));
        }
        for idx in of_method {
            let path = [Step::Key("runs"), Step::Item(idx)];
            rows.push(row(&path, about.name, Kind::Run(idx), "", about.summary));
            if open == Some(idx) {
                of_run(rows, document, &path, about, shows_all);
            }
        }
    }
}

fn of_run(rows: &mut Vec<Field>, document: &Node, base: &[Step], about: &About, shows_all: bool) {
    let at = |key: &'static str| [base[0], base[1], Step::Key(key)];
    rows.push(row(
        &at("lr"),
        "learning rate",
        Kind::Value,
        &short_number(about.learning_rate),
        "the highest; the default is the method's own",
    ));
    for own in about.hyperparameters {
        rows.push(row(&at(own.key), own.key, kind_of(own), own.default, &format!("{}: {}", own.about, own.accepts.words())));
    }
    rows.push(row(&at("name"), "name", Kind::Text, "made from the method", "names the run and its folder"));
    if shows_all || draft::get(document, &at("from")).is_some() {
        rows.push(row(&at("from"), "from", Kind::Text, "the base model", "folder of an adapter or of a run that its weights begin as"));
    }
    let own = |key: &&str| about.hyperparameters.iter().all(|own| own.key != *key);
    for key in settings::KEYS.into_iter().filter(|key| *key != "lr").filter(own) {
        setting(rows, document, base, key, shows_all || key == "epochs");
    }
}

fn kind_of(own: &Hyperparameter) -> Kind {
    match own.accepts {
        Accepts::Switch => Kind::Choice(vec!["false", "true"]),
        Accepts::Choice(names) => Kind::Choice(names.to_vec()),
        Accepts::Sites => Kind::List,
        _ => Kind::Value,
    }
}
