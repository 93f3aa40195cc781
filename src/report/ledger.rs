//! Parameters and storage of several runs as tables of 76 columns, and of one run as lines. Must not know where they are shown.

use crate::report::columns::{Align, WIDTH, aligned};
use crate::report::number::{bytes, grouped};
use crate::run::event::Ledger;
use crate::run::storage::{Storage, TASKS};

/// Letters of a run's name that are always shown.
const LEAST_NAME: usize = 12;

/// A run as the tables show it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Its parameters.
    pub ledger: &'a Ledger,
    /// What they take.
    pub storage: &'a Storage,
}

/// Parameters by role, a line a run.
pub fn parameters(rows: &[Row]) -> String {
    let heading = ["TRAINABLE", "%", "BACKBONE", "NORMS", "METHOD", "HEAD"];
    let of_run = |row: &Row| {
        let Ledger { total, trainable, backbone_trainable, norms, method, head, .. } = *row.ledger;
        let share = percent(trainable as f64 / total.max(1) as f64);
        let mut cells = vec![grouped(trainable), share];
        cells.extend([backbone_trainable, norms, method, head].map(grouped));
        cells
    };
    named_table(&heading, &[Align::Right; 6], rows.iter().map(|row| (row.name, of_run(row))).collect())
}

/// Bytes in the optimizer, per task and for many tasks, a line a run; at the end what whole models would take.
pub fn storage(rows: &[Row]) -> String {
    let tasks = TASKS.map(|tasks| format!("{} TASKS", grouped(tasks)));
    let mut heading = vec!["OPTIMIZER", "PER TASK"];
    heading.extend(tasks.iter().map(String::as_str));
    let of_run = |row: &Row| {
        let mut cells = vec![bytes(row.storage.optimizer_bytes), bytes(row.storage.task_bytes)];
        cells.extend(row.storage.tasks.map(|many| bytes(many.bytes)));
        cells
    };
    let mut lines: Vec<(&str, Vec<String>)> = rows.iter().map(|row| (row.name, of_run(row))).collect();
    if let Some(largest) = rows.iter().map(|row| row.storage).max_by_key(|storage| storage.whole_model_bytes) {
        let mut cells = vec![String::new(), bytes(largest.whole_model_bytes)];
        cells.extend(largest.tasks.map(|many| bytes(many.whole_models_bytes)));
        lines.push(("(whole models)", cells));
    }
    named_table(&heading, &[Align::Right; 2 + TASKS.len()], lines)
}

/// A table whose first column, the name, is shortened so that a line fits.
pub fn named_table(heading: &[&str], aligns: &[Align], rows: Vec<(&str, Vec<String>)>) -> String {
    let width_of = |column: usize| rows.iter().map(|(_, cells)| cells[column].chars().count()).chain([heading[column].len()]).max();
    let others: usize = (0..heading.len()).filter_map(width_of).map(|width| width + 2).sum();
    let room = WIDTH.saturating_sub(others).max(LEAST_NAME);
    let line = |name: &str, cells: Vec<String>| [vec![shortened(name, room)], cells].concat();
    let mut lines = vec![line("RUN", heading.iter().map(|&head| head.to_owned()).collect())];
    lines.extend(rows.into_iter().map(|(name, cells)| line(name, cells)));
    aligned(&[&[Align::Left], aligns].concat(), &lines)
}

/// A name in at most `room` letters, shortened in its middle.
fn shortened(name: &str, room: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= room {
        return name.to_owned();
    }
    let back = (room - 1) / 2;
    letters[..room - 1 - back].iter().chain(['…'].iter()).chain(&letters[letters.len() - back..]).collect()
}

/// A run's parameters, storage and inference as named lines; the same name on several lines is written once.
pub fn lines(ledger: &Ledger, storage: &Storage) -> Vec<(&'static str, String)> {
    let Ledger { total, trainable, backbone_trainable, norms, method, head, .. } = *ledger;
    let share = percent(trainable as f64 / total.max(1) as f64);
    let parts = [("backbone", backbone_trainable), ("norms", norms), ("method", method), ("head", head)];
    let parts: Vec<String> = parts.into_iter().map(|(name, count)| format!("{name} {}", grouped(count))).collect();
    let base = match storage.base_bytes {
        0 => "a whole model".to_owned(),
        shared => format!("beside one base of {} for all", bytes(shared)),
    };
    let mut lines = vec![
        ("parameters", format!("{} of {} trainable ({share} %)", grouped(trainable), grouped(total))),
        ("", parts.join(", ")),
        ("optimizer", format!("{}, two moments in fp32", bytes(storage.optimizer_bytes))),
        ("storage", format!("{} per task, {base}", bytes(storage.task_bytes))),
    ];
    for many in storage.tasks {
        let (kept, whole) = (bytes(many.bytes), bytes(many.whole_models_bytes));
        lines.push(("", format!("{kept} for {} tasks; {whole} as whole models", grouped(many.tasks))));
    }
    if storage.merged_parameters > 0 {
        lines.push(("inference", format!("{} parameters merge into the backbone's weights", grouped(storage.merged_parameters))));
    } else {
        lines.push(("inference", storage.inference.sentence()));
    }
    lines
}

/// A share as per cent, with as many decimals as a small one needs.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 0.1 { format!("{percent:.4}") } else { format!("{percent:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ledger::closed_form;
    use crate::spec::backbone::Backbone;
    use crate::spec::method::Method;

    #[test]
    fn tables_of_every_method_fit_a_terminal_also_for_a_large_model_and_long_names() {
        let backbone = Backbone::bert(24, 1024, 16);
        let counted: Vec<(String, Ledger, Storage)> = Method::defaults()
            .iter()
            .map(|method| {
                let ledger = closed_form(method, &method.default_head(&backbone, true), 150, &backbone);
                (format!("{}-with-a-name-that-is-long-s1", method.about().name), ledger, Storage::new(&ledger, method))
            })
            .collect();
        let rows: Vec<Row> = counted.iter().map(|(name, ledger, storage)| Row { name, ledger, storage }).collect();
        let text = format!("{}\n{}", parameters(&rows), storage(&rows));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text);
    }
}
