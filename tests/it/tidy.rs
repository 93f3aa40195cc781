//! What must never be in the source: the layers of `ARCHITECTURE.md`, checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which modules of the crate each one may use, itself aside. `bin/finetop` uses `cli`, `bin/finetop-worker` uses `engine` and `run`.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("metric", &[]),
    ("spec", &["metric"]),
    ("data", &["spec"]),
    ("hub", &["spec"]),
    ("pretrained", &["spec"]),
    ("run", &["metric", "spec"]),
    ("interop", &["hub", "pretrained", "run", "spec"]),
    ("verdict", &["metric", "run", "spec"]),
    ("curve", &["metric", "run", "verdict"]),
    ("plan", &["data", "hub", "interop", "metric", "pretrained", "run", "spec"]),
    ("launch", &["plan", "run", "spec"]),
    ("report", &["curve", "data", "interop", "metric", "plan", "run", "spec", "verdict"]),
    ("engine", &["data", "interop", "metric", "pretrained", "run", "spec", "verdict"]),
    ("tui", &["curve", "launch", "metric", "plan", "report", "run", "spec", "verdict"]),
    ("cli", &["curve", "hub", "interop", "launch", "metric", "plan", "report", "run", "spec", "tui", "verdict"]),
];

/// Words that name a library, and the modules that may say them.
const LIBRARIES: [(&str, &[&str]); 5] =
    [("tch::", &["engine"]), ("ratatui", &["tui"]), ("crossterm", &["tui"]), ("tokio::", &["cli", "launch", "tui"]), ("ureq", &["hub"])];

/// Files longer than this are split; an exception says why in `ARCHITECTURE.md`.
const MOST_LINES: usize = 400;

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The file without its comments and its tests: what ships.
    fn code(&self) -> String {
        let shipped = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    fn is_under(&self, module: &str) -> bool {
        let name = self.path.to_string_lossy().replace('\\', "/");
        let is_engine = module == "engine" && name.starts_with("engine/src/");
        is_engine || name.starts_with(&format!("src/{module}/")) || name == format!("src/{module}.rs")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut folders = vec![root().join("src"), root().join("engine/src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push(Source { path: path.strip_prefix(root()).unwrap().to_owned(), text });
            }
        }
    }
    assert!(sources.len() > 50);
    sources
}

/// Modules of `finetop` that are named, from within as `crate::MODULE`, from the engine as `finetop::MODULE`.
fn used(code: &str, module: &str) -> BTreeSet<String> {
    let path = if module == "engine" { "finetop::" } else { "crate::" };
    let names = code.split(path).skip(1).map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    names.filter(|name: &String| MAY_USE.iter().any(|(module, _)| module == name)).collect()
}

#[test]
fn each_module_uses_only_what_lies_below_it() {
    for source in sources() {
        for (module, allowed) in MAY_USE {
            if !source.is_under(module) {
                continue;
            }
            for name in used(&source.code(), module) {
                assert!(
                    name == module || allowed.contains(&name.as_str()),
                    "{} uses {name}, which {module} must not know",
                    source.path.display()
                );
            }
        }
    }
}

/// Whether `word` occurs other than as the end of a longer one.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(start, _)| !code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[test]
fn libraries_stay_in_the_modules_that_own_them() {
    for source in sources() {
        for (library, modules) in LIBRARIES {
            let is_owner = modules.iter().any(|module| source.is_under(module));
            assert!(is_owner || !names(&source.code(), library), "{} names {library}", source.path.display());
        }
    }
}

#[test]
fn the_model_names_no_method_and_a_method_names_no_model() {
    for source in sources() {
        let text = source.text.to_lowercase();
        if source.path.starts_with("engine/src/model") {
            for word in ["lora", "prefix tuning", "prompt", "adapter", "crate::methods"] {
                assert!(!text.contains(word), "{} says {word}", source.path.display());
            }
        }
        if source.path.starts_with("engine/src/methods") {
            assert!(!text.contains("crate::model"), "{} names the model", source.path.display());
        }
    }
}

#[test]
fn the_view_is_pure_and_state_does_not_know_it() {
    for source in sources() {
        let code = source.code();
        if source.path.starts_with("src/tui/view") {
            for word in ["Instant::now", "SystemTime", "std::fs", "std::env", "crate::launch", "now_seconds"] {
                assert!(!code.contains(word), "{} says {word}", source.path.display());
            }
        }
        if source.path.ends_with("tui/state.rs") || source.path.ends_with("tui/update.rs") {
            assert!(!code.contains("tui::view"), "{} knows the view", source.path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_owns_and_is_short() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "{} does not say what it owns", source.path.display());
        let lines = source.text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", source.path.display());
    }
}

#[test]
fn every_method_of_the_engine_says_where_its_equations_stand() {
    for source in sources().iter().filter(|source| source.path.starts_with("engine/src/methods") && !source.path.ends_with("mod.rs")) {
        assert!(source.text.contains("finetop::spec::method::"), "{} names no file of the registry", source.path.display());
        assert!(source.text.contains("//! Makes `method."), "{} does not list its tensors", source.path.display());
    }
}

#[test]
fn unfinished_work_and_silenced_lints_are_not_left_behind() {
    for source in sources() {
        let (todo, allow) = (["TO", "DO"].concat(), ["#[al", "low("].concat());
        for word in [todo.as_str(), "todo!(", "unimplemented!(", "dbg!(", allow.as_str()] {
            assert!(!source.text.contains(word), "{} says {word}", source.path.display());
        }
    }
}

#[test]
fn the_documented_events_are_those_of_the_code() {
    let architecture = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let event = std::fs::read_to_string(root().join("src/run/event.rs")).unwrap();
    let kinds = event.split("pub enum EventKind {").nth(1).unwrap().split('}').next().unwrap();
    let kinds: BTreeSet<String> = kinds
        .lines()
        .filter_map(|line| line.trim().split_once('('))
        .filter(|(name, _)| !name.starts_with('/'))
        .map(|(name, _)| snake_case(name))
        .collect();
    let table = architecture.split("| event |").nth(1).expect("ARCHITECTURE.md has a table of events").split("\n\n").next().unwrap();
    let documented: BTreeSet<String> = table.lines().skip(2).filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect();
    assert_eq!(kinds, documented);
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
