//! A run that is killed at any moment, or finds the disk full, ends with the bits of one that was not; so does one on other
//! threads.

mod common;

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use common::Workplace;

const STEPS: u64 = 12;
const TRAIN: &[&str] = &["train", "tasks.toml", "--out", "run"];
/// What appears in a run's folder, from its first moment to its last.
const MOMENTS: [&str; 6] =
    ["tasks.json", "step-3.safetensors", "best-", ".tmp", "step-9.safetensors", "weights.safetensors"];

/// A run that saves after every step and keeps its best weights.
fn workplace() -> Workplace {
    let workplace = Workplace::new(STEPS, 4);
    workplace.change_config("[train]\n", "[train]\ncheckpoint_minutes = 1e-9\nkeep = \"best\"\n");
    workplace
}

/// The weights that a finished run leaves.
fn weights(workplace: &Workplace, run: &str) -> [Vec<u8>; 2] {
    ["model/model.safetensors", "weights.safetensors"]
        .map(|name| fs::read(workplace.path(run).join(name)).expect("the run is finished"))
}

/// Whether a file of the run has this in its name, in its folder or in those below.
fn shows(workplace: &Workplace, piece: &str) -> bool {
    ["run", "run/checkpoint", "run/model"]
        .iter()
        .filter_map(|folder| fs::read_dir(workplace.path(folder)).ok())
        .flatten()
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().contains(piece))
}

/// Kills the run as soon as its folder shows the piece of a name; whether it was killed before its end.
fn kill_at(workplace: &Workplace, mut run: Child, piece: &str) -> bool {
    while run.try_wait().unwrap().is_none() && !shows(workplace, piece) {
        thread::sleep(Duration::from_micros(100));
    }
    run.kill().unwrap();
    run.wait().unwrap().code().is_none()
}

#[test]
fn a_killed_run_ends_with_the_same_bits() {
    let whole = workplace();
    whole.succeed(TRAIN);
    let expected = weights(&whole, "run");
    let mut killed = 0;
    for moment in MOMENTS {
        let workplace = workplace();
        let mut command = workplace.command(TRAIN);
        let run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        killed += u32::from(kill_at(&workplace, run, moment));
        // A run that was not killed in time is finished, which `--resume` leaves as it is.
        workplace.succeed(&[TRAIN, &["--resume"]].concat());
        assert_eq!(weights(&workplace, "run"), expected, "killed at {moment}");
        assert_eq!(workplace.read_json("run/metrics.json")["steps"], STEPS, "killed at {moment}");
        assert!(!shows(&workplace, ".tmp"), "half a file is left after {moment}");
    }
    assert!(killed > 0, "no run was killed before its end");
}

#[test]
fn threads_change_no_bit() {
    let workplace = workplace();
    for (threads, run) in [("1", "one"), ("2", "two")] {
        workplace.succeed(&["train", "tasks.toml", "--out", run, "--threads", threads]);
    }
    assert_eq!(weights(&workplace, "one"), weights(&workplace, "two"));
}

/// Files of more than a MiB cannot be written: checkpoints and models, but not what is small.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_was_saved() {
    let whole = workplace();
    whole.succeed(TRAIN);
    let workplace = workplace();
    let run = workplace.command(TRAIN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(kill_at(&workplace, run, "step-"), "the run is not finished");
    let resume = [TRAIN, &["--resume"]].concat();
    for _ in 0..2 {
        let limited = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"";
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", limited, env!("CARGO_BIN_EXE_mtl")])
            .args(&resume)
            .current_dir(workplace.path("."));
        let output = command.output().unwrap();
        let said = common::stderr(&output);
        assert_eq!(common::code(&output), 1, "{said}");
        let error = said.lines().find(|line| line.starts_with("error: ")).expect("an error");
        assert!(error.contains("checkpoint") && error.contains("File too large"), "{said}");
        assert!(!shows(&workplace, ".tmp"), "nothing half-written is left");
    }
    workplace.succeed(&resume);
    assert!(weights(&workplace, "run") == weights(&whole, "run"), "other bits than without the full disk");
}
