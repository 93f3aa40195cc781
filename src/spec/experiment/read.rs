//! The tree of a document → an [`Experiment`] as written. Every problem that needs no other file is found here.

use crate::spec::experiment::document::{self, Node};
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::problem::{Problem, Problems};
use crate::spec::experiment::section::{Section, Written};
use crate::spec::experiment::written::{Data, DatasetWritten, Experiment, Run, Source};
use crate::spec::experiment::{fit, method_keys, settings, values};
use crate::spec::method::Method;
use crate::spec::method::about::About;
use crate::spec::run::Device;
use crate::spec::task::TaskKind;

/// Keys of the experiment itself, beside the settings.
const TOP: [&str; 7] = ["name", "model", "data", "runs", "runs_at_once", "threads", "device"];
/// Keys of a run, beside the settings and the method's own.
const RUN: [&str; 3] = ["method", "name", "from"];
/// Keys of `data`.
const DATA: [&str; 13] = [
    "kind",
    "train",
    "validation",
    "test",
    "folder",
    "dataset",
    "config",
    "columns",
    "labels",
    "validation_share",
    "split_seed",
    "max_train_rows",
    "max_length",
];
/// The most runs that a file may list.
const MOST_RUNS: usize = 1000;
/// The most labels that a file may list.
const MOST_LABELS: usize = 100_000;

const EXAMPLE: &str = "{data: {train: train.tsv}, runs: [{method: full}]}";
const RUN_EXAMPLE: &str = "{method: lora, rank: 8}";

/// Reads the bytes of an experiment file.
pub fn experiment(bytes: &[u8]) -> Result<Experiment, Vec<Problem>> {
    let (text, document) = document::parse(bytes).map_err(|problem| vec![problem])?;
    let mut problems = Problems::new(text);
    match top(&document, &mut problems) {
        Some(experiment) if problems.is_empty() => {
            fit::check(&experiment, &mut problems);
            if problems.is_empty() { Ok(experiment) } else { Err(problems.sorted()) }
        }
        _ => Err(problems.sorted()),
    }
}

fn top(document: &Node, problems: &mut Problems) -> Option<Experiment> {
    let section = Section::open(document, Place::default(), "the experiment".to_owned(), EXAMPLE, problems)?;
    let accepted: Vec<&str> = TOP.into_iter().chain(settings::KEYS).collect();
    let of_methods: Vec<&str> = Method::ALL.iter().flat_map(|about| method_keys::keys(about)).filter(|key| *key != "dropout").collect();
    let elsewhere: [(&[&str], &str); 3] =
        [(&["method"], "in a run"), (&of_methods, "in a run with a method that has it"), (&DATA, "under `data`")];
    section.check_keys(&accepted, &elsewhere, problems);
    let settings = settings::read(&section, problems);
    if section.entry("data").is_none() {
        problems.push(&section.place, "`data` is missing", "for example data: {train: train.tsv, validation: validation.tsv}");
    }
    let data =
        section.section("data", "{train: train.tsv, validation: validation.tsv}", problems).and_then(|data| read_data(&data, problems));
    let device = |node: &Node| if let Node::Text(text) = node { parse_device(text) } else { None };
    let experiment = Experiment {
        name: section.take("name", values::NAME, problems, values::name).map(|name| name.value),
        model: section.take("model", "a hub id such as sentence-transformers/all-MiniLM-L6-v2, or a folder", problems, values::text),
        settings,
        runs_at_once: section
            .take("runs_at_once", "a whole number from 1 to 1000", problems, |node| values::count(node, MOST_RUNS))
            .map(|n| n.value),
        threads: section.take("threads", "a whole number from 1 to 1024", problems, |node| values::count(node, 1024)).map(|n| n.value),
        device: section.take("device", "auto, cpu, or cuda:N such as cuda:0", problems, device).map(|device| device.value),
        runs: runs(&section, problems),
        data: data?,
    };
    Some(experiment)
}

fn parse_device(text: &str) -> Option<Device> {
    match text {
        "auto" => Some(Device::Auto),
        "cpu" => Some(Device::Cpu),
        "cuda" => Some(Device::Cuda(0)),
        _ => text.strip_prefix("cuda:")?.parse::<usize>().ok().filter(|&index| index < 64).map(Device::Cuda),
    }
}

fn read_data(section: &Section, problems: &mut Problems) -> Option<Data> {
    let columns = section.section("columns", "{text: sentence, label: class}", problems);
    section.check_keys(&DATA, &[(&["text", "text_pair", "label"], "under `columns`")], problems);
    if let Some(columns) = &columns {
        columns.check_keys(&["text", "text_pair", "label"], &[], problems);
    }
    let column = |key, problems: &mut Problems| {
        columns
            .as_ref()
            .and_then(|columns| columns.take(key, "the name of a column", problems, values::text))
            .map(|name| name.value.trim().to_owned())
    };
    let (text, text_pair, label) = (column("text", problems), column("text_pair", problems), column("label", problems));
    let labels = section.take("labels", "a list of at least two distinct names", problems, |node| {
        let Node::List(items) = node else { return None };
        let labels: Vec<String> = items.iter().map(values::label).collect::<Option<_>>()?;
        let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
        ((2..=MOST_LABELS).contains(&labels.len()) && distinct.len() == labels.len()).then_some(labels)
    });
    let kind = section.choice("kind", &TaskKind::NAMES, problems).map(|kind| kind.value);
    if let (Some(TaskKind::Regression), Some(labels)) = (kind, &labels) {
        problems.push(&labels.place.clone().key(), "`labels` has no meaning in a regression: its rows have numbers", "remove it");
    }
    let validation_share = section.take("validation_share", "a number above 0 and below 1", problems, |node| {
        values::number(node, |share| share > 0.0 && share < 1.0)
    });
    let split_seed = section.take("split_seed", "a whole number of at least 0", problems, |node| values::whole(node, 0, i64::MAX.into()));
    let max_train_rows = section.take("max_train_rows", "a whole number of at least 2", problems, |node| values::whole(node, 2, 1 << 40));
    let max_length = section
        .take("max_length", "a whole number from 3 to the model's longest input", problems, |node| values::whole(node, 3, 1 << 20))
        .map(|length| Written { value: length.value as i64, place: length.place });
    let source = source(section, problems)?;
    if let (Source::Files { validation: Some(_), .. }, Some(share)) = (&source, &validation_share) {
        problems.push(&share.place.clone().key(), "`validation_share` has no effect: a validation file is given", "remove one of the two");
    }
    Some(Data {
        place: section.place.clone(),
        kind,
        source,
        text,
        text_pair,
        label,
        labels: labels.map(|labels| labels.value),
        validation_share,
        split_seed: split_seed.map(|seed| seed.value as u64),
        max_train_rows: max_train_rows.map(|rows| rows.value as usize),
        max_length,
    })
}

