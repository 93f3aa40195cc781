//! `Experiment`: what a YAML file says, nothing more. What is left out is `None`; defaults are `resolve`'s.

use std::path::PathBuf;

use crate::spec::experiment::locate::Place;
use crate::spec::experiment::section::Written;
use crate::spec::experiment::settings::Settings;
use crate::spec::method::Method;
use crate::spec::run::Device;
use crate::spec::task::TaskKind;

/// An experiment as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name; the file's name where left out.
    pub name: Option<String>,
    /// Hub id or folder of the pre-trained model.
    pub model: Option<Written<String>>,
    /// The data.
    pub data: Data,
    /// Settings shared by all runs.
    pub settings: Settings,
    /// How many runs train at the same time.
    pub runs_at_once: Option<usize>,
    /// Processor threads of every run.
    pub threads: Option<usize>,
    /// Where tensors live.
    pub device: Option<Device>,
    /// The runs, at least one.
    pub runs: Vec<Run>,
}

/// The data as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Where the section stands.
    pub place: Place,
    /// What is predicted.
    pub kind: Option<TaskKind>,
    /// The files.
    pub source: Source,
    /// Column of the text.
    pub text: Option<String>,
    /// Column of the second text of a pair.
    pub text_pair: Option<String>,
    /// Column of the label.
    pub label: Option<String>,
    /// Names of the labels, at least two, distinct.
    pub labels: Option<Vec<String>>,
    /// Share of the training rows carved off for validation.
    pub validation_share: Option<Written<f64>>,
    /// Seed of the carving.
    pub split_seed: Option<u64>,
    /// Limit on the training rows.
    pub max_train_rows: Option<usize>,
    /// Longest input in tokens.
    pub max_length: Option<Written<i64>>,
}

/// Where the rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In files named one by one.
    Files {
        /// Training rows.
        train: Written<String>,
        /// Validation rows.
        validation: Option<Written<String>>,
        /// Test rows.
        test: Option<Written<String>>,
    },
    /// In a folder, in files named after their split.
    Folder(Written<String>),
    /// In a folder or a file that the command line names; relative to the current folder.
    Given(PathBuf),
    /// In a data set on the hub.
    Dataset(DatasetWritten),
}

/// A data set on the hub as written.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetWritten {
    /// Its id, perhaps with a revision.
    pub id: Written<String>,
    /// Its configuration.
    pub config: Option<Written<String>>,
    /// Name of the split to train on.
    pub train: Option<Written<String>>,
    /// Name of the split to validate on.
    pub validation: Option<Written<String>>,
    /// Name of the split to test on.
    pub test: Option<Written<String>>,
}

/// A run as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: Option<Written<String>>,
    /// The folder of an adapter or a run that its weights begin as.
    pub from: Option<Written<String>>,
    /// The method, its own hyperparameters resolved.
    pub method: Method,
    /// Places of the method's own keys.
    pub method_places: Vec<(&'static str, Place)>,
    /// Settings that differ from the shared ones.
    pub settings: Settings,
}
