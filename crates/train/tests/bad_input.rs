//! What a user can get wrong: each is one error with the place and an exit code.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, config, corpus, run};
use mtl_train::run_folder::RunFolder;
use mtl_train::{
    Config, EvaluateOptions, Options, PredictOptions, Session, Silent, TrainError, evaluate, predict,
};

fn refused(config: &Config, out: &Path) -> (String, u8) {
    let error = Watcher::default().run(config, Options::new(out)).unwrap_err();
    assert!(!out.join("metrics.json").exists() && !out.join("model").exists());
    (error.to_string(), error.exit_code())
}

#[test]
fn a_folder_that_holds_a_run_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let first = config(folder.path(), "steps = 2", "", TASKS);
    let out = folder.path().join("out");
    run(&first, &out);
    let error = Session::new(first.clone(), Options::new(&out)).unwrap_err();
    assert!(matches!(&error, TrainError::HoldsRun { folder } if *folder == out));
    assert_eq!(error.exit_code(), 2);
    let changed = config(folder.path(), "steps = 3\nwarmup = 0.5", "", TASKS);
    let error = Session::new(changed, Options { resume: true, ..Options::new(&out) }).unwrap_err();
    assert!(error.to_string().ends_with("changed: train.steps, train.warmup"), "{error}");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn a_run_is_not_resumed_on_other_examples() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 4", "", TASKS);
    let options = Options::new(folder.path().join("out"));
    Watcher::stopping_after(2).run(&config, options.clone()).unwrap_err();
    let train = folder.path().join("sentiment.train.jsonl");
    let text = fs::read_to_string(&train).unwrap();
    let shorter: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(&train, shorter).unwrap();
    let resume = Options { resume: true, ..options };
    let error = Watcher::default().run(&config, resume.clone()).unwrap_err();
    assert!(matches!(&error, TrainError::DataChanged { file, .. } if *file == train), "{error}");
    assert_eq!(error.exit_code(), 2);
    fs::write(&train, text).unwrap();
    Watcher::default().run(&config, resume).unwrap();
}

#[test]
fn a_resumed_run_where_nothing_was_saved_starts_from_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 1", "", TASKS);
    let mut watcher = Watcher::default();
    let options = Options { resume: true, ..Options::new(folder.path().join("out")) };
    watcher.run(&config, options).unwrap();
    let said = |start: &str| watcher.messages.iter().any(|message| message.starts_with(start));
    assert!(said("nothing is saved"), "{:?}", watcher.messages);
}

#[test]
fn a_file_at_fault_is_named_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 1", "", TASKS);
    let out = folder.path().join("out");
    let dev = folder.path().join("sentiment.dev.jsonl");
    fs::write(&dev, "{\"text\": \"anna\", \"label\": \"positve\"}\n").unwrap();
    let (message, code) = refused(&config, &out);
    assert!(message.contains("sentiment.dev.jsonl:1:"), "{message}");
    assert!(message.contains("positive"), "{message}");
    assert_eq!(code, 2);
    fs::remove_file(&dev).unwrap();
    let (message, code) = refused(&config, &out);
    assert!(message.contains("sentiment.dev.jsonl:1:1: no such file"), "{message}");
    assert_eq!(code, 2);
    fs::write(&dev, "{\"text\": \"anna\", \"label\": null}\n").unwrap();
    assert!(refused(&config, &out).0.ends_with("no example has a label for task `sentiment`"));
}

#[test]
fn an_encoder_that_does_not_fit_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let long = config(folder.path(), "steps = 1", "", TASKS);
    let mut long = long;
    long.encoder.max_tokens = 65;
    let (message, code) = refused(&long, &folder.path().join("long"));
    let wanted = format!(
        "{}: `encoder.max_tokens` is 65, but the encoder has only 64 positions",
        long.place("encoder.max_tokens")
    );
    assert_eq!((message, code), (wanted, 2));
    let config = config(folder.path(), "steps = 1", "", TASKS);
    let weights = folder.path().join("encoder/model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let (message, code) = refused(&config, &folder.path().join("short"));
    assert!(message.contains("model.safetensors: not a whole safetensors file"), "{message}");
    assert_eq!(code, 2);
}

#[test]
fn what_a_run_leaves_is_enough_to_score_and_to_predict() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 5", "", TASKS);
    let out = folder.path().join("out");
    let summary = run(&config, &out);
    let all = evaluate(&out, &EvaluateOptions::default(), &mut Silent).unwrap();
    assert_eq!(all, summary.metrics.tasks);
    let task = |task: &str| Some(task.to_owned());
    let file = Some(folder.path().join("sentiment.dev.jsonl"));
    let options = EvaluateOptions { task: task("sentiment"), file, ..EvaluateOptions::default() };
    let one = evaluate(&out, &options, &mut Silent).unwrap();
    assert_eq!(one["sentiment"], all["sentiment"]);
    let options = EvaluateOptions { task: task("sentimnt"), ..EvaluateOptions::default() };
    let error = evaluate(&out, &options, &mut Silent).unwrap_err();
    assert!(error.to_string().ends_with("did you mean `sentiment`?"), "{error}");
    assert!(matches!(
        evaluate(folder.path(), &EvaluateOptions::default(), &mut Silent),
        Err(TrainError::NoRun { what: "config.toml", .. })
    ));
    for (name, key) in [("sentiment", "probabilities"), ("similarity", "value"), ("word_class", "labels")] {
        let of = |split: &str| {
            let end = if name == "word_class" { "conll" } else { "jsonl" };
            folder.path().join(format!("{name}.{split}.{end}"))
        };
        let output = folder.path().join("predicted.jsonl");
        let options = PredictOptions {
            task: task(name),
            input: of("dev"),
            output: Some(output.clone()),
            threads: None,
        };
        let predicted = predict(&out, &options, &mut Silent).unwrap();
        let text = fs::read_to_string(output).unwrap();
        assert_eq!((predicted.rows, &predicted.lines), (12, &text));
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() == 12 && lines.iter().all(|line| line.get(key).is_some()), "{text}");
    }
}

