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
    let resume = [&train[..], &["--resume"]].concat();
    interrupt(&workplace, &train, "step 100/400", "INT");
    let error = workplace.fail(&["eval", "run"], 2);
    assert!(error.contains("no finished run"), "{error}");

    interrupt(&workplace, &resume, "resumed after step ", "TERM");
    workplace.succeed(&resume);
    assert_eq!(workplace.read_json("run/metrics.json")["steps"], STEPS);
}

/// Starts a run, sends the signal after the line that begins like this, and sees the run saved.
fn interrupt(workplace: &Workplace, arguments: &[&str], after: &str, signal: &str) {
    let mut command = workplace.command(arguments);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with(after)).expect("the line is shown");
    let kill = format!("kill -{signal} {}", run.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("interrupted after step ")), "{rest:?}");
    assert!(!workplace.exists("run/metrics.json"));
}
