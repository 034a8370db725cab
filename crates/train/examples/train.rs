//! Trains a configuration and prints what happens: `train CONFIG OUT [--data DIR]`, or `train --demo SEED SEEDS`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use mtl_train::demo::{DemoOptions, demo};
use mtl_train::{Config, Observer, Options, Plan, Scores, Session, StepReport, TrainError};

/// Prints every hundredth step, and everything else.
struct Printer;

impl Observer for Printer {
    fn run(&mut self, name: &str, number: usize, total: usize) {
        println!("{number}/{total} {name}");
    }

    fn planned(&mut self, plan: &Plan) {
        println!("{} steps, {} tokens, {:?}", plan.steps, plan.tokens, plan.estimate);
    }

    fn step(&mut self, report: &StepReport<'_>) {
        if report.step.is_multiple_of(100) {
            let speed = report.tokens_per_second.round();
            println!("{}/{} {:?} {speed} tokens/s", report.step, report.total, report.losses);
        }
    }

    fn evaluated(&mut self, step: u64, scores: &Scores) {
        println!("{step} {scores:?}");
    }

    fn message(&mut self, text: &str) {
        println!("{text}");
    }
}

const USAGE: &str = "usage: train CONFIG OUT [--data DIR]\n       train --demo SEED SEEDS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["--demo", seed, seeds] => match (seed.parse(), seeds.parse()) {
            (Ok(seed), Ok(seeds)) => compare(seed, seeds),
            _ => return usage(),
        },
        [config, out] => train(config, out, None),
        [config, out, "--data", data] => train(config, out, Some(Path::new(data))),
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// Trains a configuration.
fn train(config: &str, out: &str, data: Option<&Path>) -> Result<(), TrainError> {
    let config = Config::load(Path::new(config), data)?;
    let summary = Session::new(config, Options::new(out))?.run(&mut Printer, &AtomicBool::new(false))?;
    println!("{:?}", summary.metrics);
    Ok(())
}

/// Runs the demonstration with model seeds `seed..seed + seeds`.
fn compare(seed: u64, seeds: u64) -> Result<(), TrainError> {
    let options = DemoOptions { seed, seeds, out: None, threads: None };
    for task in demo(&options, &mut Printer, &AtomicBool::new(false))?.comparison.summary {
        println!("{task:?}");
    }
    Ok(())
}
