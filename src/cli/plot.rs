//! `finetop plot RUN…`: charts of runs as a PNG or SVG file.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::{exit_code, find};
use crate::curve::axis::XAxis;
use crate::curve::quantity::Quantity;
use crate::metric::MetricName;
use crate::report::plot::{self, figure};
use crate::run::catalog::{Catalog, RunView};
use crate::run::clock;
use crate::run::store;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  finetop plot quickstart-1 --out loss.png        losses of all its runs
  finetop plot lora full --metric accuracy --x examples --out acc.svg
  finetop plot lora --metric loss --metric lr --smooth 0.9 --out lora.png

A RUN is meant as in `finetop show`, or all runs of an EXPERIMENT by its name. Letters in a PNG are drawn without any font, ASCII alone; \
in an SVG they are text.";

/// What `--metric` may be besides a metric.
const QUANTITIES: [(&str, Quantity); 7] = [
    ("gap", Quantity::Gap),
    ("lr", Quantity::LearningRate),
    ("gradient_norm", Quantity::GradientNorm),
    ("examples_per_second", Quantity::Speed),
    ("tokens_per_second", Quantity::TokenSpeed),
    ("step_seconds", Quantity::StepSeconds),
    ("memory", Quantity::Memory),
];

/// Arguments of `plot`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct PlotArguments {
    /// The runs, or experiments.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
    /// What is drawn, a chart for each: loss, accuracy, f1, …, gap, lr, `gradient_norm`, `examples_per_second`, `tokens_per_second`,
    /// `step_seconds`, memory.
    #[arg(long = "metric", value_name = "NAME", default_value = "loss", value_parser = quantity)]
    pub metrics: Vec<Quantity>,
    /// What the x axis counts: step, epoch, examples, tokens, time (training seconds), wall (seconds since each run's own start).
    #[arg(long, value_name = "AXIS", default_value = "step", value_parser = axis)]
    pub x: XAxis,
    /// How much of the past a smoothed curve keeps at each step, from 0 to below 1.
    #[arg(long, value_name = "WEIGHT", default_value = "0.6", value_parser = weight)]
    pub smooth: f64,
    /// Logarithmic y axis, where that has a meaning.
    #[arg(long)]
    pub log_y: bool,
    /// Logarithmic x axis.
    #[arg(long)]
    pub log_x: bool,
    /// Show outliers, whatever becomes of the rest.
    #[arg(long)]
    pub no_clip: bool,
    /// Light on dark.
    #[arg(long)]
    pub dark: bool,
    /// Words above all.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Columns and rows in pixels.
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub size: Option<(u32, u32)>,
    /// The file to write; its ending says the format, .png or .svg.
    #[arg(long, value_name = "FILE", value_parser = file)]
    pub out: PathBuf,
}

/// Writes a picture of runs.
///
/// # Errors
/// Where no run is meant, none has the metric, or the file cannot be written.
pub fn run(root: &Path, arguments: &PlotArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    let runs = meant(&catalog, &arguments.names)?;
    let subjects: Vec<figure::Subject> = runs.iter().enumerate().map(|(slot, run)| figure::Subject { run, slot, kept: None }).collect();
    let experiments: BTreeSet<&str> = runs.iter().map(|run| run.id.experiment()).collect();
    let title = arguments.title.clone().unwrap_or_else(|| experiments.into_iter().collect::<Vec<_>>().join(", "));
    let figure = figure::figure(
        &subjects,
        &figure::Options {
            quantities: arguments.metrics.clone(),
            metric: MetricName::Loss,
            x_axis: arguments.x,
            zoom: None,
            smoothing: arguments.smooth,
            is_log: arguments.log_y,
            is_x_log: arguments.log_x,
            clips: !arguments.no_clip,
            shows_best: true,
            title,
            size: arguments.size.unwrap_or_else(|| usual_size(arguments.metrics.len())),
            is_dark: arguments.dark,
            inset: None,
        },
    );
    if figure.panels.iter().all(|panel| panel.y_axis.is_none()) {
        bail!("there is nothing to draw: no step or evaluation of these runs has what was asked for");
    }
    let is_svg = ending(&arguments.out) == Some("svg");
    let content = if is_svg { plot::svg(&figure).into_bytes() } else { plot::png(&figure) };
    fs::write(&arguments.out, content).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let n_runs = if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
    writeln!(out, "{}: {n_runs}, {}x{} pixels", arguments.out.display(), figure.size.0, figure.size.1)?;
    Ok(exit_code::OK)
}

/// Pixels that so many charts need.
fn usual_size(n_charts: usize) -> (u32, u32) {
    match n_charts {
        0 | 1 => (960, 600),
        2 => (1280, 520),
        3 | 4 => (1280, 900),
        n => (1680, 400 * n.div_ceil(3) as u32 + 120),
    }
}

/// The runs that words mean, in their order, each once.
fn meant<'a>(catalog: &'a Catalog, names: &[String]) -> anyhow::Result<Vec<&'a RunView>> {
    let mut runs: Vec<&RunView> = Vec::new();
    for name in names {
        let of_experiment: Vec<&RunView> = catalog.runs.iter().filter(|run| run.id.experiment() == name).collect();
        let found = if of_experiment.is_empty() { vec![find::run(catalog, name)?] } else { of_experiment };
        runs.extend(found.into_iter().filter(|run| !runs.iter().any(|known| known.id == run.id)).collect::<Vec<_>>());
    }
    Ok(runs)
}

fn quantity(text: &str) -> Result<Quantity, String> {
    let metric = || MetricName::ALL.into_iter().find(|metric| metric.name() == text);
    let named = QUANTITIES.iter().find(|(name, _)| *name == text).map(|(_, quantity)| *quantity);
    let of_metric = |metric| if metric == MetricName::Loss { Quantity::Loss } else { Quantity::Named(metric) };
    named.or_else(|| metric().map(of_metric)).ok_or_else(|| {
        let known = MetricName::ALL.iter().map(|metric| metric.name()).chain(QUANTITIES.iter().map(|(name, _)| *name));
        format!("one of {}", known.collect::<Vec<_>>().join(", "))
    })
}

fn axis(text: &str) -> Result<XAxis, String> {
    XAxis::named(text).ok_or_else(|| format!("one of {}", XAxis::ALL.map(XAxis::word).join(", ")))
}

fn weight(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|weight| (0.0..1.0).contains(weight)).ok_or_else(|| "a number from 0 to below 1, such as 0.6".to_owned())
}

/// `960x600` as columns and rows.
fn size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let is_sane = |size: &(u32, u32)| (64..=6000).contains(&size.0) && (64..=6000).contains(&size.1);
    size.filter(is_sane).ok_or_else(|| "columns and rows of pixels such as 960x600, from 64 to 6000".to_owned())
}

fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match ending(&path) {
        Some("png" | "svg") => Ok(path),
        _ => Err("a file name that ends in .png or .svg".to_owned()),
    }
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_or_what_is_accepted_is_said() {
        assert_eq!(quantity("accuracy"), Ok(Quantity::Named(MetricName::Accuracy)));
        assert_eq!(quantity("loss"), Ok(Quantity::Loss));
        assert!(quantity("acuracy").unwrap_err().contains("accuracy, f1"));
        assert_eq!((axis("wall"), size("960x600"), weight("0.6")), (Ok(XAxis::Wall), Ok((960, 600)), Ok(0.6)));
        assert!(axis("hours").is_err() && size("9x9").is_err() && weight("1").is_err() && file("a.gif").is_err());
        assert_eq!(file("a.b.svg"), Ok(PathBuf::from("a.b.svg")));
    }
}
