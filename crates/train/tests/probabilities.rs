//! Tasks that are judged by probabilities: ROC area and log loss, from training to the verdict of a comparison.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use common::{Watcher, config, corpus, run};
use mtl_metrics::significance::OwnedOutcomes;
use mtl_train::run_folder::RunFolder;
use mtl_train::{
    CompareOptions, Config, EvaluateOptions, Options, Silent, Split, TrainError, compare, describe, evaluate,
    outcomes,
};

const TASKS: &str = r#"
[tasks.topic]
kind = "classification"
text = "text"
label = "topic"
train = "train.jsonl"
dev = "dev.jsonl"
metric = "roc_auc"
metrics = ["accuracy"]

[tasks.tone]
kind = "classification"
text = "text"
label = "tone"
train = "train.jsonl"
dev = "dev.jsonl"
metric = "log_loss"
"#;

/// Texts of two topics and three tones.
fn write(folder: &Path, name: &str, examples: usize, topics: usize) {
    let words = ["anna", "the", "a"];
    let line = |i: usize| {
        let (text, topic) = (format!("{} {}", words[i % 3], words[(i + 1) % 2]), ["x", "y"][i % topics]);
        format!("{{\"text\": \"{text}\", \"topic\": \"{topic}\", \"tone\": \"{}\"}}\n", i % 3)
    };
    fs::write(folder.join(name), (0..examples).map(line).collect::<String>()).unwrap();
}

fn prepared(folder: &Path, train: &str) -> Config {
    corpus(folder);
    write(folder, "train.jsonl", 24, 2);
    write(folder, "dev.jsonl", 12, 2);
    config(folder, train, "unit = \"every-task\"", TASKS)
}

#[test]
fn a_run_is_scored_by_its_probabilities() {
    let folder = tempfile::tempdir().unwrap();
    let train =
        "precision = \"f32\"\nsteps = 4\nevaluate_every = 1\nkeep = \"best\"\nselect = \"normalised-mean\"";
    let config = prepared(folder.path(), train);
    let out = folder.path().join("out");
    let summary = run(&config, &out);
    let scores = &summary.metrics.tasks;
    assert_eq!(scores["topic"].keys().collect::<Vec<_>>(), ["accuracy", "loss", "roc_auc"]);
    // Without label smoothing the loss of a classification is its log loss.
    let (log_loss, loss) = (scores["tone"]["log_loss"], scores["tone"]["loss"]);
    assert!((log_loss - loss).abs() < 1e-4, "{log_loss} against {loss}");
    assert_eq!(&evaluate(&out, &EvaluateOptions::default(), &mut Silent).unwrap(), scores);
    let stored = outcomes::read(&RunFolder::new(&out), Split::Dev).unwrap().unwrap();
    for (task, of_task) in config.tasks.iter().zip(&stored) {
        assert!(matches!(of_task.outcomes, OwnedOutcomes::Probabilities { .. }));
        let again = mtl_metrics::score(task.metric.parse().unwrap(), &of_task.outcomes.borrow()).unwrap();
        assert_eq!(again, scores[&task.name][&task.metric]);
    }
}

#[test]
fn a_comparison_tests_them_over_examples() {
    let folder = tempfile::tempdir().unwrap();
    let config = prepared(folder.path(), "steps = 3");
    let options = CompareOptions { out: folder.path().join("out"), seeds: 2, ..CompareOptions::default() };
    let comparison = compare(&config, &options, &mut Silent, &AtomicBool::new(false)).unwrap();
    for task in &comparison.summary {
        let test = task.evidence.over_examples.as_ref().expect("both have a bootstrap");
        assert!(test.n == 12 && test.low <= task.difference && task.difference <= test.high, "{test:?}");
    }
    let tone = &comparison.summary[1];
    let gain = tone.relative_gain.unwrap();
    assert_eq!(gain > 0.0, tone.difference < 0.0, "a lower log loss is a gain");
}

#[test]
fn two_classes_are_needed_in_the_labels_and_in_each_set_that_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let two = prepared(folder.path(), "steps = 1");
    write(folder.path(), "dev.jsonl", 12, 1);
    let error = Watcher::default().run(&two, Options::new(folder.path().join("out"))).unwrap_err();
    let wanted =
        "dev.jsonl:1:1: every labelled example is `x`, and roc_auc of task `topic` needs both classes";
    assert!(error.to_string().ends_with(wanted) && error.exit_code() == 2, "{error}");
    let tasks = TASKS.replace("\"topic\"", "\"tone\"");
    let three = config(folder.path(), "steps = 1", "", &tasks);
    let error = Watcher::default().run(&three, Options::new(folder.path().join("out"))).unwrap_err();
    assert!(matches!(&error, TrainError::Setting { .. }) && error.exit_code() == 2, "{error}");
    assert!(error.to_string().ends_with("roc_auc needs exactly two classes, got 3"), "{error}");
}

#[test]
fn a_description_says_what_chance_gives() {
    let folder = tempfile::tempdir().unwrap();
    let config = prepared(folder.path(), "steps = 1");
    let described = describe(&config, &Options::new(folder.path().join("out")), &mut Silent).unwrap();
    let baselines: Vec<Option<f64>> = described.tasks.iter().map(|task| task.baselines.majority).collect();
    assert_eq!(baselines[0], Some(0.5));
    assert!((baselines[1].unwrap() - 3f64.ln()).abs() < 1e-12, "three tones, each a third: {baselines:?}");
}
