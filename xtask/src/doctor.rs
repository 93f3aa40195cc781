//! Says what was found where, one line each, and how to mend what is missing. Touches no network.

use std::fs;
use std::process::ExitCode;

use indicatif::DecimalBytes;

use crate::install_hint::{self, Missing};
use crate::places::Places;
use crate::platform::Platform;
use crate::{cargo, compiler, disk, libtorch, libtorch_wheels, model, python};

/// What was found out about one thing.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// It is there.
    Found(String),
    /// It is not there, and nothing needs it.
    Noted(String),
    /// It is needed; the text ends in what mends it.
    Missing(String),
}

const SET_UP: &str = "cargo xtask setup";

/// Prints all findings; the exit code is 0 only if nothing is missing.
pub fn examine(places: &Places) -> ExitCode {
    let findings = findings(places);
    for (name, finding) in &findings {
        let (mark, text) = match finding {
            Finding::Found(text) => ("ok", text),
            Finding::Noted(text) => ("-", text),
            Finding::Missing(text) => ("MISSING", text),
        };
        println!("{mark:8}{name:14}{text}");
    }
    let is_missing = |(_, finding): &(&str, Finding)| matches!(finding, Finding::Missing(_));
    ExitCode::from(u8::from(findings.iter().any(is_missing)))
}

fn findings(places: &Places) -> Vec<(&'static str, Finding)> {
    let (libtorch, model) = (libtorch_finding(places), model_finding(places));
    let is_set_up = matches!((&libtorch, &model), (Finding::Found(_), Finding::Found(_)));
    let program = |version: Option<String>, missing: Missing| match version {
        Some(version) => Finding::Found(version),
        None if is_set_up && missing != Missing::Compiler => Finding::Noted("none; only a download needs it".into()),
        None => Finding::Missing(install_hint::command(missing)),
    };
    vec![
        ("rust", cargo::version(&places.checkout).map_or_else(|| Finding::Missing("install Rust with rustup".into()), Finding::Found)),
        ("C++ compiler", program(compiler::version(), Missing::Compiler)),
        ("python3", program(python::version(), Missing::Python)),
        ("pip", program(python::pip_version(), Missing::Pip)),
        ("platform", platform_finding()),
        ("libtorch", libtorch),
        (".libtorch", link_finding(places)),
        ("GPU", gpu_finding(places)),
        ("base model", model),
        ("cache", Finding::Found(places.cache.display().to_string())),
        ("free disk", disk_finding(places, is_set_up)),
    ]
}

fn platform_finding() -> Finding {
    match Platform::current() {
        Some(platform) => Finding::Found(platform.name().into()),
        None => Finding::Noted("no libtorch to download for it: export LIBTORCH=<folder>".into()),
    }
}

fn libtorch_finding(places: &Places) -> Finding {
    let libtorch = match libtorch::current(places) {
        Ok(libtorch) => libtorch,
        Err(error) if places.user_libtorch.is_some() => {
            return Finding::Missing(format!("{error:#}"));
        }
        Err(_) => return Finding::Missing(SET_UP.into()),
    };
    let folder = fs::canonicalize(&libtorch.folder).unwrap_or_else(|_| libtorch.folder.clone());
    let source = if places.user_libtorch.is_some() {
        "LIBTORCH"
    } else if fs::canonicalize(&places.cache).is_ok_and(|cache| folder.starts_with(cache)) {
        "downloaded"
    } else if folder.join("version.py").exists() {
        "PyTorch of a Python"
    } else {
        "linked"
    };
    Finding::Found(format!("{} ({source}) {}", libtorch.version, folder.display()))
}

fn link_finding(places: &Places) -> Finding {
    let link = places.link();
    match fs::read_link(&link) {
        Ok(target) if libtorch::Libtorch::read(&link).is_ok() => Finding::Found(format!("-> {}", target.display())),
        _ if places.user_libtorch.is_some() => Finding::Noted("not used, as LIBTORCH is set".into()),
        Ok(target) => Finding::Missing(format!("leads to no libtorch ({}): {SET_UP}", target.display())),
        Err(_) if libtorch::Libtorch::read(&link).is_ok() => Finding::Found("a folder".into()),
        Err(_) => Finding::Missing(SET_UP.into()),
    }
}

fn gpu_finding(places: &Places) -> Finding {
    match libtorch::current(places) {
        Ok(libtorch) if libtorch.has_cuda() => Finding::Found("libtorch_cuda is there".into()),
        _ => Finding::Noted("no libtorch_cuda: training uses the processor".into()),
    }
}

fn model_finding(places: &Places) -> Finding {
    match model::cache(places).snapshot() {
        Some(snapshot) if model::is_ready(places) => Finding::Found(format!("Hugging Face cache {}", snapshot.display())),
        _ => Finding::Missing(SET_UP.into()),
    }
}

fn disk_finding(places: &Places, is_set_up: bool) -> Finding {
    let Some(free) = disk::free_bytes(&places.cache) else {
        return Finding::Noted("unknown".into());
    };
    let needed = Platform::current().map_or(0, |platform| libtorch_wheels::of(platform).room_bytes);
    let text = DecimalBytes(free).to_string();
    if is_set_up || free >= needed {
        return Finding::Found(text);
    }
    Finding::Missing(format!("{text}, {} needed: export FINETOP_CACHE=<folder on another disk>", DecimalBytes(needed)))
}
