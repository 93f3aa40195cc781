//! The data set that ships with the program: enough texts, balanced, well formed, no leaks between splits.

use std::collections::BTreeSet;
use std::fs;

const SPLITS: [&str; 3] = ["train", "validation", "test"];
const LABELS: [&str; 2] = ["happened", "not_happened"];
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/did-it-happen");

fn raw(split: &str) -> String {
    let path = format!("{FOLDER}/{split}.tsv");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The (text, label) rows of a split, without the header.
fn rows(split: &str) -> Vec<(String, String)> {
    raw(split)
        .lines()
        .skip(1)
        .map(|line| {
            let (text, label) = line.split_once('\t').expect("a tab in every line");
            (text.to_owned(), label.to_owned())
        })
        .collect()
}

/// The lower-cased words of a text in their order; apostrophes belong to words.
fn sequence(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The set of lower-cased words of a text.
fn words(text: &str) -> BTreeSet<String> {
    sequence(text).into_iter().collect()
}

/// How many words two texts share, and how many they have together.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> (usize, usize) {
    let shared = a.intersection(b).count();
    (shared, a.len() + b.len() - shared)
}

#[test]
fn the_data_set_has_at_least_1200_distinct_texts() {
    let mut seen = BTreeSet::new();
    for split in SPLITS {
        for (text, _) in rows(split) {
            // Case and punctuation alone do not make a text distinct.
            assert!(seen.insert(sequence(&text)), "{split}: again: {text}");
        }
    }
    assert!(seen.len() >= 1200, "only {} texts", seen.len());
}

#[test]
fn no_text_has_a_near_duplicate_in_another_split() {
    let splits: Vec<Vec<(String, BTreeSet<String>)>> = SPLITS
        .iter()
        .map(|split| {
            rows(split)
                .into_iter()
                .map(|(text, _)| {
                    let words = words(&text);
                    (text, words)
                })
                .collect()
        })
        .collect();
    for (i, left) in splits.iter().enumerate() {
        for right in &splits[i + 1..] {
            for (a, a_words) in left {
                for (b, b_words) in right {
                    let (shared, together) = overlap(a_words, b_words);
                    // Jaccard similarity below 0.6, in whole numbers.
                    assert!(shared * 10 < together * 6, "too alike:\n  {a}\n  {b}");
                }
            }
        }
    }
}

#[test]
fn every_split_has_about_as_many_texts_of_each_label() {
    for split in SPLITS {
        let rows = rows(split);
        for label in LABELS {
            let count = rows.iter().filter(|(_, l)| l == label).count();
            assert!(
                count * 100 >= rows.len() * 45 && count * 100 <= rows.len() * 55,
                "{split}: {count} of {} texts are {label}",
                rows.len()
            );
        }
    }
}

#[test]
fn every_line_is_a_text_a_tab_and_a_known_label() {
    for split in SPLITS {
        let raw = raw(split);
        assert!(raw.ends_with('\n'), "{split}: no line end at the end");
        assert!(!raw.contains('\r'), "{split}: a carriage return");
        let mut lines = raw.lines();
        assert_eq!(lines.next(), Some("text\tlabel"), "{split}: the header");
        for line in lines {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 2, "{split}: {line}");
            assert!(LABELS.contains(&fields[1]), "{split}: {line}");
            let text = fields[0];
            assert_eq!(text, text.trim(), "{split}: spaces around a text");
            assert!(!text.contains("  "), "{split}: a double space: {text}");
            assert!(!text.contains('"'), "{split}: a double quote: {text}");
            assert!(!text.chars().any(char::is_control), "{split}: a control character: {text:?}");
            let count = text.split_whitespace().count();
            assert!((5..=30).contains(&count), "{split}: {count} words: {text}");
        }
    }
}
