//! A signal saves the run, which continues later.
#![cfg(unix)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::Workplace;

/// Far more steps than are done between the first evaluation and the signal that follows it.
const STEPS: u64 = 400;

#[test]
fn an_interrupted_run_is_saved_and_resumed() {
    let workplace = Workplace::new(STEPS, 100);
    let train = ["train", "tasks.toml", "--out", "run"];
    let mut run = workplace.command(&train).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("step 100/400")).expect("the first evaluation is shown");
    let kill = Command::new("sh").args(["-c", &format!("kill -INT {}", run.id())]).status().unwrap();
    assert!(kill.success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("interrupted after step ")), "{rest:?}");
    assert!(!workplace.exists("run/metrics.json"));

    let error = workplace.fail(&["eval", "run"], 2);
    assert!(error.contains("no finished run"), "{error}");
    workplace.succeed(&[&train[..], &["--resume"]].concat());
    assert_eq!(workplace.read_json("run/metrics.json")["steps"], STEPS);
}
