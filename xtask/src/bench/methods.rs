//! The rows of the table and what has to run for each. Every setting here is also in `benches/peers/fine_tune.py`.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// Rows per training step on both sides, where the options do not say.
pub const BATCH_SIZE: usize = 32;
/// Epochs of every method but feature extraction.
const EPOCHS: u32 = 3;
/// Feature extraction gains by epochs, as its encoder runs once.
const FEATURE_EPOCHS: u32 = 5;
/// The methods of the comparison, in its order.
pub const COMPARED: [&str; 6] = ["full", "feature_extraction", "lora", "houlsby_adapter", "prefix_tuning", "prompt_tuning"];

/// Where both sides have their tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// The first GPU.
    Cuda,
}

impl Device {
    /// Of this name.
    pub fn read(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            _ => bail!("--device {name}: cpu or cuda"),
        }
    }

    /// Its name on both sides.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Which environment has the peer's library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// PEFT and Transformers.
    Peft,
    /// AdapterHub's adapters.
    Adapters,
}

/// A method with the same settings on both sides.
#[derive(Debug)]
pub struct Method {
    /// Its name on both sides.
    pub name: &'static str,
    /// Peak learning rate, as written.
    pub learning_rate: &'static str,
    /// Its other keys in finetop's experiment file, in YAML's flow style: what the peer does by default.
    pub settings: &'static str,
    /// Who else has it.
    pub library: Library,
}

/// Every method that is measured.
pub const METHODS: [Method; 9] = [
    method("full", "5e-5", "", Library::Peft),
    method("feature_extraction", "1e-2", "head: {pooling: pooler, classifier: linear}", Library::Peft),
    method("lora", "2e-3", "rank: 8, alpha: 16, targets: [query, value]", Library::Peft),
    // PEFT's default for BERT takes in both layers whose names end in `output.dense`.
    method("ia3", "1e-2", "targets: [key, value, attention_output, ffn_down]", Library::Peft),
    method("bitfit", "5e-3", "", Library::Peft),
    method("houlsby_adapter", "2e-3", "reduction_factor: 16, activation: swish, train_layer_norms: false", Library::Adapters),
    method("pfeiffer_adapter", "2e-3", "reduction_factor: 16, activation: relu", Library::Adapters),
    // One rate for prefix or prompt and head: the Trainer has no other.
    method("prefix_tuning", "1e-2", "length: 20", Library::Peft),
    method("prompt_tuning", "1e-2", "length: 20, head: {pooling: peft}", Library::Peft),
];

const fn method(name: &'static str, learning_rate: &'static str, settings: &'static str, library: Library) -> Method {
    Method { name, learning_rate, settings, library }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Training of a method, by its place in [`METHODS`]: speed, memory, accuracy.
    Method(usize),
    /// Evaluation of the validation split.
    Evaluation,
    /// Six methods, one after the other or in one experiment.
    Comparison,
    /// From the command to the first step.
    Start,
}

impl Row {
    /// All rows, in the table's order.
    pub fn all() -> Vec<Self> {
        (0..METHODS.len()).map(Self::Method).chain([Self::Evaluation, Self::Comparison, Self::Start]).collect()
    }

    /// Its name in `--only`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method(index) => METHODS[index].name,
            Self::Evaluation => "evaluation",
            Self::Comparison => "comparison",
            Self::Start => "start",
        }
    }

    /// The rows of a list such as `lora,evaluation`.
    pub fn read(list: &str) -> Result<Vec<Self>> {
        let mut rows = BTreeSet::new();
        for name in list.split(',') {
            let Some(row) = Self::all().into_iter().find(|row| row.name() == name) else {
                let names: Vec<_> = Self::all().into_iter().map(Self::name).collect();
                bail!("--only knows no `{name}`: one of {}", names.join(", "));
            };
            rows.insert(row);
        }
        Ok(rows.into_iter().collect())
    }
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// finetop.
    Finetop,
    /// The library as its guides begin.
    Stock,
    /// The library with bf16 autocast and grouping by length.
    Tuned,
}

impl Side {
    /// Its column in the table and its key in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finetop => "finetop",
            Self::Stock => "stock",
            Self::Tuned => "tuned",
        }
    }
}

/// One thing that is run and timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// One method, by its place in [`METHODS`], for so many epochs.
    Train(usize, u32),
    /// One experiment of all that is compared; finetop alone has that.
    Experiment,
}

impl Work {
    /// What is said of it while it runs.
    pub fn name(self) -> String {
        match self {
            Self::Train(index, epochs) => format!("{}, {epochs} epochs", METHODS[index].name),
            Self::Experiment => "six methods in one experiment".into(),
        }
    }
}

/// The work that a row's own figures come from.
pub fn training(row: Row) -> Work {
    match row {
        Row::Method(index) if METHODS[index].name == "feature_extraction" => Work::Train(index, FEATURE_EPOCHS),
        Row::Method(index) => Work::Train(index, EPOCHS),
        Row::Comparison => Work::Experiment,
        Row::Evaluation | Row::Start => Work::Train(0, EPOCHS),
    }
}

/// The peers' side of the comparison: six commands. One after the other they take the sum of their times, so that those which other rows
/// run as well run once.
pub fn compared() -> impl Iterator<Item = Work> {
    let index = |name| METHODS.iter().position(|method| method.name == name).expect("what is compared is measured");
    COMPARED.into_iter().map(move |name| Work::Train(index(name), EPOCHS))
}

/// All that must run once in every repeat, finetop and its peers by turns.
pub fn work(rows: &[Row], sides: &[Side]) -> Vec<(Work, Side)> {
    let mut all: BTreeSet<(Work, Side)> = BTreeSet::new();
    for (&row, &side) in rows.iter().flat_map(|row| sides.iter().map(move |side| (row, side))) {
        if row == Row::Comparison && side != Side::Finetop {
            all.extend(compared().map(|work| (work, side)));
        } else {
            all.insert((training(row), side));
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name_and_kept_in_the_tables_order() {
        let names = |list: &str| Row::read(list).unwrap().into_iter().map(Row::name).collect::<Vec<_>>();
        assert_eq!(names("start,lora,full,lora"), ["full", "lora", "start"]);
        assert!(Row::read("lora,qlora").unwrap_err().to_string().contains("no `qlora`: one of full, feature_extraction"));
    }

    #[test]
    fn what_several_rows_need_runs_once_and_finetop_and_its_peers_take_turns() {
        let both = [Side::Finetop, Side::Stock];
        let full = Work::Train(0, 3);
        assert_eq!(work(&Row::read("full,evaluation,start").unwrap(), &both), [(full, Side::Finetop), (full, Side::Stock)]);
    }

    #[test]
    fn the_comparison_is_one_experiment_against_six_commands() {
        let work = work(&[Row::Comparison], &[Side::Finetop, Side::Stock, Side::Tuned]);
        let of = |side| work.iter().filter(|(_, other)| *other == side).count();
        assert_eq!((of(Side::Finetop), of(Side::Stock), of(Side::Tuned)), (1, 6, 6));
    }
}
