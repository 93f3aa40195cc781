//! What the kernel counts of real runs on the real base model. Slow: only where `FINETOP_MEASURE_MEMORY` is set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use finetop::plan::environment::Environment;
use finetop::plan::prepare::{self, Plan};
use finetop::run::inbox;
use finetop::run::request::RequestKind;
use finetop::spec::experiment::overrides::Overrides;
use finetop::spec::method::Method;
use finetop::spec::processor;
use finetop::spec::run::Precision;

use crate::worker::{command_with, run_dir, state, wait_until};

fn is_asked_for() -> bool {
    let is_asked_for = cfg!(target_os = "linux") && std::env::var_os("FINETOP_MEASURE_MEMORY").is_some();
    if !is_asked_for {
        eprintln!("skipped: set FINETOP_MEASURE_MEMORY=1, on Linux, to measure memory");
    }
    is_asked_for
}

/// The plan of an experiment on the default base model and the quickstart's rows.
fn plan(folder: &Path, rest: &str) -> Plan {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/did-it-happen").canonicalize().unwrap();
    let file = folder.join("experiment.yaml");
    let data = data.display();
    std::fs::write(&file, format!("name: memory\ndata: {{train: {data}/train.tsv, validation: {data}/validation.tsv}}\n{rest}")).unwrap();
    prepare::prepare(&file, &Overrides::default(), &Environment::current()).unwrap()
}

/// Kibibytes by the names that the kernel gives them, of all that a process maps, or of the files whose name holds `of`.
fn mapped(process: u32, of: Option<&str>) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    let mut is_counted = false;
    for line in std::fs::read_to_string(format!("/proc/{process}/smaps")).unwrap().lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        match first.strip_suffix(':') {
            Some(name) if line.ends_with(" kB") && is_counted => {
                *sums.entry(name.to_owned()).or_insert(0) += words.next().unwrap().parse::<u64>().unwrap();
            }
            Some(_) => {}
            None => is_counted = of.is_none_or(|part| line.contains(part)),
        }
    }
    sums
}

/// Starts workers on runs of one plan, one after the other, and lets each train for a while.
struct Workers {
    folder: tempfile::TempDir,
    plan: Plan,
    children: Vec<Child>,
}

impl Workers {
    fn add(&mut self, cache: &Path) -> u32 {
        let dir = run_dir(self.folder.path(), &format!("run{}", self.children.len()), &self.plan.runs[0].spec);
        let child = command_with(&dir, cache).spawn().unwrap();
        let process = child.id();
        self.children.push(child);
        wait_until(&dir, |state| state.step() >= 6);
        // Held still while it is measured.
        inbox::send(&dir, RequestKind::Pause).unwrap();
        wait_until(&dir, |state| state.is_paused);
        std::thread::sleep(Duration::from_millis(100));
        process
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const MEGA: f64 = 1024.0 / 1e6;

#[test]
fn workers_on_one_base_hold_its_frozen_weights_once() {
    if !is_asked_for() {
        return;
    }
    for precision in ["fp32", "bf16"] {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(folder.path(), &format!("epochs: 100\nthreads: 1\nprecision: {precision}\nruns: [{{method: lora}}]\n"));
        let cache: PathBuf = folder.path().join("cache");
        let mut workers = Workers { folder, plan, children: Vec::new() };
        let one = workers.add(&cache);
        let alone = mapped(one, None)["Pss"];
        let two = workers.add(&cache);
        let together = [one, two].map(|process| mapped(process, None)["Pss"]);
        // The kernel knows files by their real names.
        let checkpoint = workers.plan.model.folder.join("model.safetensors").canonicalize().unwrap();
        let file = if precision == "bf16" { "/cache/weights/" } else { checkpoint.to_str().unwrap() };
        let frozen = [one, two].map(|process| mapped(process, Some(file)));
        println!(
            "{precision}: PSS of one worker {:.0} MB, of each of two {:.0} and {:.0} MB; frozen weights: resident {:.1} MB, PSS in each of two {:.1} and {:.1} MB",
            alone as f64 * MEGA,
            together[0] as f64 * MEGA,
            together[1] as f64 * MEGA,
            frozen[0]["Rss"] as f64 * MEGA,
            frozen[0]["Pss"] as f64 * MEGA,
            frozen[1]["Pss"] as f64 * MEGA,
        );
        for of_one in &frozen {
            assert_eq!((of_one["Private_Dirty"], of_one["Anonymous"]), (0, 0), "{precision}: no worker has a copy of a page");
            assert!(of_one["Rss"] > 18_000, "{precision}: the weights are in memory");
            assert!(of_one["Pss"] * 10 < of_one["Rss"] * 6, "{precision}: {} of {} kB", of_one["Pss"], of_one["Rss"]);
        }
    }
}

#[test]
fn recomputed_activations_lower_the_peak_of_large_batches_as_the_plan_says() {
    if !is_asked_for() {
        return;
    }
    for method in ["full", "lora"] {
        let [kept, recomputed] = [false, true].map(|is_on| {
            let folder = tempfile::tempdir().unwrap();
            let rest = format!("epochs: 1\nthreads: 1\nbatch_size: 256\nactivation_recomputation: {is_on}\nruns: [{{method: {method}}}]\n");
            let plan = plan(folder.path(), &rest);
            let dir = run_dir(folder.path(), "run", &plan.runs[0].spec);
            assert!(command_with(&dir, &folder.path().join("cache")).status().unwrap().success());
            let state = state(&dir);
            let peak = state.finished.as_ref().unwrap().peak_rss_bytes;
            let predicted = plan.runs[0].cost.memory_bytes;
            let seconds = state.steps.last().unwrap().training_seconds;
            let megabytes = [peak, predicted].map(|bytes| bytes as f64 / 1e6);
            println!(
                "{method}, batches of 256, recomputation {is_on}: {:.0} MB at most (predicted {:.0}), {seconds:.1} s",
                megabytes[0], megabytes[1]
            );
            (peak, crate::worker::losses(&state))
        });
        assert_eq!(kept.1, recomputed.1, "{method}: the same losses");
        assert!(recomputed.0 * 10 < kept.0 * 8, "{method}: {} and {} bytes", recomputed.0, kept.0);
    }
}

#[test]
fn the_plan_foresees_the_peak_of_every_method_within_15_per_cent() {
    if !is_asked_for() {
        return;
    }
    let mut far_off = Vec::new();
    // bf16 where the processor has it.
    let precisions = BTreeSet::from([Precision::Fp32, processor::best_precision()].map(Precision::name));
    for (precision, about) in precisions.into_iter().flat_map(|precision| Method::ALL.iter().map(move |about| (precision, about))) {
        let (folder, name) = (tempfile::tempdir().unwrap(), about.name);
        let plan = plan(folder.path(), &format!("epochs: 1\nthreads: 2\nprecision: {precision}\nruns: [{{method: {name}}}]\n"));
        let dir = run_dir(folder.path(), "run", &plan.runs[0].spec);
        assert!(command_with(&dir, &folder.path().join("cache")).status().unwrap().success());
        let peak = state(&dir).finished.as_ref().unwrap().peak_rss_bytes as f64 / 1e6;
        let predicted = plan.runs[0].cost.memory_bytes as f64 / 1e6;
        let error = (predicted / peak - 1.0) * 100.0;
        println!("{name} in {precision}: {peak:.0} MB at most, predicted {predicted:.0}, {error:+.0} %");
        if error.abs() > 15.0 {
            far_off.push((name, precision, error));
        }
    }
    assert!(far_off.is_empty(), "more than 15 % off: {far_off:?}");
}
