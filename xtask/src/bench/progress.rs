//! Says what runs, what it took, and how long the rest will take.

use std::collections::BTreeMap;
use std::io::Write;

use crate::bench::methods::{Side, Work};

/// Progress over all repeats.
#[derive(Debug, Default)]
pub struct Progress {
    /// Seconds that each piece of work took last.
    known: BTreeMap<(Work, Side), f64>,
}

impl Progress {
    /// Says what begins: the `index`-th of `total`.
    pub fn begin(index: usize, total: usize, work: Work, side: Side) {
        eprint!("[{index}/{total}] {}, {} … ", work.name(), side.name());
        // Where standard error is closed nobody wants to know.
        let _ = std::io::stderr().flush();
    }

    /// Says how it ended.
    pub fn end(&mut self, work: Work, side: Side, seconds: f64, rest: &[(Work, Side)]) {
        self.known.insert((work, side), seconds);
        match seconds_left(&self.known, rest) {
            Some(left) if !rest.is_empty() => eprintln!("{seconds:.1} s; about {} left", in_words(left)),
            _ => eprintln!("{seconds:.1} s"),
        }
    }
}

/// The rest takes what it took before; what never ran yet takes the mean of its side, else of all.
fn seconds_left(known: &BTreeMap<(Work, Side), f64>, rest: &[(Work, Side)]) -> Option<f64> {
    let mean = |is_like: &dyn Fn(Side) -> bool| {
        let like: Vec<f64> = known.iter().filter(|((_, side), _)| is_like(*side)).map(|(_, &seconds)| seconds).collect();
        (!like.is_empty()).then(|| like.iter().sum::<f64>() / like.len() as f64)
    };
    rest.iter().map(|key| known.get(key).copied().or_else(|| mean(&|side| side == key.1)).or_else(|| mean(&|_| true))).sum()
}

fn in_words(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_what_is_known_of_it_and_else_the_mean_of_its_side() {
        let (a, b, c) = (Work::Train(0, 3), Work::Train(1, 3), Work::Train(2, 3));
        let known = BTreeMap::from([((a, Side::Finetop), 10.0), ((b, Side::Finetop), 20.0), ((a, Side::Stock), 60.0)]);
        let left = |rest: &[(Work, Side)]| seconds_left(&known, rest).unwrap();
        assert!((left(&[(a, Side::Finetop)]) - 10.0).abs() < 1e-9);
        assert!((left(&[(c, Side::Finetop), (b, Side::Stock)]) - 75.0).abs() < 1e-9);
        assert!((left(&[(a, Side::Tuned)]) - 30.0).abs() < 1e-9);
        assert_eq!(seconds_left(&BTreeMap::new(), &[(a, Side::Stock)]), None);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!([12.4, 600.0, 9000.0].map(in_words), ["12 s", "10 min", "2.5 h"]);
    }
}
