//! What was foretold of a run that exists already: its memory, from its own specification, model and rows.

use crate::data::{self, read, splits, survey};
use crate::plan::cost;
use crate::pretrained::config;
use crate::spec::processor;
use crate::spec::run::RunSpec;

/// Bytes of the data files up to which they are read for it: whoever only looks on must stay small.
const MOST_BYTES: u64 = 32 << 20;

/// Peak memory in bytes that a plan of the run says; `None` where its model or rows cannot be read any more, or the rows are many.
pub fn memory_bytes(spec: &RunSpec) -> Option<u64> {
    let task = &spec.task;
    let paths = [Some(&task.train), task.validation.as_ref(), task.test.as_ref()];
    let sizes = paths.into_iter().flatten().map(|path| std::fs::metadata(path).map(|metadata| metadata.len()).ok());
    if sizes.sum::<Option<u64>>()? > MOST_BYTES {
        return None;
    }
    let backbone = config::read(&spec.model.folder).ok()?;
    let files = read::files(&task.train, task.validation.as_deref(), task.test.as_deref(), &task.columns).ok()?;
    data::check(&files, task).ok()?;
    let splits = splits::split(files, &splits::Carving::of(task)).ok()?;
    let survey = survey::survey(&splits, task.kind, &task.labels);
    Some(cost::cost(spec, &backbone, &survey, processor::multiplies_with_onednn()).memory_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_gone_or_too_many_foretell_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let golden = include_str!("../../tests/fixtures/golden/run.yaml");
        let mut spec: RunSpec = serde_yaml::from_str(golden).unwrap();
        spec.task.train = folder.path().join("train.tsv");
        (spec.task.validation, spec.task.test) = (None, None);
        assert_eq!(memory_bytes(&spec), None);
        std::fs::File::create(&spec.task.train).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert_eq!(memory_bytes(&spec), None, "it is not even read");
    }
}
