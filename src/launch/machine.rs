//! The machine as the kernel tells it: processors, memory, limits of the control group, disk, graphics cards, workers. Reads `/proc`
//! and `/sys` where there are any; what is not there is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::statvfs::statvfs;

use crate::run::catalog::RunId;
use crate::run::machine::{Card, Machine, Worker};

/// Ticks of processor time in a second as the kernel tells it (`USER_HZ`), the same on every Linux that libtorch runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Looks at the machine, and keeps what the next look is compared with.
#[derive(Debug, Default)]
pub struct Sampler {
    cores: Vec<(u64, u64)>,
    workers: BTreeMap<u32, u64>,
    before: Option<Instant>,
    has_no_cards: bool,
}

impl Sampler {
    /// Looks once; `workers` are the runs with processes on this host, `root` is the folder of all runs.
    pub fn look(&mut self, root: &Path, workers: &[(RunId, u32)]) -> Machine {
        let now = Instant::now();
        let elapsed = self.before.replace(now).map(|before| now.duration_since(before).as_secs_f64()).filter(|seconds| *seconds > 0.0);
        let cores = fs::read_to_string("/proc/stat").map(|text| core_times(&text)).unwrap_or_default();
        let shares = if self.cores.len() == cores.len() { shares(&self.cores, &cores) } else { Vec::new() };
        self.cores = cores;
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text));
        let found: Vec<(Worker, u64)> = workers.iter().filter_map(|(id, process_id)| worker(id, *process_id)).collect();
        let workers = found.iter().map(|(worker, ticks)| {
            let before = self.workers.get(&worker.process_id).copied();
            let used = before.zip(elapsed).map(|(before, elapsed)| ticks.saturating_sub(before) as f64 / TICKS_PER_SECOND / elapsed);
            Worker { processors: used, ..worker.clone() }
        });
        let workers = workers.collect();
        self.workers = found.into_iter().map(|(worker, ticks)| (worker.process_id, ticks)).collect();
        Machine {
            cores: shares,
            load: fs::read_to_string("/proc/loadavg").ok().and_then(|text| load(&text)),
            memory_limit: memory_limit(memory.map(|(total, _)| total)),
            memory,
            processor_limit: processor_limit(),
            disk: disk(root),
            cards: self.cards(),
            workers,
        }
    }

    fn cards(&mut self) -> Vec<Card> {
        if self.has_no_cards {
            return Vec::new();
        }
        let query = "--query-gpu=name,utilization.gpu,memory.used,memory.total,temperature.gpu";
        let output = Command::new("nvidia-smi").args([query, "--format=csv,noheader,nounits"]).output();
        match output {
            Ok(output) if output.status.success() => cards(&String::from_utf8_lossy(&output.stdout)),
            // A machine without the program, or without a card, is not asked again.
            _ => {
                self.has_no_cards = true;
                Vec::new()
            }
        }
    }
}

/// Busy and all ticks of each processor, from `/proc/stat` (proc(5)).
fn core_times(text: &str) -> Vec<(u64, u64)> {
    let cores = text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    cores
        .map(|line| {
            // user nice system idle iowait irq softirq steal; guests are counted in user already.
            let ticks: Vec<u64> = line.split_ascii_whitespace().skip(1).take(8).map(|tick| tick.parse().unwrap_or(0)).collect();
            let all: u64 = ticks.iter().sum();
            let idle = ticks.get(3).copied().unwrap_or(0) + ticks.get(4).copied().unwrap_or(0);
            (all.saturating_sub(idle), all)
        })
        .collect()
}

fn shares(before: &[(u64, u64)], now: &[(u64, u64)]) -> Vec<f64> {
    let share = |(before, now): (&(u64, u64), &(u64, u64))| {
        let all = now.1.saturating_sub(before.1);
        if all == 0 { 0.0 } else { (now.0.saturating_sub(before.0) as f64 / all as f64).min(1.0) }
    };
    before.iter().zip(now).map(share).collect()
}

/// Total and available bytes, from `/proc/meminfo`.
fn memory(text: &str) -> Option<(u64, u64)> {
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some((bytes("MemTotal:")?, bytes("MemAvailable:")?))
}

