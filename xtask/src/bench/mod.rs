//! `cargo xtask bench`: finetop and its Python peers by turns on the same rows, and the table of their ratios.

mod child;
mod figures;
mod finetop;
mod machine;
mod methods;
mod options;
mod peer;
mod progress;
mod results;
mod rows;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::output::say;
use crate::places::Places;
use crate::{cargo, model, peers};
use child::Interruption;
use figures::median;
use finetop::Finetop;
use machine::{Ceiling, QUIET_LOAD, Shape};
use methods::{Row, Side, Work, training};
pub use options::Options;
use peer::Peer;
use progress::Progress;
use results::Results;

/// Exit code after Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;

/// Measures all that the options name; the table goes to standard output.
pub fn measure(places: &Places, mut options: Options) -> Result<ExitCode> {
    let pythons = peers::find(places, std::mem::take(&mut options.pythons))?;
    let programs = match options.programs.take() {
        Some(folder) => folder,
        None => cargo::build_release_programs(places)?,
    };
    let model = model::cache(places).snapshot().context("there is no base model: cargo xtask setup")?;
    let work = WorkFolder::make()?;
    let data = work.new_folder("data")?;
    let from = options.data.clone().unwrap_or_else(|| places.checkout.join("assets/did-it-happen"));
    let (n_training, n_validation) = rows::prepare(&from, &data, options.training_rows)?;
    let load = machine::load();
    if let Some(load) = load.filter(|&load| load > QUIET_LOAD) {
        say(&format!("warning: the machine is at work already (load {load:.1}); figures of a busy machine mislead"));
    }
    let head = format!(
        "{n_training} training and {n_validation} validation rows, batches of {}, {} threads, {}, medians of {} repeats",
        options.batch_size,
        options.threads,
        options.device.name(),
        options.repeats
    );
    say(&head);
    let interruption = Interruption::listen()?;
    let rate_folder = work.new_folder("rate")?;
    let look = || machine::ceiling(&programs.join("finetop-worker"), options.threads, options.device, &rate_folder, &interruption);
    let before = look();
    let finetop = Finetop {
        program: programs.join("finetop"),
        model: model.clone(),
        data: data.clone(),
        threads: options.threads,
        batch_size: options.batch_size,
        device: options.device,
        precision: options.precision.clone(),
    };
    let script = places.checkout.join("benches/peers/fine_tune.py");
    let peer = Peer {
        script,
        pythons,
        model: model.clone(),
        data,
        threads: options.threads,
        batch_size: options.batch_size,
        device: options.device,
    };
    let results = run_all(&options, &finetop, &peer, &work, &interruption)?;
    let ceiling = match (before, look()) {
        (Ok(before), Ok(after)) => Ok(before.best(after)),
        (before, after) => before.or(after),
    };

    println!("\n{head}");
    if let Some(load) = load {
        println!("load of the machine before: {load:.1}");
    }
    println!("\n{}", table::table(&results.lines(&options.rows, &options.sides), &options.sides));
    match &ceiling {
        Ok(ceiling) => print!("{}", of_ceiling(*ceiling, &results, Shape::read(&model)?, &options.sides)),
        Err(error) => say(&format!("the machine's own rate is unknown: {error:#}")),
    }
    if let Some(path) = &options.json {
        let rates = ceiling.ok().map(|rates| json!({"fp32_gflops": rates.fp32, "bf16_gflops": rates.bf16}));
        write_json(path, &options, (n_training, n_validation), &json!({"load": load, "ceiling": rates, "results": results.json()}))?;
    }
    Ok(if interruption.has_come() { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

/// Everything in every repeat, by turns. What fails is told and left out; an interruption ends it.
fn run_all(options: &Options, finetop: &Finetop, peer: &Peer, work: &WorkFolder, interruption: &Interruption) -> Result<Results> {
    let once = methods::work(&options.rows, &options.sides);
    let all: Vec<(usize, (Work, Side))> = (0..options.repeats).flat_map(|repeat| once.iter().map(move |&item| (repeat, item))).collect();
    let (mut results, mut progress) = (Results::default(), Progress::default());
    for (index, &(repeat, (what, side))) in all.iter().enumerate() {
        if interruption.has_come() {
            break;
        }
        Progress::begin(index + 1, all.len(), what, side);
        let folder = work.new_folder(&format!("work-{index}"))?;
        let figures = match (what, side) {
            (Work::Train(method, epochs), Side::Stock | Side::Tuned) => {
                peer.measure(method, epochs, side == Side::Tuned, &folder, interruption)
            }
            _ => finetop.measure(what, &folder, interruption),
        };
        match figures {
            Ok(figures) => {
                let rest: Vec<_> = all[index + 1..].iter().map(|&(_, item)| item).collect();
                progress.end(what, side, figures.wall_seconds, &rest);
                results.keep(what, side, repeat, figures);
            }
            Err(error) => say(&format!("failed: {error:#}")),
        }
        // Checkpoints of many runs would fill the disk; a queue that is just leaving may still write.
        let _ = fs::remove_dir_all(&folder);
    }
    Ok(results)
}

/// The machine's rates, and how much of them full fine-tuning uses.
fn of_ceiling(ceiling: Ceiling, results: &Results, shape: Shape, sides: &[Side]) -> String {
    let Ceiling { fp32, bf16 } = ceiling;
    let mut lines = vec![format!("large matrix products there: {fp32:.0} GFLOP/s in fp32, {bf16:.0} in bf16\n")];
    for &side in sides {
        let rates: Vec<f64> = results.of(training(Row::Method(0)), side).map(|figures| shape.useful_rate(figures)).collect();
        if let Some(rate) = median(&rates) {
            let share = |ceiling: f64| rate / ceiling * 100.0;
            let (name, of_fp32, of_bf16) = (side.name(), share(fp32), share(bf16));
            lines.push(format!("useful work of full, {name}: {rate:.1} GFLOP/s, {of_fp32:.0} % of fp32, {of_bf16:.0} % of bf16\n"));
        }
    }
    lines.concat()
}

fn write_json(path: &Path, options: &Options, (n_training, n_validation): (usize, usize), measured: &Value) -> Result<()> {
    let mut document = json!({
        "training_rows": n_training,
        "validation_rows": n_validation,
        "threads": options.threads,
        "batch_size": options.batch_size,
        "device": options.device.name(),
        "repeats": options.repeats,
        "precision": options.precision,
    });
    for (key, value) in measured.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    fs::write(path, format!("{document:#}\n")).with_context(|| format!("cannot write {}", path.display()))
}

/// A new folder for rows and runs, removed when dropped.
struct WorkFolder(PathBuf);

impl WorkFolder {
    fn make() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("finetop-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn new_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.0.join(name);
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // The system removes what could not be removed now.
        let _ = fs::remove_dir_all(&self.0);
    }
}
