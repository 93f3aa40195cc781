//! `finetop show RUN`: settings, parameters, results and the end of the log of one run.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use crate::cli::arguments::ShowArguments;
use crate::cli::{exit_code, find};
use crate::launch::start;
use crate::report::columns::{Align, aligned};
use crate::report::number::{bytes, duration, metric};
use crate::report::{self, json, ledger};
use crate::run::alert::Moment;
use crate::run::catalog::RunView;
use crate::run::clock;
use crate::run::dir::RunDir;
use crate::run::event::Evaluation;
use crate::run::storage::Storage;
use crate::run::store;
use crate::run::text;
use crate::spec::continuation::Extension;
use crate::verdict::alerts;

/// Lines of the log that are shown.
const LOG_LINES: usize = 15;

/// Prints one run.
pub fn run(root: &Path, arguments: &ShowArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    start::ensure_queue(root, &catalog)?;
    let run = find::run(&catalog, &arguments.run)?;
    if let Some(most) = arguments.mistakes {
        return mistakes(root, run, most, arguments.json, out);
    }
    if arguments.json {
        write!(out, "{}", json::run(run))?;
        return Ok(exit_code::OK);
    }
    let folder = root.join(&run.id.0);
    write!(out, "{}", aligned(&[Align::Left, Align::Left], &facts(run, &folder.display().to_string())))?;
    let n_before = run.state.log.len().saturating_sub(LOG_LINES);
    if !run.state.log.is_empty() {
        writeln!(out, "\nlog")?;
    }
    let begin = run.state.first_time.unwrap_or(0.0);
    for (time, line) in run.state.log.iter().skip(n_before) {
        writeln!(out, "  {:>12}  {}", duration(time - begin), text::printable(line))?;
    }
    let stderr = run.exit.iter().flat_map(|exit| &exit.stderr_tail);
    for (index, line) in stderr.enumerate() {
        if index == 0 {
            writeln!(out, "\nlast lines of stderr")?;
        }
        writeln!(out, "  {}", text::printable(line))?;
    }
    Ok(exit_code::OK)
}

/// Lists what the run gets wrong.
fn mistakes(root: &Path, run: &RunView, most: usize, is_json: bool, out: &mut dyn Write) -> anyhow::Result<u8> {
    let listing = report::mistakes::listing(&RunDir::new(root.join(&run.id.0))).map_err(anyhow::Error::msg)?;
    let Some(listing) = listing else {
        anyhow::bail!("{} has kept no mistakes: they are written at its best evaluation, by workers of this version", run.id);
    };
    let document = if is_json { report::mistakes::json(&run.id.0, &listing) } else { report::mistakes::text(&run.id.0, &listing, most) };
    write!(out, "{document}")?;
    Ok(exit_code::OK)
}

fn facts(run: &RunView, folder: &str) -> Vec<Vec<String>> {
    let state = &run.state;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    };
    row("run", run.id.to_string());
    row("status", run.status.name().to_owned());
    row("reason", run.reason());
    if let Ok(spec) = &run.spec {
        row("method", spec.method.about().summary.to_owned());
        row("", spec.method.hyperparameters_line());
        row("model", spec.model.id.clone());
        let settings = &spec.optimization;
        let rate = settings.learning_rate;
        row("training", format!("{} epochs, batch {}, learning rate {rate:e}, seed {}", settings.epochs, settings.batch_size, spec.seed));
    }
    if let Some(training) = &state.training {
        if let Ok(spec) = &run.spec {
            for (name, line) in ledger::lines(&training.ledger, &Storage::new(&training.ledger, &spec.method)) {
                row(name, line);
            }
        }
        row("device", format!("{}, {} threads", training.device, training.threads));
        row("steps", format!("{} of {}", state.step(), training.total_steps));
    }
    if let Some(rate) = state.examples_per_second() {
        row("speed", format!("{rate:.0} examples/s"));
    }
    row("best", state.best().map(in_words).unwrap_or_default());
    row("test", state.test.as_ref().map(in_words).unwrap_or_default());
    if let Some(finished) = &state.finished {
        row("time", duration(finished.seconds));
        row("memory", format!("{} at most", bytes(finished.peak_rss_bytes)));
        row("checkpoint", bytes(finished.checkpoint_bytes));
    }
    let extensions = run.spec.iter().flat_map(|spec| &spec.extensions);
    for Extension { step, from_epochs, to_epochs } in extensions {
        row("extended", format!("at step {step} from {from_epochs} to {to_epochs} epochs"));
    }
    for (idx, line) in state.standing.in_words().into_iter().enumerate() {
        row(if idx == 0 { "asked" } else { "" }, line);
    }
    for alert in alerts(run, &BTreeSet::new()) {
        let Moment { step, epoch } = alert.since;
        let muted = if state.standing.muted.contains(&alert.rule) { "(muted) " } else { "" };
        row(alert.rule.name(), format!("{muted}{} (since step {step}, epoch {epoch:.1})", text::printable(&alert.what)));
        row("", format!("{}; {}", alert.rule.why(), text::printable(&alert.advice)));
    }
    if run.skipped > 0 {
        row("skipped", format!("{} lines of the log could not be understood", run.skipped));
    }
    row("folder", folder.to_owned());
    rows
}

fn in_words(evaluation: &Evaluation) -> String {
    let metrics: Vec<_> = evaluation.metrics.iter().map(|(name, value)| format!("{} {}", name.name(), metric(value.0))).collect();
    format!("{} (step {})", metrics.join("  "), evaluation.step)
}
