//! Each task alone and all together.

mod common;

use std::fs;
use std::sync::atomic::AtomicBool;

use common::{TASKS, config, corpus};
use mtl_train::{
    Arm, CompareOptions, Comparison, Config, Observer, Plan, Silent, Split, TrainError, compare,
};

#[derive(Default)]
struct Plans(Vec<Plan>, usize);

impl Observer for Plans {
    fn planned(&mut self, plan: &Plan) {
        self.0.push(plan.clone());
    }

    fn run(&mut self, _name: &str, number: usize, total: usize) {
        self.1 += 1;
        assert!(self.1 == number && total == 8);
    }
}

#[test]
fn both_arms_show_a_task_the_same_number_of_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let curriculum = "sampler = \"proportional\"\nunit = \"sequence\"";
    let config = config(folder.path(), "steps = 5", curriculum, TASKS);
    let options =
        CompareOptions { out: folder.path().join("compared"), seeds: 2, ..CompareOptions::default() };
    let mut plans = Plans::default();
    let comparison = compare(&config, &options, &mut plans, &AtomicBool::new(false)).unwrap();
    for runs in plans.0.chunks(4) {
        let joint: Vec<u64> = runs[3].tasks.iter().map(|task| task.sequences).collect();
        let single: Vec<u64> = runs[..3].iter().map(|plan| plan.sequences).collect();
        assert_eq!(joint, single);
    }
    let arms = |arm| comparison.runs.iter().filter(|run| run.arm == arm).count();
    assert_eq!((arms(Arm::Single), arms(Arm::Joint)), (6, 6));
    let names: Vec<&str> = comparison.summary.iter().map(|task| task.task.as_str()).collect();
    assert_eq!(names, ["sentiment", "word_class", "similarity"]);
    let summary = &comparison.summary[0];
    assert_eq!(summary.difference, summary.joint_mean - summary.single_mean);
    let text = fs::read_to_string(options.out.join("compare.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["runs"][0]["arm"], "single");
    // Finished runs are used as they are.
    let again = compare(&config, &options, &mut Silent, &AtomicBool::new(false)).unwrap();
    assert_eq!(again, comparison);
}

#[test]
fn scores_on_other_examples_are_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 3", "unit = \"every-task\"", TASKS);
    let out = folder.path().join("compared");
    compared(&config, &out, 1, false);
    let dev = folder.path().join("sentiment.dev.jsonl");
    let text = fs::read_to_string(&dev).unwrap();
    let turned = text.replace("positive", "?").replace("negative", "positive").replace('?', "negative");
    assert_ne!(turned, text);
    fs::write(&dev, turned).unwrap();
    let options = CompareOptions { out, seeds: 2, ..CompareOptions::default() };
    let error = compare(&config, &options, &mut Silent, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(&error, TrainError::DataChanged { file, .. } if *file == dev), "{error}");
}

/// A comparison in the folder `out`.
fn compared(config: &Config, out: &std::path::Path, seeds: u64, who_hurts: bool) -> Comparison {
    let options = CompareOptions { out: out.to_owned(), seeds, who_hurts, ..CompareOptions::default() };
    compare(config, &options, &mut Silent, &AtomicBool::new(false)).unwrap()
}

#[test]
fn outcomes_of_every_run_repeat_its_scores() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    // The best weights are not always the last.
    let train = "steps = 6\nevaluate_every = 2\nkeep = \"best\"";
    let config = config(folder.path(), train, "unit = \"sequence\"", TASKS);
    let out = folder.path().join("run");
    let metrics = common::run(&config, &out).metrics;
    let run = mtl_train::run_folder::RunFolder::new(&out);
    let outcomes = mtl_train::outcomes::read(&run, Split::Dev).unwrap().unwrap();
    assert_eq!(outcomes.len(), 3);
    for (task, outcomes) in config.tasks.iter().zip(&outcomes) {
        let key = task.metric.parse().unwrap();
        let score = mtl_metrics::score(key, &outcomes.outcomes.borrow()).unwrap();
        assert_eq!(score, metrics.tasks[&task.name][&task.metric], "{}", task.name);
    }
}

