//! The table of ratios: medians, and how many times better finetop is. Pure; Markdown that is aligned for a terminal too.

use crate::bench::figures::median;
use crate::bench::methods::Side;

/// What stands in a cell that nothing was measured for.
const NOTHING: &str = "–";

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows per second: more is better.
    ExamplesPerSecond,
    /// Less is better.
    Seconds,
    /// Bytes, written in mebibytes: less is better.
    Memory,
    /// A share of 1: shown, not compared.
    Accuracy,
}

/// A row of the table.
#[derive(Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// In what.
    pub unit: Unit,
    /// The figures of every repeat, by side, in the table's order.
    pub values: Vec<(Side, Vec<f64>)>,
}

impl Line {
    fn median(&self, wanted: Side) -> Option<f64> {
        let (_, values) = self.values.iter().find(|(side, _)| *side == wanted)?;
        median(values)
    }

    /// How many times better finetop is than a peer.
    fn ratio(&self, peer: Side) -> Option<f64> {
        let (own, other) = (self.median(Side::Finetop)?, self.median(peer)?);
        match self.unit {
            Unit::ExamplesPerSecond => Some(own / other),
            Unit::Seconds | Unit::Memory => Some(other / own),
            Unit::Accuracy => None,
        }
    }
}

fn shown(unit: Unit, value: f64) -> String {
    match unit {
        Unit::ExamplesPerSecond => format!("{value:.0}/s"),
        Unit::Seconds => format!("{value:.1} s"),
        Unit::Memory => format!("{:.0} MiB", value / 1_048_576.0),
        Unit::Accuracy => format!("{:.1} %", value * 100.0),
    }
}

/// The table, a line of text per row; `sides` begins with finetop.
pub fn table(lines: &[Line], sides: &[Side]) -> String {
    let peers: Vec<Side> = sides.iter().copied().filter(|side| *side != Side::Finetop).collect();
    let mut rows = vec![heading(&peers)];
    for line in lines {
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
        let values = sides.iter().map(|&side| or_nothing(line.median(side).map(|value| shown(line.unit, value))));
        let ratios = peers.iter().map(|&peer| or_nothing(line.ratio(peer).map(|ratio| format!("{ratio:.2}"))));
        rows.push(std::iter::once(line.what.clone()).chain(values).chain(ratios).collect());
    }
    aligned(&rows)
}

fn heading(peers: &[Side]) -> Vec<String> {
    let names = ["measured", Side::Finetop.name()].into_iter().chain(peers.iter().map(|peer| peer.name()));
    names.map(str::to_owned).chain(peers.iter().map(|peer| format!("× {}", peer.name()))).collect()
}

/// A Markdown table whose columns line up: the first to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let row = |cells: &Vec<String>| {
        let cells = cells.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = |(column, &width): (usize, &usize)| if column == 0 { "-".repeat(width + 2) } else { "-".repeat(width + 1) + ":" };
    let rule = format!("|{}|\n", widths.iter().enumerate().map(rule).collect::<Vec<_>>().join("|"));
    let mut lines: Vec<String> = rows.iter().map(row).collect();
    lines.insert(1, rule);
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(what: &str, unit: Unit, values: [&[f64]; 3]) -> Line {
        let sides = [Side::Finetop, Side::Stock, Side::Tuned];
        Line { what: what.into(), unit, values: sides.into_iter().zip(values.map(<[f64]>::to_vec)).collect() }
    }

    #[test]
    fn a_ratio_above_one_means_that_finetop_is_better_whatever_the_unit() {
        let lines = [
            line("full", Unit::ExamplesPerSecond, [&[85.0, 90.0, 80.0], &[42.5], &[170.0]]),
            line("start", Unit::Seconds, [&[0.9], &[9.0], &[]]),
            line("memory, full", Unit::Memory, [&[1_048_576.0 * 400.0], &[1_048_576.0 * 1000.0], &[1_048_576.0 * 1000.0]]),
            line("accuracy, full", Unit::Accuracy, [&[0.845], &[0.85], &[0.8]]),
        ];
        let expected = "\
| measured       | finetop |    stock |    tuned | × stock | × tuned |
|----------------|--------:|---------:|---------:|--------:|--------:|
| full           |    85/s |     42/s |    170/s |    2.00 |    0.50 |
| start          |   0.9 s |    9.0 s |        – |   10.00 |       – |
| memory, full   | 400 MiB | 1000 MiB | 1000 MiB |    2.50 |    2.50 |
| accuracy, full |  84.5 % |   85.0 % |   80.0 % |       – |       – |
";
        assert_eq!(table(&lines, &[Side::Finetop, Side::Stock, Side::Tuned]), expected);
    }

    #[test]
    fn a_side_that_is_not_measured_has_no_column() {
        let lines = [line("full", Unit::ExamplesPerSecond, [&[80.0], &[], &[40.0]])];
        let text = table(&lines, &[Side::Finetop, Side::Tuned]);
        assert!(!text.contains("stock") && text.ends_with("| full     |    80/s |  40/s |    2.00 |\n"), "{text}");
    }
}
