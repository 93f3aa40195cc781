//! The name that a misspelt one was meant to be.

/// Names of other programs for keys of ours.
const SYNONYMS: [(&str, &str); 23] = [
    ("learning_rate", "lr"),
    ("num_train_epochs", "epochs"),
    ("num_epochs", "epochs"),
    ("per_device_train_batch_size", "batch_size"),
    ("train_batch_size", "batch_size"),
    ("gradient_accumulation_steps", "gradient_accumulation"),
    ("gradient_checkpointing", "activation_recomputation"),
    ("lr_scheduler_type", "schedule"),
    ("lr_scheduler", "schedule"),
    ("warmup_ratio", "warmup"),
    ("warmup_steps", "warmup"),
    ("layerwise_lr_decay", "layer_decay"),
    ("label_smoothing_factor", "label_smoothing"),
    ("r", "rank"),
    ("lora_alpha", "alpha"),
    ("lora_dropout", "dropout"),
    ("target_modules", "targets"),
    ("dataset", "data"),
    ("base_model", "model"),
    ("model_name_or_path", "model"),
    ("methods", "runs"),
    ("max_seq_length", "max_length"),
    ("dropout", "backbone_dropout"),
];

/// The accepted name nearest to `name`, if one is near enough: a known synonym, or at most a third of its letters differ.
pub fn nearest<'a>(name: &str, accepted: &[&'a str]) -> Option<&'a str> {
    let synonym = SYNONYMS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    if let Some(found) = accepted.iter().find(|candidate| synonym == Some(**candidate)) {
        return Some(found);
    }
    let lower = name.to_lowercase().replace('-', "_");
    let distances = accepted.iter().map(|candidate| (distance(&lower, candidate), *candidate));
    let (edits, candidate) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= candidate.chars().count().max(3) / 3).then_some(candidate)
}

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn one into the other (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(64).collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_swapped_and_foreign_names_are_recognised() {
        let accepted = ["rank", "lr", "epochs", "batch_size", "early_stopping"];
        for (name, meant) in [
            ("rnak", "rank"),
            ("epoch", "epochs"),
            ("Batch-Size", "batch_size"),
            ("earlystopping", "early_stopping"),
            ("learning_rate", "lr"),
        ] {
            assert_eq!(nearest(name, &accepted), Some(meant));
        }
        assert_eq!(nearest("colour", &accepted), None);
        assert_eq!(nearest("", &accepted), None);
    }

    #[test]
    fn distances_are_those_of_the_literature() {
        assert_eq!((distance("kitten", "sitting"), distance("ab", "ba"), distance("", "abc")), (3, 1, 3));
    }
}