#[test]
fn what_is_not_of_a_run_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 1", "", TASKS);
    // A folder of one's own, with a model and a configuration beside the data.
    for name in ["model", "config.toml", "history.jsonl", "tasks.json"] {
        let out = folder.path().join(format!("with {name}"));
        fs::create_dir(&out).unwrap();
        fs::write(out.join(name), "mine").unwrap();
        for resume in [false, true] {
            let error = Session::new(config.clone(), Options { resume, ..Options::new(&out) }).unwrap_err();
            assert!(matches!(&error, TrainError::Occupied { path } if *path == out.join(name)), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), "mine");
    }
}

/// The error of so many steps with a learning rate that no weight survives.
fn diverging(steps: u64) -> TrainError {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let text = format!(
        "seed = 7\n[encoder]\nfrom = \"encoder\"\nmax_tokens = 40\n[train]\nbatch = 6\nsteps = {steps}\n\
         learning_rate = 1e30\nwarmup = 0\nclip = 0\nprecision = \"f32\"\n{TASKS}"
    );
    let config = Config::parse(&text, &folder.path().join("mtl.toml"), None).unwrap();
    Watcher::default().run(&config, Options::new(folder.path().join("out"))).unwrap_err()
}

#[test]
fn a_prediction_that_is_not_finite_is_named_with_the_step_before_it() {
    let error = diverging(1);
    let TrainError::Evaluation { step: 1, source } = &error else { panic!("{error}") };
    assert!(matches!(**source, TrainError::Score { .. }), "{error}");
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn a_loss_that_is_not_finite_is_named_with_its_step_and_examples() {
    let error = diverging(9);
    let TrainError::NotFinite { task, step, examples, .. } = &error else { panic!("{error}") };
    assert!(TASKS.contains(&format!("[tasks.{task}]")) && *step > 1, "{error}");
    assert!(
        !examples.is_empty() && examples.iter().all(|at| at.contains(&format!("{task}.train."))),
        "{error}"
    );
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn a_dev_set_that_changed_is_not_scored_as_the_run_s_own() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 2", "", TASKS);
    let out = folder.path().join("out");
    run(&config, &out);
    let of = |task: &str| EvaluateOptions { task: Some(task.into()), ..EvaluateOptions::default() };
    // The dev file of one task, and the train file of another, of which the run held out a share.
    for (task, file) in [("sentiment", "sentiment.dev.jsonl"), ("similarity", "similarity.train.jsonl")] {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        evaluate(&out, &of(task), &mut Silent).unwrap();
        let turned: String = text.lines().rev().map(|line| format!("{line}\n")).collect();
        let shorter: String = text.lines().take(4).map(|line| format!("{line}\n")).collect();
        for changed in [turned, shorter] {
            fs::write(&path, changed).unwrap();
            let error = evaluate(&out, &of(task), &mut Silent).unwrap_err();
            assert!(matches!(&error, TrainError::DataChanged { file, .. } if *file == path), "{error}");
            // As a file of its own it may be scored.
            let named = EvaluateOptions { file: Some(path.clone()), ..of(task) };
            evaluate(&out, &named, &mut Silent).unwrap();
        }
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn two_processes_do_not_run_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 1", "", TASKS);
    let out = folder.path().join("out");
    let lock = RunFolder::new(&out).lock().unwrap();
    let error = Watcher::default().run(&config, Options::new(&out)).unwrap_err();
    assert!(matches!(&error, TrainError::Busy { folder } if *folder == out), "{error}");
    assert_eq!(error.exit_code(), 2);
    drop(lock);
    run(&config, &out);
}

#[test]
fn a_run_is_not_resumed_from_another_encoder() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 4", "", TASKS);
    let options = Options::new(folder.path().join("out"));
    Watcher::stopping_after(2).run(&config, options.clone()).unwrap_err();
    let weights = folder.path().join("encoder/model.safetensors");
    let before = fs::read(&weights).unwrap();
    let mut other = before.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&weights, other).unwrap();
    let resume = Options { resume: true, ..options };
    let error = Watcher::default().run(&config, resume.clone()).unwrap_err();
    assert!(matches!(&error, TrainError::EncoderChanged { .. }), "{error}");
    assert_eq!(error.exit_code(), 2);
    fs::write(&weights, before).unwrap();
    Watcher::default().run(&config, resume).unwrap();
}
