//! `finetop predict` with the real worker: the answers, their order, their forms, and what is no answer.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::flow::Place;

const RUNS: &str = "epochs: 4\nprecision: fp32\nruns:\n  - {method: full, lr: 3e-3}\n  - {method: lora, rank: 2, lr: 3e-2}\n  - {method: pfeiffer_adapter, name: adapter, lr: 1e-2}\n";

fn trained(runs: &str) -> Place {
    let place = Place::new(runs);
    let output = place.finetop(&["run", "tiny.yaml", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    place
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn records(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

/// Batches of another shape may differ in the last bits.
fn assert_same(a: &Value, b: &Value) {
    assert_eq!(a["label"], b["label"]);
    let probabilities = |record: &Value| record["probabilities"].as_object().unwrap().clone();
    for (label, probability) in probabilities(a) {
        let difference = probability.as_f64().unwrap() - probabilities(b)[&label].as_f64().unwrap();
        assert!(difference.abs() < 1e-5, "{a} is not {b}");
    }
}

#[test]
fn a_file_a_stream_and_several_runs_at_once_give_the_same_answers_in_order() {
    let place = trained(RUNS);
    let results: Value = serde_json::from_slice(&place.finetop(&["list", "--json"]).stdout).unwrap();
    let mut alone = Vec::new();
    for run in results["runs"].as_array().unwrap() {
        let id = run["run"].as_str().unwrap();
        let output = place.finetop(&["predict", "--run", id, "test.tsv", "--batch-size", "7"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let accuracy = format!("{id}: accuracy {:.4}", run["test"]["accuracy"].as_f64().unwrap());
        assert!(text(&output.stderr).starts_with(&accuracy), "no {accuracy:?} in {output:?}");
        alone.push((id, records(&output)));
    }
    let texts = fs::read_to_string(place.path().join("test.tsv")).unwrap();
    let texts: String = texts.lines().skip(1).map(|row| row.split('\t').next().unwrap().to_owned() + "\n").collect();
    let streamed = with_input(place.command(&["predict", "--run", "lora"]), texts.as_bytes());
    let (_, of_lora) = &alone[1];
    let streamed = records(&streamed);
    assert_eq!(streamed.len(), of_lora.len());
    for (streamed, of_file) in streamed.iter().zip(of_lora) {
        assert_same(streamed, of_file);
    }

    let together = place.finetop(&["predict", "--run", "full", "--run", "lora", "--run", "adapter", "-v", "test.tsv"]);
    assert!(text(&together.stderr).starts_with("1 base model loaded once in "), "{together:?}");
    let together = records(&together);
    assert_eq!(together.len(), 3 * of_lora.len());
    for (index, record) in together.iter().enumerate() {
        let (id, alone) = &alone[index % 3];
        assert_eq!((record["run"].as_str(), record["line"].as_u64()), (Some(*id), Some(index as u64 / 3 + 2)));
        assert_same(record, &alone[index / 3]);
    }
}

#[test]
fn a_line_is_answered_before_the_next_one_is_written_and_a_reader_may_leave() {
    let place = trained("epochs: 1\nruns: [{method: lora, rank: 2}]\n");
    let mut child =
        place.command(&["predict", "--run", "lora"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        writeln!(stdin, "red cat runs").unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.starts_with("{\"label\":\"") && answer.contains("\"probabilities\":{\"blue\":"), "{answer:?}");
    }
    drop(stdout);
    // Writing fails as soon as it has noticed.
    while writeln!(stdin, "red cat runs").is_ok() {}
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn every_form_has_an_answer_per_line_also_for_lines_without_a_text() {
    let place = trained("epochs: 1\nruns: [{method: lora, rank: 2}, {method: feature_extraction, name: features}]\n");
    let long = "red ".repeat(40);
    let input = [b"red cat\n\n\xff\n", long.as_bytes(), b"\nblue \x1b[31mdog\tx"].concat();
    let predict = |arguments: &[&str]| with_input(place.command(&[&["predict", "--run", "lora"], arguments].concat()), &input);

    let output = predict(&[]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("line 4 is longer than 16 tokens") && stderr.contains("2 inputs could not be answered"), "{stderr}");
    let answers = records(&output);
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[1]["error"], "the text is empty");
    assert_eq!(answers[2]["error"], "broken UTF-8: byte 1 of the line is 0xff");
    assert!(answers[4]["label"].is_string());

    let tsv = text(&predict(&["--format", "tsv"]).stdout);
    let rows: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows[0], ["label", "blue", "green", "red"]);
    assert_eq!((rows.len(), rows[2].join("")), (6, String::new()));
    let sum: f64 = rows[1][1..].iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");

    let plain = predict(&["--format", "text", "--run", "features"]);
    assert!(!plain.stdout.contains(&0x1b) && !plain.stderr.contains(&0x1b));
    let lines: Vec<_> = std::str::from_utf8(&plain.stdout).unwrap().lines().collect();
    assert_eq!(lines.len(), 10);
    assert!(lines[9].starts_with("tiny-1/features  ") && lines[9].ends_with("blue \\u{1b}[31mdog\\tx"), "{}", lines[9]);
    assert!(lines[2].contains("no answer to line 2: the text is empty"), "{}", lines[2]);
}

#[test]
fn pairs_and_numbers_are_predicted_as_they_were_trained() {
    let place = Place::new("");
    let (mut pairs, mut scores) = ("a\tb\tlabel\n".to_owned(), "text\tlabel\n".to_owned());
    for row in 0..24 {
        let (first, second) = (["red", "green"][row % 2], ["red", "green"][row / 2 % 2]);
        writeln!(pairs, "{first} cat\t{second} dog\t{}", if first == second { "same" } else { "other" }).unwrap();
        writeln!(scores, "{first} {second}\t{}", row % 4).unwrap();
    }
    fs::write(place.path().join("pairs.tsv"), pairs).unwrap();
    fs::write(place.path().join("scores.tsv"), scores).unwrap();
    let head = |name: &str, data: &str| {
        format!(
            "name: {name}\nmodel: model\ndata: {{{data}, max_length: 16}}\nbatch_size: 8\nepochs: 1\nruns: [{{method: full, name: {name}}}]\n"
        )
    };
    let write = |name: &str, data: &str| {
        fs::write(place.path().join(format!("{name}.yaml")), head(name, data)).unwrap();
        let output = place.finetop(&["run", &format!("{name}.yaml"), "--headless"]);
        assert!(output.status.success(), "{output:?}");
    };
    write("pair", "train: pairs.tsv, validation: pairs.tsv, columns: {text: a, text_pair: b}");
    write("score", "kind: regression, train: scores.tsv, validation: scores.tsv");

    let of_file = records(&place.finetop(&["predict", "--run", "pair", "pairs.tsv"]));
    let streamed = with_input(place.command(&["predict", "--run", "pair"]), b"red cat\tred dog\nred cat\n");
    assert_eq!(streamed.status.code(), Some(1));
    let streamed = records(&streamed);
    assert_same(&of_file[0], &streamed[0]);
    assert_eq!(streamed[1]["error"], "1 texts; a tab must separate the two texts of a pair");
    fs::write(place.path().join("other.tsv"), "x\ty\nred cat\tred dog\n").unwrap();
    let other = records(&place.finetop(&["predict", "--run", "pair", "--column", "x", "--column", "y", "other.tsv"]));
    assert_same(&other[0], &streamed[0]);
    let missing = place.finetop(&["predict", "--run", "pair", "other.tsv"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("other.tsv:1: no column \"a\"; found: \"x\", \"y\""), "{missing:?}");

    let output = place.finetop(&["predict", "--run", "score", "scores.tsv"]);
    assert!(text(&output.stderr).starts_with("score-1/score: pearson "), "{output:?}");
    assert!(records(&output).iter().all(|record| record["value"].is_f64()), "{output:?}");
    let both = place.finetop(&["predict", "--run", "score", "--run", "pair", "scores.tsv"]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(text(&both.stderr), "error: score-1/score judges single texts, pair-1/pair pairs of texts; ask them apart\n");
}

#[test]
fn what_cannot_predict_is_said_on_one_line() {
    let place = trained("epochs: 1\nruns: [{method: lora, rank: 2}]\n");
    let problem = |arguments: &[&str]| {
        let output = place.finetop(&[&["predict", "--run"], arguments].concat());
        let stderr = text(&output.stderr);
        assert_eq!((output.status.code(), stderr.lines().count(), output.stdout.len()), (Some(2), 1, 0), "{stderr}");
        stderr
    };
    assert!(problem(&["prefix"]).starts_with("error: there is no run \"prefix\"; there are: tiny-1/lora"));
    assert!(problem(&["lora", "no-file.txt"]).starts_with("error: cannot read no-file.txt: No such file"));
    assert!(problem(&["lora", "model"]).contains("model is a folder"));
    let checkpoint = place.path().join("runs/tiny-1/lora/checkpoints/best.safetensors");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    assert!(problem(&["lora", "test.tsv"]).contains("best.safetensors"));
    fs::remove_file(&checkpoint).unwrap();
    assert!(problem(&["lora", "test.tsv"]).contains("tiny-1/lora is finished"));
    fs::write(&checkpoint, &bytes).unwrap();
    fs::remove_dir_all(place.path().join("model")).unwrap();
    assert!(problem(&["lora", "test.tsv"]).starts_with("error: the base model of tiny-1/lora is gone: model was in "));
}