fn source(section: &Section, problems: &mut Problems) -> Option<Source> {
    let (names, is_hub) = (["train", "validation", "test"], section.entry("dataset").is_some());
    let accepts = if is_hub { "the name of a split of the data set" } else { "the path of a .tsv, .csv, .jsonl or .parquet file" };
    let [train, validation, test] = names.map(|key| section.take(key, accepts, problems, values::text));
    let folder = section.take("folder", "the path of a folder", problems, values::text);
    let config = section.take("config", "the name of a configuration of the data set, such as sst2", problems, values::text);
    let of_folder = section.entry("folder").map(|(_, place)| place);
    let named = names.into_iter().find(|key| section.entry(key).is_some());
    if is_hub {
        let id = section.take("dataset", "the id of a data set on the hub, such as nyu-mll/glue", problems, values::text)?;
        if let Some(place) = of_folder {
            problems.push(&place.key(), "`folder` and `dataset` are both given", "keep one");
        }
        return Some(Source::Dataset(DatasetWritten { id, config, train, validation, test }));
    }
    if let Some(config) = config {
        problems.push(
            &config.place.key(),
            "`config` has no effect without `dataset`",
            "it chooses a configuration of a data set on the hub",
        );
    }
    match (folder, named) {
        (Some(folder), Some(key)) => {
            problems.push(&folder.place.key(), format!("`folder` and `{key}` are both given"), "name the folder or the files, not both");
            None
        }
        (Some(folder), None) => Some(Source::Folder(folder)),
        (None, _) if section.entry("train").is_none() && of_folder.is_none() => {
            problems.push(
                &section.place,
                "`data` has none of `train`, `folder` and `dataset`",
                "for example {train: train.tsv, validation: validation.tsv}",
            );
            None
        }
        (None, _) => Some(Source::Files { train: train?, validation, test }),
    }
}

fn runs(section: &Section, problems: &mut Problems) -> Vec<Run> {
    let example = format!("for example runs: [{{method: full}}, {RUN_EXAMPLE}]");
    let Some((node, place)) = section.entry("runs") else {
        problems.push(&section.place, "`runs` is missing", &example);
        return Vec::new();
    };
    match node {
        Node::List(items) if (1..=MOST_RUNS).contains(&items.len()) => {
            items.iter().enumerate().filter_map(|(index, item)| run(item, place.child(index), index + 1, problems)).collect()
        }
        _ => {
            problems.push(&place, format!("`runs` must be a list of 1 to {MOST_RUNS} runs, not {}", values::found(node)), &example);
            Vec::new()
        }
    }
}

fn run(node: &Node, place: Place, number: usize, problems: &mut Problems) -> Option<Run> {
    let section = Section::open(node, place, format!("run {number}"), RUN_EXAMPLE, problems)?;
    let choices: Vec<(&str, &About)> = Method::ALL.iter().map(|about| (about.name, *about)).collect();
    let chosen = section.choice("method", &choices, problems).map(|chosen| chosen.value);
    if section.entry("method").is_none() {
        let names: Vec<&str> = Method::ALL.iter().map(|about| about.name).collect();
        problems.push(&section.place, format!("`method` is missing in run {number}"), &format!("accepted: {}", values::one_of(&names)));
    }
    // While the method is unknown, every method's keys pass, so that one mistake is told once.
    let own: Vec<&str> = match chosen {
        Some(about) => method_keys::keys(about),
        None => Method::ALL.iter().flat_map(|about| method_keys::keys(about)).collect(),
    };
    let accepted: Vec<&str> = RUN.into_iter().chain(own).chain(settings::KEYS).collect();
    let others: Vec<(Vec<&str>, String)> =
        Method::ALL.iter().map(|about| (method_keys::keys(about), format!("in a run with method {}", about.name))).collect();
    let of_others = others.iter().map(|(keys, home)| (keys.as_slice(), home.as_str()));
    let elsewhere: Vec<(&[&str], &str)> = of_others
        .chain([(TOP.as_slice(), "at the top of the file, for all runs"), (DATA.as_slice(), "under `data`, for all runs")])
        .collect();
    section.check_keys(&accepted, &elsewhere, problems);
    let name = section.take("name", values::NAME, problems, values::name);
    let from = section.take("from", "the folder of an adapter, or of a run such as runs/quickstart-1/lora", problems, values::text);
    let settings = settings::read(&section, problems);
    let about = chosen?;
    let method = method_keys::read(about, &section, problems);
    Some(Run { method_places: method_keys::places(about, &section), place: section.place, name, from, method, settings })
}
