//! What a path or name of an experiment may go on with while it is typed: folders are read where the reader of experiments would look.
//! Reads nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::data::read;
use crate::hub::variables::HubVariables;
use crate::plan::sources::Bases;

/// More entries of a folder than these are not looked at.
const MOST_ENTRIES: usize = 10_000;

/// What a value names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// A file of rows.
    Rows,
    /// A folder of files of rows.
    Folder,
    /// A model: a folder, or its id in the hub's cache.
    Model,
    /// A data set in the hub's cache.
    Dataset,
    /// What a run starts from: a folder, or a run by its id.
    Start,
    /// The experiment itself: its file's name without the ending.
    Experiment,
}

/// What `typed` may go on with, in order, each as a whole; folders end in a slash.
pub fn fitting(names: Names, typed: &str, bases: &Bases, hub: &HubVariables) -> Vec<String> {
    let mut found = BTreeSet::new();
    match names {
        Names::Experiment => experiments(typed, bases, &mut found),
        Names::Dataset => of_hub("datasets--", typed, hub, &mut found),
        Names::Rows | Names::Folder | Names::Model | Names::Start => paths(names, typed, bases, &mut found),
    }
    if names == Names::Model {
        of_hub("models--", typed, hub, &mut found);
    }
    found.into_iter().collect()
}

fn paths(names: Names, typed: &str, bases: &Bases, found: &mut BTreeSet<String>) {
    if typed == "~" {
        found.insert("~/".to_owned());
        return;
    }
    let (folder, begun) = typed.rsplit_once('/').map_or(("", typed), |(folder, begun)| (&typed[..=folder.len()], begun));
    // A run's id stands for its folder under `runs/`.
    let meant = bases
        .meant(folder)
        .into_iter()
        .chain((names == Names::Start).then(|| bases.meant(&format!("runs/{folder}"))).into_iter().flatten());
    for meant in meant {
        each(&meant, begun, |name, path| {
            if path.is_dir() {
                found.insert(format!("{folder}{name}/"));
            } else if names == Names::Rows && read::ENDINGS.contains(&read::ending(path).as_str()) {
                found.insert(format!("{folder}{name}"));
            }
        });
    }
}

fn experiments(typed: &str, bases: &Bases, found: &mut BTreeSet<String>) {
    each(bases.own(), typed, |name, path| {
        let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
        found.extend(stem.filter(|_| path.is_file()).map(str::to_owned));
    });
}

/// The repositories of a kind in the hub's cache.
fn of_hub(kind: &str, typed: &str, hub: &HubVariables, found: &mut BTreeSet<String>) {
    let Some(cache) = hub.cache() else { return };
    each(&cache, kind, |name, _| {
        let id = name.strip_prefix(kind).unwrap_or_default().replacen("--", "/", 1);
        if id.starts_with(typed) {
            found.insert(id);
        }
    });
}

/// Calls `with` for each entry of a folder whose name begins like this; hidden ones only where the dot is typed.
fn each(folder: &Path, begun: &str, mut with: impl FnMut(&str, &Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.take(MOST_ENTRIES).flatten() {
        // What is no UTF-8 cannot be typed, nor written in an experiment.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.')) {
            with(&name, &entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::environment::Environment;
    use crate::spec::run::Precision;

    /// A working folder with a folder of experiments, a home and a cache.
    struct Place {
        folder: tempfile::TempDir,
        environment: Environment,
    }

    impl Place {
        fn new(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| Some(folder.path().join(name));
            let hub = HubVariables { home: path("home"), hf_hub_cache: path("cache"), ..HubVariables::default() };
            let environment = Environment {
                current_folder: folder.path().join("lab"),
                n_cores: 1,
                precision: Precision::Fp32,
                multiplies_with_onednn: false,
                hub,
            };
            for file in files {
                let file = folder.path().join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, "").unwrap();
            }
            Self { folder, environment }
        }

        fn fitting(&self, names: Names, typed: &str) -> String {
            let bases = Bases::new(Path::new("experiments/mine.yaml"), &self.environment);
            fitting(names, typed, &bases, &self.environment.hub).join(" ")
        }
    }

    #[test]
    fn rows_are_looked_for_beside_the_experiment_and_in_the_working_folder() {
        let place = Place::new(&["lab/experiments/near.tsv", "lab/data/train.tsv", "lab/data/test.JSONL", "lab/data/notes.txt"]);
        assert_eq!(place.fitting(Names::Rows, ""), "data/ experiments/ near.tsv");
        assert_eq!(place.fitting(Names::Rows, "data/t"), "data/test.JSONL data/train.tsv");
        assert_eq!(place.fitting(Names::Rows, "../data/tr"), "../data/train.tsv", "beside the experiment");
        assert_eq!(place.fitting(Names::Folder, "data/"), "", "only folders are named");
        let whole = format!("{}/lab/data/tr", place.folder.path().display());
        assert_eq!(place.fitting(Names::Rows, &whole), format!("{whole}ain.tsv"));
    }

    #[test]
    fn home_is_a_tilde() {
        let place = Place::new(&["home/rows/a.csv", "lab/b.csv"]);
        assert_eq!((place.fitting(Names::Rows, "~"), place.fitting(Names::Rows, "~/")), ("~/".to_owned(), "~/rows/".to_owned()));
        assert_eq!(place.fitting(Names::Rows, "~/rows/"), "~/rows/a.csv");
    }

    #[test]
    fn what_is_hidden_shows_where_its_dot_is_typed() {
        let place = Place::new(&["lab/.secret/a.tsv", "lab/seen/a.tsv"]);
        assert_eq!(place.fitting(Names::Folder, ""), "seen/");
        assert_eq!(place.fitting(Names::Folder, ".s"), ".secret/");
    }

    #[test]
    fn models_and_data_sets_are_known_by_their_ids_in_the_cache_too() {
        let place =
            Place::new(&["lab/org-of-mine/config.json", "cache/models--org--name/refs/main", "cache/datasets--nyu-mll--glue/refs/main"]);
        assert_eq!(place.fitting(Names::Model, "org"), "org-of-mine/ org/name");
        assert_eq!(place.fitting(Names::Dataset, "nyu"), "nyu-mll/glue");
    }

    #[test]
    fn a_run_is_found_under_the_runs_and_an_experiment_by_its_files_name() {
        let place = Place::new(&["lab/runs/quickstart-1/lora/run.yaml", "lab/experiments/quick.yaml", "lab/quiet.yaml"]);
        assert_eq!(place.fitting(Names::Start, "qui"), "quickstart-1/");
        assert_eq!(place.fitting(Names::Start, "quickstart-1/l"), "quickstart-1/lora/");
        assert_eq!(place.fitting(Names::Experiment, "qui"), "quick");
    }
}
