//! Tasks of benchmarks, from the configuration to a run.

mod common;

use std::fs;
use std::path::Path;

use common::{config, corpus, run};
use mtl_train::config::{Config, Dev, TaskKind};
use mtl_train::{EvaluateOptions, Options, Silent, Split, TrainError, evaluate, plan};

const TASKS: &str = r#"
[tasks.rte]
benchmark = "glue/rte"
dir = "glue/RTE"

[tasks.similarity]
benchmark = "glue/sts-b"
dir = "glue"
weight = 2.0
importance = 3.0
baseline = 0.8

[tasks.words]
benchmark = "superglue/wic"
dir = "superglue"
dev = 0.5
metric = "f1"
"#;

/// Eight rows of each task.
fn write(folder: &Path) {
    for place in ["glue/RTE", "glue/STS-B", "superglue/WiC"] {
        fs::create_dir_all(folder.join(place)).unwrap();
    }
    let rows = |row: fn(usize) -> String| (0..8).map(row).collect::<String>();
    let rte = rows(|i| {
        format!("{i}\tthe a{i}\tthe b\t{}\n", if i % 2 == 0 { "entailment" } else { "not_entailment" })
    });
    for part in ["train", "dev"] {
        let header = "index\tsentence1\tsentence2\tlabel\n";
        fs::write(folder.join(format!("glue/RTE/{part}.tsv")), format!("{header}{rte}")).unwrap();
        let header = "index\tsentence1\tsentence2\tscore\n";
        let rows = rows(|i| format!("{i}\tthe a{i}\tthe b\t{}.5\n", i % 5));
        fs::write(folder.join(format!("glue/STS-B/{part}.tsv")), format!("{header}{rows}")).unwrap();
    }
    fs::write(folder.join("glue/RTE/test.tsv"), "index\tsentence1\tsentence2\n0\tthe\ta\n").unwrap();
    let wic = rows(|i| {
        let label = i % 2 == 0;
        format!(
            "{{\"word\": \"a\", \"sentence1\": \"the a{i}\", \"sentence2\": \"a\", \"idx\": {i}, \"label\": {label}}}\n"
        )
    });
    fs::write(folder.join("superglue/WiC/train.jsonl"), wic).unwrap();
}

#[test]
fn a_benchmark_sets_everything_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let config = config(folder.path(), "steps = 2", "", TASKS);
    let [rte, similarity, words] = &config.tasks[..] else { panic!("three tasks") };
    assert_eq!((rte.kind, rte.metric.as_str()), (TaskKind::Classification, "accuracy"));
    assert_eq!(rte.examples.dev, Dev::File("glue/RTE/dev.tsv".into()));
    assert_eq!(rte.examples.test.as_deref(), Some(Path::new("glue/RTE/test.tsv")));
    assert_eq!(
        (similarity.kind, similarity.scale, similarity.weight),
        (TaskKind::Regression, Some([0.0, 5.0]), 2.0)
    );
    assert_eq!(
        (similarity.metric.as_str(), &similarity.metrics[..]),
        ("pearson", &["spearman".to_owned()][..])
    );
    assert_eq!(similarity.examples.train, Path::new("glue/STS-B/train.tsv"));
    assert_eq!((words.metric.as_str(), &words.examples.dev), ("f1", &Dev::Fraction(0.5)));
    let again = Config::parse(&config.to_toml(), &folder.path().join("mtl.toml"), None).unwrap();
    assert_eq!(again, config, "{}", config.to_toml());
    assert!(again.differences(&config).is_empty());
}

#[test]
fn tasks_of_benchmarks_are_trained_and_scored() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    write(folder.path());
    let config = config(folder.path(), "steps = 3", "", TASKS);
    let out = folder.path().join("run");
    let summary = run(&config, &out);
    assert!(summary.metrics.tasks["similarity"].contains_key("spearman"));
    let scores = evaluate(&out, &EvaluateOptions::default(), &mut Silent).unwrap();
    assert_eq!(scores, summary.metrics.tasks);
    let test = EvaluateOptions { task: Some("rte".into()), split: Split::Test, ..Default::default() };
    let error = evaluate(&out, &test, &mut Silent).unwrap_err().to_string();
    assert!(error.ends_with("test.tsv:1:1: no example has a label for task `rte`"), "{error}");
}

#[test]
fn a_missing_file_says_what_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    write(folder.path());
    fs::remove_file(folder.path().join("glue/RTE/train.tsv")).unwrap();
    let config = config(folder.path(), "steps = 3", "", TASKS);
    let options = Options::new(folder.path().join("run"));
    let error = plan(&config, &options, &mut Silent).unwrap_err().to_string();
    assert!(error.contains("glue/RTE/train.tsv:1:1: no such file; looked in "), "{error}");
    assert!(error.ends_with("it is published at https://gluebenchmark.com/tasks"), "{error}");
}

#[test]
fn a_task_without_a_head_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let tasks = "[tasks.alternatives]\nbenchmark = \"superglue/copa\"\ndir = \"superglue/COPA\"\n";
    let config = config(folder.path(), "steps = 3", "", tasks);
    assert_eq!((config.tasks.len(), config.headless.len()), (0, 1));
    assert_eq!(Config::parse(&config.to_toml(), &folder.path().join("mtl.toml"), None).unwrap(), config);
    let error = plan(&config, &Options::new(folder.path().join("run")), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainError::MissingHead { head: "multiple choice", .. }));
    assert_eq!(
        error.to_string(),
        "task `alternatives` (superglue/copa) needs a head for multiple choice, which does not exist; \
         it can be described and scored, not trained"
    );
}

#[test]
fn a_task_without_a_head_is_described() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    write(folder.path());
    fs::create_dir_all(folder.path().join("superglue/COPA")).unwrap();
    let row = r#"{"premise": "It is cold.", "choice1": "Snow fell.", "choice2": "It is", "question": "cause", "label": 1, "idx": 0}"#;
    fs::write(folder.path().join("superglue/COPA/val.jsonl"), row).unwrap();
    let tasks =
        format!("{TASKS}[tasks.alternatives]\nbenchmark = \"superglue/copa\"\ndir = \"superglue/COPA\"\n");
    let config = config(folder.path(), "steps = 3", "", &tasks);
    let options = Options::new(folder.path().join("run"));
    let description = mtl_train::describe(&config, &options, &mut Silent).unwrap();
    assert_eq!(description.tasks.len(), 3);
    let [copa] = &description.questions[..] else { panic!("one task of questions") };
    assert_eq!((copa.train_questions, copa.dev_questions, copa.context_words.max), (0, 1, 3));
    assert_eq!((copa.choices, copa.answers, copa.in_context, copa.unanswerable), (2.0, 1.0, 1.0, 0.0));
}

#[test]
fn metrics_of_tasks_that_can_be_trained_are_metrics_of_their_kind() {
    for task in mtl_data::benchmark::tasks() {
        let kind = match task.asks.label_kind() {
            Some(mtl_data::LabelKind::Value) => TaskKind::Regression,
            Some(_) => TaskKind::Classification,
            None => continue,
        };
        assert!(task.metrics.iter().all(|metric| kind.metrics().contains(metric)), "{task}");
    }
}