#[test]
fn a_labelled_test_set_is_reported_and_dev_selects() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let test = fs::read_to_string(folder.path().join("sentiment.train.jsonl")).unwrap();
    fs::write(folder.path().join("test.jsonl"), test).unwrap();
    fs::write(folder.path().join("bare.jsonl"), "{\"text\": \"the\"}\n").unwrap();
    let tasks = TASKS
        .replace("dev = \"sentiment.dev.jsonl\"", "dev = \"sentiment.dev.jsonl\"\ntest = \"test.jsonl\"")
        .replace("dev = 0.25", "dev = 0.25\ntest = \"bare.jsonl\"");
    let config = config(folder.path(), "steps = 3", "unit = \"every-task\"", &tasks);
    let comparison = compared(&config, &folder.path().join("out"), 1, false);
    let splits: Vec<Split> = comparison.summary.iter().map(|task| task.split).collect();
    assert_eq!(splits, [Split::Test, Split::Dev, Split::Dev], "a file without labels is no test set");
    let examples = comparison.summary[0].evidence.over_examples.as_ref().unwrap().n;
    assert_eq!(examples, 24, "the train file stands in for a test file");
    for run in comparison.runs.iter().filter(|run| run.split == Split::Dev) {
        assert_eq!(run.value, run.dev_value);
    }
}

#[test]
fn a_task_judged_by_its_loss_is_not_said_to_be_scored_on_its_test_set() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let test = fs::read_to_string(folder.path().join("sentiment.train.jsonl")).unwrap();
    fs::write(folder.path().join("test.jsonl"), test).unwrap();
    let judged = "dev = \"sentiment.dev.jsonl\"\ntest = \"test.jsonl\"\nmetric = \"loss\"";
    let tasks = TASKS.replace("dev = \"sentiment.dev.jsonl\"", judged);
    let config = config(folder.path(), "steps = 3", "unit = \"every-task\"", &tasks);
    let comparison = compared(&config, &folder.path().join("out"), 1, false);
    assert_eq!(comparison.summary[0].split, Split::Dev);
}

#[test]
fn another_test_set_of_the_same_length_is_scored_anew() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let (test, out) = (folder.path().join("test.jsonl"), folder.path().join("out"));
    let text = fs::read_to_string(folder.path().join("sentiment.train.jsonl")).unwrap();
    fs::write(&test, &text).unwrap();
    let tasks = TASKS
        .replace("dev = \"sentiment.dev.jsonl\"", "dev = \"sentiment.dev.jsonl\"\ntest = \"test.jsonl\"");
    let config = config(folder.path(), "steps = 3", "unit = \"every-task\"", &tasks);
    let joint = mtl_train::run_folder::RunFolder::new(out.join("joint-seed7"));
    let stored = || mtl_train::outcomes::read(&joint, Split::Test).unwrap().unwrap();
    compared(&config, &out, 1, false);
    let before = stored();
    compared(&config, &out, 1, false);
    assert_eq!(stored(), before, "the same test set is used again");
    let turned = text.replace("positive", "?").replace("negative", "positive").replace('?', "negative");
    fs::write(&test, turned).unwrap();
    compared(&config, &out, 1, false);
    assert_eq!(stored().len(), before.len());
    assert_ne!(stored()[0].outcomes, before[0].outcomes);
}

#[test]
fn one_task_at_a_time_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 4", "unit = \"every-task\"", TASKS);
    let out = folder.path().join("out");
    let plain = compared(&config, &out, 2, false);
    assert!(plain.who_hurts.is_none() && !out.join("who-hurts.svg").exists());
    let asked = compared(&config, &out, 2, true);
    assert_eq!((&asked.runs, &asked.summary), (&plain.runs, &plain.summary), "runs are reused");
    let who_hurts = asked.who_hurts.unwrap();
    assert_eq!((who_hurts.effects.len(), who_hurts.runs.len()), (6, 12));
    for effect in &who_hurts.effects {
        let joint = asked.summary.iter().find(|task| task.task == effect.on).unwrap();
        assert_eq!(effect.with_mean, joint.joint_mean);
    }
    assert!(who_hurts.effect("sentiment", "sentiment").is_none());
    let metrics = fs::read_to_string(out.join("without-sentiment-seed7/metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&metrics).unwrap();
    assert_eq!(metrics["steps"], 4, "as many examples of each other task");
    assert!(fs::read_to_string(out.join("who-hurts.svg")).unwrap().contains("word_class"));
}

#[test]
fn the_better_mix_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 2", "unit = \"every-task\"", TASKS);
    let out = folder.path().join("out");
    compared(&config, &out, 1, false);
    let better = Config::load(&out.join("better.toml"), None).unwrap();
    assert!(better.tasks.len() <= config.tasks.len() && !better.tasks.is_empty());
    let text = fs::read_to_string(out.join("better.toml")).unwrap();
    assert!(text.starts_with("# Written by `mtl compare`"), "{text}");
}