fn load(text: &str) -> Option<[f64; 3]> {
    let mut numbers = text.split_ascii_whitespace().map_while(|word| word.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

/// Folders of this process's control group and those around it, innermost first, for a controller of version 1 or for version 2.
fn group_folders(controller: &str) -> Vec<PathBuf> {
    let Ok(text) = fs::read_to_string("/proc/self/cgroup") else { return Vec::new() };
    let mut folders = Vec::new();
    for line in text.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(names), Some(path)) = (fields.next(), fields.next()) else { continue };
        let base = match names {
            "" => PathBuf::from("/sys/fs/cgroup"),
            names if names.split(',').any(|name| name == controller) => Path::new("/sys/fs/cgroup").join(controller),
            _ => continue,
        };
        let own = base.join(path.trim_start_matches('/'));
        folders.extend(own.ancestors().take_while(|folder| folder.starts_with(&base)).map(Path::to_owned));
    }
    folders
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The tightest limit of memory around this process, below the machine's own, and what its group uses.
fn memory_limit(total: Option<u64>) -> Option<(u64, u64)> {
    let files = [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")];
    let folders = group_folders("memory");
    let limits = folders.iter().flat_map(|folder| files.map(|(limit, used)| (folder.join(limit), folder.join(used))));
    let limits = limits.filter_map(|(limit, used)| Some((number(&limit)?, number(&used)?)));
    limits.filter(|(limit, _)| total.is_none_or(|total| *limit < total)).min()
}

/// The tightest limit of processor time around this process.
fn processor_limit() -> Option<f64> {
    let of = |folder: PathBuf| {
        let pair = fs::read_to_string(folder.join("cpu.max")).ok().and_then(|text| {
            let mut words = text.split_ascii_whitespace().map(str::parse::<f64>);
            Some((words.next()?.ok()?, words.next()?.ok()?))
        });
        let older = || Some((number(&folder.join("cpu.cfs_quota_us"))? as f64, number(&folder.join("cpu.cfs_period_us"))? as f64));
        let (quota, period) = pair.or_else(older)?;
        (period > 0.0).then_some(quota / period)
    };
    group_folders("cpu").into_iter().filter_map(of).min_by(f64::total_cmp)
}

fn disk(root: &Path) -> Option<(u64, u64)> {
    let found = statvfs(root).ok()?;
    let bytes = |blocks: u64| wide(found.fragment_size()).saturating_mul(blocks);
    Some((bytes(wide(found.blocks())), bytes(wide(found.blocks_available()))))
}

/// Counts of blocks are narrower on some systems.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

/// A worker's process with the ticks of processor time that it has used.
fn worker(id: &RunId, process_id: u32) -> Option<(Worker, u64)> {
    let text = fs::read_to_string(format!("/proc/{process_id}/stat")).ok()?;
    let (ticks, threads) = process_times(&text)?;
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let rss_bytes = rss.split_ascii_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024);
    Some((Worker { id: id.clone(), process_id, processors: None, rss_bytes, threads }, ticks))
}

/// Ticks in user and system mode (fields 14 and 15) and threads (20) of `/proc/PID/stat`; the command in between may contain anything.
fn process_times(text: &str) -> Option<(u64, u64)> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some((field(14)?.saturating_add(field(15)?), field(20)?))
}

fn cards(text: &str) -> Vec<Card> {
    let card = |line: &str| {
        let mut fields = line.split(',').map(str::trim);
        let name = fields.next()?.to_owned();
        let mut numbers = fields.map(|field| field.parse::<f64>().ok());
        let (used, taken, total) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let mebibytes = |number: f64| (number.max(0.0) * 1_048_576.0) as u64;
        Some(Card { name, used: used / 100.0, memory: (mebibytes(taken), mebibytes(total)), temperature: numbers.next().flatten() })
    };
    text.lines().filter_map(card).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_understood() {
        let before = core_times("cpu  9 9 9 9\ncpu0 100 0 50 850 0 0 0 0 7 7\ncpu1 10 0 0 90 0 0 0 0\nintr 5\n");
        let now = core_times("cpu  9 9 9 9\ncpu0 150 0 50 900 0 0 0 0 7 7\ncpu1 10 0 0 190 0 0 0 0\nintr 5\n");
        assert_eq!(shares(&before, &now), [0.5, 0.0]);
        assert_eq!(memory("MemTotal: 16 kB\nMemFree: 1 kB\nMemAvailable:   4 kB\n"), Some((16384, 4096)));
        assert_eq!(load("1.50 0.25 0.00 2/345 678\n"), Some([1.5, 0.25, 0.0]));
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 200 50 0 0 20 0 9 0 4242";
        assert_eq!(process_times(stat), Some((250, 9)));
        assert_eq!(process_times("rubbish"), None);
    }

    #[test]
    fn cards_are_those_that_tell_all_of_it() {
        let found = cards("NVIDIA H100, 71, 10035, 81559, 45\nbroken, [N/A], 1, 2, 3\n\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].used, found[0].memory.1, found[0].temperature), (0.71, 81559 << 20, Some(45.0)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_and_this_process_can_be_looked_at() {
        let mut sampler = Sampler::default();
        let own = [(RunId("x-1/own".to_owned()), std::process::id()), (RunId("x-1/gone".to_owned()), u32::MAX)];
        let root = std::env::temp_dir();
        assert_eq!(sampler.look(&root, &own).cores, [0.0; 0], "nothing to compare the first look with");
        let machine = sampler.look(&root, &own);
        assert!(!machine.cores.is_empty() && machine.cores.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!(machine.memory.is_some_and(|(total, available)| total > available && available > 0));
        assert!(machine.disk.is_some_and(|(total, free)| total > free));
        assert_eq!(machine.workers.len(), 1);
        assert!(machine.workers[0].rss_bytes > 0 && machine.workers[0].processors.is_some());
    }
}
