//! All figures of a measurement, by what was run, and the lines of the table that come of them. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bench::figures::Figures;
use crate::bench::methods::{METHODS, Row, Side, Work, compared, training};
use crate::bench::table::{Line, Unit};

/// Figures by repeat.
#[derive(Debug, Default)]
pub struct Results(BTreeMap<(Work, Side), BTreeMap<usize, Figures>>);

impl Results {
    /// Keeps what a piece of work gave in a repeat.
    pub fn keep(&mut self, work: Work, side: Side, repeat: usize, figures: Figures) {
        self.0.entry((work, side)).or_default().insert(repeat, figures);
    }

    /// The figures of every repeat that went well.
    pub fn of(&self, work: Work, side: Side) -> impl Iterator<Item = &Figures> {
        self.0.get(&(work, side)).into_iter().flat_map(BTreeMap::values)
    }

    /// The lines of the table: of every row its own, then memory and accuracy of every method.
    pub fn lines(&self, rows: &[Row], sides: &[Side]) -> Vec<Line> {
        let line = |what: String, unit: Unit, values: &dyn Fn(Side) -> Vec<f64>| {
            let values = sides.iter().map(|&side| (side, values(side))).collect();
            Line { what, unit, values }
        };
        let each = |row: Row, side: Side, figure: &dyn Fn(&Figures) -> f64| self.of(training(row), side).map(figure).collect();
        let own = |&row: &Row| match row {
            Row::Method(index) if METHODS[index].name == "feature_extraction" => {
                line("feature_extraction, 5 epochs from start to end".into(), Unit::Seconds, &|side| {
                    each(row, side, &|own| own.wall_seconds)
                })
            }
            Row::Method(_) => {
                line(format!("{}, training", row.name()), Unit::ExamplesPerSecond, &|side| each(row, side, &Figures::training_rate))
            }
            Row::Evaluation => line("evaluation".into(), Unit::ExamplesPerSecond, &|side| each(row, side, &Figures::evaluation_rate)),
            Row::Comparison => line("six methods compared, from start to end".into(), Unit::Seconds, &|side| match side {
                Side::Finetop => each(row, side, &|own| own.wall_seconds),
                _ => self.compared(side),
            }),
            Row::Start => line("start to first step".into(), Unit::Seconds, &|side| each(row, side, &|own| own.startup_seconds)),
        };
        let methods: Vec<Row> = rows.iter().copied().filter(|row| matches!(row, Row::Method(_))).collect();
        let memory =
            |&row: &Row| line(format!("{}, peak memory", row.name()), Unit::Memory, &|side| each(row, side, &|own| own.peak_memory_bytes));
        let accuracy = |&row: &Row| line(format!("{}, accuracy", row.name()), Unit::Accuracy, &|side| each(row, side, &|own| own.accuracy));
        rows.iter().map(own).chain(methods.iter().map(memory)).chain(methods.iter().map(accuracy)).collect()
    }

    /// Seconds of the six commands one after the other, of every repeat in which all went well.
    fn compared(&self, side: Side) -> Vec<f64> {
        let in_repeat = |work, repeat: &usize| self.0.get(&(work, side))?.get(repeat).map(|figures| figures.wall_seconds);
        let repeats = self.0.values().flat_map(BTreeMap::keys).copied().collect::<std::collections::BTreeSet<_>>();
        repeats.iter().filter_map(|repeat| compared().map(|work| in_repeat(work, repeat)).sum()).collect()
    }

    /// Every figure, for scripts.
    pub fn json(&self) -> Value {
        let entry = |(&(work, side), repeats): (&(Work, Side), &BTreeMap<usize, Figures>)| json!({"work": work.name(), "side": side.name(), "repeats": repeats.values().map(Figures::json).collect::<Vec<_>>()});
        self.0.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(wall_seconds: f64) -> Figures {
        Figures { wall_seconds, training_examples: 100.0, training_seconds: 2.0, ..Figures::default() }
    }

    #[test]
    fn six_commands_take_the_sum_of_their_times_and_a_repeat_with_a_gap_does_not_count() {
        let mut results = Results::default();
        for (index, work) in compared().enumerate() {
            results.keep(work, Side::Stock, 0, seconds(10.0));
            if index > 0 {
                results.keep(work, Side::Stock, 1, seconds(20.0));
            }
        }
        results.keep(Work::Experiment, Side::Finetop, 0, seconds(12.0));
        let lines = results.lines(&[Row::Comparison], &[Side::Finetop, Side::Stock]);
        assert_eq!(lines[0].values, [(Side::Finetop, vec![12.0]), (Side::Stock, vec![60.0])]);
    }

    #[test]
    fn a_method_has_lines_of_speed_memory_and_accuracy() {
        let mut results = Results::default();
        results.keep(Work::Train(0, 3), Side::Finetop, 0, seconds(1.0));
        let lines = results.lines(&Row::read("full,start").unwrap(), &[Side::Finetop]);
        let names: Vec<&str> = lines.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(names, ["full, training", "start to first step", "full, peak memory", "full, accuracy"]);
        assert_eq!(lines[0].values, [(Side::Finetop, vec![50.0])]);
    }
}