#[test]
fn a_stopped_comparison_continues_to_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 3", "unit = \"every-task\"", TASKS);
    let whole = compared(&config, &folder.path().join("whole"), 1, false);
    let options =
        CompareOptions { out: folder.path().join("stopped"), seeds: 1, ..CompareOptions::default() };
    let stopped = AtomicBool::new(true);
    let error = compare(&config, &options, &mut Silent, &stopped).unwrap_err();
    assert!(matches!(error, TrainError::Interrupted { .. }), "{error}");
    let resumed = compared(&config, &options.out, 1, false);
    let scores = |comparison: &Comparison| comparison.runs.iter().map(|run| run.value).collect::<Vec<f64>>();
    assert_eq!(scores(&resumed), scores(&whole));
    assert_eq!(resumed.summary, whole.summary);
}

#[test]
fn a_run_of_other_draws_is_not_taken_for_this_one() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 4", "unit = \"every-task\"", TASKS);
    let out = folder.path().join("out");
    compared(&config, &out, 1, true);
    let run = out.join("without-sentiment-seed7");
    let file = run.join("tasks.json");
    let mut tasks: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let options = CompareOptions { out: out.clone(), seeds: 1, who_hurts: true, ..CompareOptions::default() };
    let again = || compare(&config, &options, &mut Silent, &AtomicBool::new(false));
    again().unwrap();
    // A run of as many steps, as another version drew them, or before draws were noted.
    for other in [serde_json::json!("sha256 0"), serde_json::Value::Null] {
        tasks["draws"] = other;
        fs::write(&file, tasks.to_string()).unwrap();
        let error = again().unwrap_err();
        assert!(matches!(&error, TrainError::DrawsChanged { folder } if *folder == run), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
    fs::remove_dir_all(&run).unwrap();
    again().unwrap();
}

#[test]
fn all_seeds_are_scored_on_the_same_examples() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 2", "unit = \"every-task\"", TASKS);
    let out = folder.path().join("out");
    compared(&config, &out, 2, false);
    // Both arms of the second seed agree with each other, and not with the first.
    for run in ["single-sentiment-seed8", "joint-seed8"] {
        let file = out.join(run).join("outcomes.dev.jsonl");
        let turn = |line: &str| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            if line["task"] == "sentiment" {
                let gold = line["outcomes"]["gold"][3].as_u64().unwrap();
                line["outcomes"]["gold"][3] = (1 - gold.min(1)).into();
            }
            format!("{line}\n")
        };
        let text: String = fs::read_to_string(&file).unwrap().lines().map(turn).collect();
        fs::write(&file, text).unwrap();
    }
    let options = CompareOptions { out, seeds: 2, ..CompareOptions::default() };
    let error = compare(&config, &options, &mut Silent, &AtomicBool::new(false)).unwrap_err();
    let wanted = "must be scored on the same examples of task `sentiment`, and seed 8 of the task alone is not: the \
                  systems have different gold labels, first at example 3";
    assert!(error.to_string().ends_with(wanted), "{error}");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn an_auxiliary_has_no_verdict_and_no_run_alone() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let tasks = TASKS.replace("[tasks.similarity]", "[tasks.similarity]\nrole = \"auxiliary\"");
    let config = config(folder.path(), "epochs = 1\nprecision = \"f32\"\nkeep = \"best\"", "", &tasks);
    let out = folder.path().join("compare");
    let options = CompareOptions { out: out.clone(), seeds: 1, who_hurts: true, ..CompareOptions::default() };
    let comparison =
        compare(&config, &options, &mut mtl_train::Silent, &std::sync::atomic::AtomicBool::new(false))
            .unwrap();
    let names: Vec<&str> = comparison.summary.iter().map(|task| task.task.as_str()).collect();
    assert_eq!(names, ["sentiment", "word_class"]);
    assert!(!out.join("single-similarity-seed7").exists() && out.join("single-sentiment-seed7").exists());
    assert!(out.join("without-similarity-seed7").exists(), "what it does to the targets is asked");
    let effects = comparison.who_hurts.unwrap().effects;
    assert!(effects.iter().all(|effect| effect.on != "similarity"));
    assert!(effects.iter().any(|effect| effect.of == "similarity"));
    let all = TASKS.replace("]\nkind", "]\nrole = \"auxiliary\"\nkind");
    let text = format!("[encoder]\nfrom = \"encoder\"\n{all}");
    let error = mtl_train::Config::parse(&text, &folder.path().join("mtl.toml"), None).unwrap_err();
    assert!(error.to_string().contains("every task is an auxiliary"), "{error}");
}
