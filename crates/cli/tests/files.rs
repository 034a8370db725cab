//! A finished run on files of other formats than it was trained on, and on rows that are empty.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{Workplace, code, stderr};
use serde_json::Value;

fn trained() -> Workplace {
    let workplace = Workplace::new(2, 2);
    workplace.succeed(&["train", "tasks.toml", "--out", "run"]);
    workplace
}

fn predict(workplace: &Workplace, task: &str, input: &str) -> Vec<Value> {
    workplace.succeed(&["predict", "run", "--task", task, "--input", input, "--output", "out.jsonl"]);
    workplace.read("out.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_ending_of_a_file_tells_its_format() {
    let workplace = trained();
    workplace.write("new.jsonl", "{\"text\": \"the good day\"}\n{\"text\": \"bad, night\"}\n");
    workplace.write("new.csv", "text,id\nthe good day,1\n\"bad, night\",2\n");
    workplace.write("new.tsv", "id\ttext\n1\tthe good day\n2\tbad, night\n");
    let expected = predict(&workplace, "mood", "new.jsonl");
    assert_eq!(expected.len(), 2);
    assert_eq!(predict(&workplace, "mood", "new.csv"), expected);
    assert_eq!(predict(&workplace, "mood", "new.tsv"), expected);

    workplace.write("words.conll", "the\ngood\n\nday\n");
    workplace.write("words.jsonl", "{\"word\": [\"the\", \"good\"]}\n{\"word\": \"day\"}\n");
    workplace.write("words.conllu", &["1\tthe", "2\tgood", "", "1\tday", ""].map(conllu).concat());
    let expected = predict(&workplace, "class", "words.conll");
    assert_eq!(expected[0]["labels"].as_array().unwrap().len(), 2);
    assert_eq!(predict(&workplace, "class", "words.jsonl"), expected);
    assert_eq!(predict(&workplace, "class", "words.conllu"), expected);
}

fn conllu(word: &str) -> String {
    if word.is_empty() { "\n".to_owned() } else { format!("{word}\t_\t_\t_\t_\t0\troot\t_\t_\n") }
}

#[test]
fn a_file_of_another_format_scores_the_same() {
    let workplace = trained();
    let rows = workplace.read("mood.dev.jsonl");
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        format!("{},{}\n", row["label"].as_str().unwrap(), row["text"].as_str().unwrap())
    };
    workplace.write("mood.csv", &format!("label,text\n{}", rows.lines().map(row).collect::<String>()));
    let score = |file| workplace.succeed(&["eval", "run", "--task", "mood", "--json", "--file", file]);
    assert_eq!(score("mood.csv"), score("mood.dev.jsonl"));
}

#[test]
fn a_format_that_is_set_holds_for_every_file() {
    let workplace = Workplace::new(2, 2);
    std::fs::rename(workplace.path("mood.train.jsonl"), workplace.path("mood.csv")).unwrap();
    workplace.change_config("train = \"mood.train.jsonl\"", "format = \"jsonl\"\ntrain = \"mood.csv\"");
    workplace.succeed(&["train", "tasks.toml", "--out", "run"]);
    std::fs::rename(workplace.path("mood.dev.jsonl"), workplace.path("mood.dev.tsv")).unwrap();
    assert_eq!(predict(&workplace, "mood", "mood.dev.tsv").len(), 6);
}

#[test]
fn an_empty_line_between_rows_is_an_error_and_at_the_end_is_none() {
    let workplace = trained();
    workplace.write("new.tsv", "text\tid\nthe day\t1\n\nthe night\t2\n");
    let arguments = ["predict", "run", "--task", "mood", "--input", "new.tsv", "--output", "out.jsonl"];
    let error = workplace.fail(&arguments, 2);
    assert!(error.starts_with("error: new.tsv:3:1: the line is empty, and rows follow it"), "{error}");
    assert!(!workplace.exists("out.jsonl"));
    workplace.write("new.tsv", "text\tid\nthe day\t1\nthe night\t2\n\n\n");
    assert_eq!(predict(&workplace, "mood", "new.tsv").len(), 2);
    workplace.write("new.tsv", "text\nthe day\n\nthe night\n");
    assert_eq!(predict(&workplace, "mood", "new.tsv").len(), 3, "an empty text in a single column");
}

#[test]
fn a_dash_is_a_stream() {
    let workplace = trained();
    let rows = workplace.read("mood.dev.jsonl");
    let expected = predict(&workplace, "mood", "mood.dev.jsonl");
    let lines =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    let arguments = ["predict", "run", "--task", "mood", "--output", "-", "--input"];
    let out = workplace.succeed(&[&arguments[..], &["mood.dev.jsonl"]].concat());
    assert_eq!(lines(&out), expected, "nothing but predictions");
    let piped = |text: &str| {
        let mut child = workplace
            .command(&[&arguments[..], &["-"]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = piped(&rows);
    assert_eq!(lines(std::str::from_utf8(&output.stdout).unwrap()), expected);
    let refused = piped("{\"txt\": \"good\"}\n");
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("stdin:1:1: no column \"text\""), "{}", stderr(&refused));
    assert!(!workplace.exists("-"));
}
