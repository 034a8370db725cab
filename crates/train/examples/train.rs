//! Trains a configuration and prints what happens: `train CONFIG OUT [--data DIR]`, or `train --demo SEED SEEDS`.

use std::path::{Path, PathBuf};
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

fn main() -> Result<(), TrainError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let interrupt = AtomicBool::new(false);
    if let [flag, seed, seeds] = &arguments[..]
        && flag == "--demo"
    {
        let number = |text: &String| text.parse().expect("a number");
        let options = DemoOptions { seed: number(seed), seeds: number(seeds), out: None, threads: None };
        for task in demo(&options, &mut Printer, &interrupt)?.comparison.summary {
            println!("{task:?}");
        }
        return Ok(());
    }
    let data = arguments.get(3).map(PathBuf::from);
    let [config, out] = [&arguments[0], &arguments[1]];
    let config = Config::load(Path::new(config), data.as_deref())?;
    let summary = Session::new(config, Options::new(out))?.run(&mut Printer, &interrupt)?;
    println!("{:?}", summary.metrics);
    Ok(())
}
