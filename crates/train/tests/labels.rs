//! One example with labels for several tasks, and labels that are missing.

mod common;

use std::fs;
use std::path::Path;

use common::{config, corpus, run, weights};
use mtl_train::{Config, Options, Silent, plan};

/// Twelve texts with a topic, a tone and a mark, some of them missing.
fn write(folder: &Path) {
    corpus(folder);
    let words = ["anna", "the", "a"];
    let lines = (0..12).map(|i| {
        let topic = if i % 4 == 3 { "null" } else { ["\"x\"", "\"y\""][i % 2] };
        let mark = if i % 3 == 2 { "\"-\"".to_owned() } else { format!("{}", i % 5) };
        let text = format!("{} {}", words[i % 3], words[(i + 1) % 3]);
        format!("{{\"text\": \"{text}\", \"topic\": {topic}, \"tone\": [\"p\"], \"mark\": {mark}}}\n")
    });
    fs::write(folder.join("both.jsonl"), lines.collect::<String>()).unwrap();
}

const BOTH: &str = r#"
[tasks.topic]
kind = "classification"
text = "text"
label = "topic"
train = "both.jsonl"
dev = 0.25

[tasks.tone]
kind = "multi-label"
label = "tone"
same_examples_as = "topic"

[tasks.mark]
kind = "regression"
label = "mark"
missing = ["-", "?"]
same_examples_as = "topic"
"#;

fn planned(config: &Config, folder: &Path) -> mtl_train::Plan {
    plan(config, &Options::new(folder.join("unused")), &mut Silent).unwrap()
}

#[test]
fn same_examples_as() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let config = config(folder.path(), "epochs = 2\nprecision = \"f32\"", "", BOTH);
    let plan = planned(&config, folder.path());
    // Nine of twelve texts are for training, all labelled with a tone: 2 epochs of 2 steps of 6 sequences.
    assert_eq!((plan.steps, plan.sequences), (4, 24));
    let tone = &plan.tasks[1];
    assert_eq!((tone.train_examples, tone.dev_examples, tone.sequences), (9, 3, 24));
    assert_eq!(tone.first_repeat, Some(2));
    let out = folder.path().join("out");
    let summary = run(&config, &out);
    assert_eq!(summary.metrics.tasks.keys().collect::<Vec<_>>(), ["mark", "tone", "topic"]);
    // Each sequence is encoded once, whatever the number of tasks that label it.
    assert_eq!(summary.metrics.tokens, plan.tokens);
    let history = fs::read_to_string(out.join("history.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(history.lines().next().unwrap()).unwrap();
    assert_eq!(first["losses"].as_object().unwrap().len(), 3);
}

#[test]
fn missing_labels() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let together = config(folder.path(), "epochs = 1\nprecision = \"f32\"", "", BOTH);
    let plan = planned(&together, folder.path());
    let labelled: Vec<usize> =
        plan.tasks.iter().map(|task| task.train_examples + task.dev_examples).collect();
    assert_eq!(labelled, [9, 12, 8]);
    // Alone, a task never sees the examples that it has no label for.
    let alone = planned(&together.single_task(0), folder.path());
    assert_eq!(alone.sequences as usize, alone.tasks[0].train_examples.div_ceil(6) * 6);
    let all = |tasks: &str| config(folder.path(), "steps = 3\nprecision = \"f32\"", "", tasks);
    let (one, same) = (folder.path().join("one"), folder.path().join("same"));
    run(&all(&BOTH.replace("[\"-\", \"?\"]", "\"-\"")), &one);
    run(&all(BOTH), &same);
    assert_eq!(weights(&one), weights(&same));
}

#[test]
fn a_label_that_only_held_out_examples_have_is_a_label() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    // Each label once, so that a fifth of them stands only in what is held out.
    let line =
        |i: usize| format!("{{\"text\": \"anna {i}\", \"topic\": \"t{i:02}\", \"tones\": [\"s{i:02}\"]}}\n");
    fs::write(folder.path().join("rare.jsonl"), (0..20).map(line).collect::<String>()).unwrap();
    for (kind, label) in [("classification", "topic"), ("multi-label", "tones")] {
        let task = format!(
            "[tasks.rare]\nkind = \"{kind}\"\ntext = \"text\"\nlabel = \"{label}\"\ntrain = \"rare.jsonl\"\ndev = 0.2"
        );
        let config = config(folder.path(), "steps = 1", "", &task);
        let plan = planned(&config, folder.path());
        assert_eq!((plan.tasks[0].train_examples, plan.tasks[0].dev_examples), (16, 4), "{kind}");
        let out = folder.path().join(kind);
        run(&config, &out);
        let tasks = fs::read_to_string(out.join("tasks.json")).unwrap();
        assert!((0..20).all(|i| tasks.contains(&format!("{i:02}\""))), "{tasks}");
    }
}

#[test]
fn a_task_without_a_single_label_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let line = |i: usize| format!("{{\"text\": \"anna {i}\", \"tones\": []}}\n");
    fs::write(folder.path().join("none.jsonl"), (0..8).map(line).collect::<String>()).unwrap();
    let task =
        "[tasks.none]\nkind = \"multi-label\"\ntext = \"text\"\nlabel = \"tones\"\ntrain = \"none.jsonl\"";
    let config = config(folder.path(), "steps = 1", "", task);
    let error = plan(&config, &Options::new(folder.path().join("unused")), &mut Silent).unwrap_err();
    assert!(error.to_string().ends_with("none.jsonl:1:1: no example has a label for task `none`"), "{error}");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn labels_that_capitals_or_spaces_alone_tell_apart_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let names = ["good", "Good ", "bad", "bad-ish"];
    let line = |i: usize| format!("{{\"text\": \"anna {i}\", \"tone\": {:?}}}\n", names[i % 4]);
    fs::write(folder.path().join("tones.jsonl"), (0..16).map(line).collect::<String>()).unwrap();
    let task = "[tasks.tones]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"tone\"\n\
                train = \"tones.jsonl\"\ndev = 0.25";
    let plan = planned(&config(folder.path(), "steps = 1", "", task), folder.path());
    let about = |warning: &&String| warning.contains("differ only in capitals or spaces");
    let found: Vec<_> = plan.warnings.iter().filter(about).collect();
    assert_eq!(
        found,
        [
            "task `tones`: the labels \"Good \", \"good\" differ only in capitals or spaces, and are learned apart"
        ]
    );
}
