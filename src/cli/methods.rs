//! `finetop methods [NAME]`: what the methods are, and what they cost on a model.

use std::io::{self, IsTerminal, Write};

use anyhow::{anyhow, bail};

use crate::cli::arguments::MethodsArguments;
use crate::cli::{exit_code, look};
use crate::plan::environment::Environment;
use crate::plan::shape;
use crate::report::ink::Ink;
use crate::report::methods::{self, Subject};
use crate::spec::experiment::nearest::nearest;
use crate::spec::method::Method;
use crate::spec::method::about::About;

/// Prints the list of methods, or one in full.
pub fn run(arguments: &MethodsArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let about = arguments.name.as_deref().map(find).transpose()?;
    let shape = shape::shape(arguments.model.as_deref(), &Environment::current()).map_err(|message| anyhow!(message))?;
    let subject = Subject { shape: &shape, n_labels: arguments.labels };
    let ink = if io::stdout().is_terminal() && look::has_colors() { Ink::Terminal } else { Ink::Plain };
    let text = match (about, arguments.json) {
        (None, false) => methods::list(&subject, ink),
        (Some(about), false) => methods::one(about, &subject, ink),
        (None, true) => methods::json(&Method::ALL, &subject),
        (Some(about), true) => methods::json(&[about], &subject),
    };
    out.write_all(text.as_bytes())?;
    Ok(exit_code::OK)
}

/// The method of this name, or of this short name.
fn find(name: &str) -> anyhow::Result<&'static About> {
    let is_meant = |about: &&About| about.name == name || about.short.eq_ignore_ascii_case(name);
    if let Some(about) = Method::ALL.into_iter().find(is_meant) {
        return Ok(about);
    }
    let names = Method::ALL.map(|about| about.name);
    match nearest(name, &names) {
        Some(meant) => bail!("there is no method {name:?}; did you mean {meant}?"),
        None => bail!("there is no method {name:?}; there are: {}", names.join(", ")),
    }
}
