//! Runs on a tiny corpus: the same bits however they are made, and what they leave.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, config, corpus, run, weights};
use mtl_train::{Options, TrainError};

/// The history without its seconds.
fn history(out: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(out.join("history.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds");
        line
    });
    lines.collect()
}

#[test]
fn resume_continues_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let units = [
        ("precision = \"f32\"\nsteps = 9\nevaluate_every = 4\nkeep = \"best\"", "sampler = \"uniform\""),
        ("precision = \"bf16\"\nsteps = 7\nevaluate_every = 3", "unit = \"sequence\""),
    ];
    for (number, (train, curriculum)) in units.into_iter().enumerate() {
        let config = config(folder.path(), train, curriculum, TASKS);
        let whole = folder.path().join(format!("whole-{number}"));
        let summary = run(&config, &whole);
        for stop in [1, 4, 6] {
            let out = folder.path().join(format!("stopped-{number}-{stop}"));
            let error = Watcher::stopping_after(stop).run(&config, Options::new(&out)).unwrap_err();
            assert!(matches!(error, TrainError::Interrupted { step } if step == stop), "{error}");
            assert_eq!(error.exit_code(), 130);
            // A step that was noted but not saved is forgotten.
            let mut lines = fs::read(out.join("history.jsonl")).unwrap();
            lines.extend(b"{\"step\":99}\n");
            fs::write(out.join("history.jsonl"), lines).unwrap();
            let options = Options { resume: true, ..Options::new(&out) };
            let mut watcher = Watcher::default();
            let resumed = watcher.run(&config, options.clone()).unwrap();
            assert_eq!(watcher.messages[0], format!("resumed after step {stop}"));
            assert_eq!(weights(&out), weights(&whole));
            assert_eq!(history(&out), history(&whole));
            assert_eq!(
                (&resumed.metrics.tasks, resumed.kept_step),
                (&summary.metrics.tasks, summary.kept_step)
            );
            assert_eq!(resumed.metrics.tokens, summary.metrics.tokens);
            assert!(watcher.run(&config, options).unwrap().finished_before);
        }
    }
}

#[test]
fn threads_do_not_change_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 6", "unit = \"every-task\"", TASKS);
    let made = [1, 2, 3].map(|threads| {
        let out = folder.path().join(format!("threads-{threads}"));
        let options = Options { threads: Some(threads), ..Options::new(&out) };
        Watcher::default().run(&config, options).unwrap();
        (weights(&out), history(&out))
    });
    assert!(made[0] == made[1] && made[1] == made[2]);
}
