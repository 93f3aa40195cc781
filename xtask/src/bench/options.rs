//! The arguments of `cargo xtask bench`.

use std::path::PathBuf;
use std::thread::available_parallelism;

use anyhow::{Context, Result, bail};

use crate::bench::methods::{BATCH_SIZE, Device, Row, Side};
use crate::peers::Chosen;

const USAGE: &str = "--only ROW,… --repeats N --rows N --threads N --batch N --device cpu|cuda --stock --tuned --data FOLDER --precision NAME --python PATH \
                     --python-adapters PATH --programs FOLDER --json FILE";

/// What to measure and how.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Rows of the table.
    pub rows: Vec<Row>,
    /// finetop, and the peers that are measured beside it.
    pub sides: Vec<Side>,
    /// Times that all is run; the table has medians.
    pub repeats: usize,
    /// Training rows at most.
    pub training_rows: usize,
    /// Processor threads on both sides.
    pub threads: usize,
    /// Rows of a training step on both sides.
    pub batch_size: usize,
    /// Where both sides have their tensors.
    pub device: Device,
    /// Folder with train.tsv and validation.tsv or dev.tsv, in place of the project's own.
    pub data: Option<PathBuf>,
    /// finetop's `precision`, where it is not its default.
    pub precision: Option<String>,
    /// Pythons of the user's.
    pub pythons: Chosen,
    /// Folder with finetop and finetop-worker, in place of a release build.
    pub programs: Option<PathBuf>,
    /// Where every figure goes.
    pub json: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            rows: Row::all(),
            sides: Vec::new(),
            repeats: 3,
            training_rows: 2000,
            threads: available_parallelism().map_or(1, usize::from),
            batch_size: BATCH_SIZE,
            device: Device::Cpu,
            data: None,
            precision: None,
            pythons: Chosen::default(),
            programs: None,
            json: None,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut value = || rest.next().with_context(|| format!("`{name}` needs a value: {USAGE}"));
            match name.as_str() {
                "--stock" => options.sides.push(Side::Stock),
                "--tuned" => options.sides.push(Side::Tuned),
                "--only" => options.rows = Row::read(value()?)?,
                "--repeats" => options.repeats = count(name, value()?)?,
                "--rows" => options.training_rows = count(name, value()?)?,
                "--threads" => options.threads = count(name, value()?)?,
                "--batch" => options.batch_size = count(name, value()?)?,
                "--device" => options.device = Device::read(value()?)?,
                "--data" => options.data = Some(value()?.into()),
                "--precision" => options.precision = Some(value()?.clone()),
                "--python" => options.pythons.peft = Some(value()?.into()),
                "--python-adapters" => options.pythons.adapters = Some(value()?.into()),
                "--programs" => options.programs = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                unknown => bail!("`bench` knows no `{unknown}`: {USAGE}"),
            }
        }
        if options.sides.is_empty() {
            options.sides = vec![Side::Stock, Side::Tuned];
        }
        options.sides.push(Side::Finetop);
        options.sides.sort();
        options.sides.dedup();
        Ok(options)
    }
}

fn count(name: &str, value: &str) -> Result<usize> {
    match value.parse() {
        Ok(count @ 1..) => Ok(count),
        _ => bail!("{name} {value}: a whole number from 1 on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options> {
        Options::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_everything_is_measured_against_both_peers() {
        let options = read("").unwrap();
        assert_eq!(options.rows, Row::all());
        assert_eq!(options.sides, [Side::Finetop, Side::Stock, Side::Tuned]);
        assert_eq!((options.repeats, options.training_rows), (3, 2000));
        assert_eq!((options.batch_size, options.device), (32, Device::Cpu));
        assert!(options.threads >= 1 && options.precision.is_none());
    }

    #[test]
    fn each_argument_replaces_one_default() {
        let options = read(
            "--only lora --repeats 1 --rows 64 --threads 2 --batch 8 --device cuda --tuned --data d --precision bf16 --python p --json j",
        )
        .unwrap();
        assert_eq!(options.rows, Row::read("lora").unwrap());
        assert_eq!(options.sides, [Side::Finetop, Side::Tuned]);
        assert_eq!((options.repeats, options.training_rows, options.threads), (1, 64, 2));
        assert_eq!((options.batch_size, options.device), (8, Device::Cuda));
        assert_eq!((options.data, options.json), (Some("d".into()), Some("j".into())));
        assert_eq!((options.precision.as_deref(), options.pythons.peft), (Some("bf16"), Some("p".into())));
    }

    #[test]
    fn a_mistake_names_the_argument_and_what_may_be_there() {
        for (line, expected) in [
            ("--rows", "`--rows` needs a value"),
            ("--repeats 0", "--repeats 0: a whole number"),
            ("--device tpu", "--device tpu: cpu or cuda"),
            ("fast", "no `fast`"),
        ] {
            assert!(read(line).unwrap_err().to_string().contains(expected), "{line}");
        }
    }
}
