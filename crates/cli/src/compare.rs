//! `mtl compare`: each task alone, and all tasks together.

use std::path::PathBuf;

use clap::Args;
use mtl_train::compare::{Comparison, RunScore, TaskSummary};
use mtl_train::{Arm, CompareOptions};

use crate::arguments::{ConfigArguments, ThreadArguments, seeds_parser};
use crate::progress::{PlanView, Progress};
use crate::table::{self, coloured, number, words};
use crate::verdict::Verdict;
use crate::{format, interrupt, report};

const HELP: &str = "\
Trains each task alone and all tasks together, with K seeds: the configuration's and those after it.
A task is shown the same number of its own examples in both. DIR holds a folder per run, and
compare.json with every run's score. The same command continues after an interrupt.

Examples:
  mtl compare tasks.toml --out runs/compare --seeds 3
  mtl compare tasks.toml --out runs/compare --seeds 5 --json > compare.json";

/// Is training together worth it? Train each task alone and all together, and compare
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Compare {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Folder of the runs
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many seeds; one tells nothing about the spread
    #[arg(long, value_name = "K", value_parser = seeds_parser())]
    seeds: u64,
    /// Print one JSON document, the same as DIR/compare.json
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Runs everything and prints the comparison.
    pub fn run(&self) -> anyhow::Result<()> {
        let interrupt = interrupt::flag()?;
        let config = self.config.load()?;
        let options = CompareOptions {
            out: self.out.clone(),
            seeds: self.seeds,
            threads: self.threads.threads,
            ..CompareOptions::default()
        };
        let mut progress = Progress::new(PlanView::Line).judging(&config);
        let comparison = mtl_train::compare(&config, &options, &mut progress, interrupt)?;
        drop(progress);
        if self.json {
            return report::print_json(&comparison);
        }
        let out = self.out.display();
        report::print(&format!(
            "{}\nwrote {out}/compare.json; each run has its folder in {out}",
            text(&comparison)
        ))
    }
}

/// The comparison as a table, with what its words mean.
pub fn text(comparison: &Comparison) -> String {
    let mut table = table::with_header(&[
        "task",
        "metric",
        "alone",
        "together",
        "difference",
        "relative gain",
        "together is",
        "steps alone / together",
        "seconds alone / together",
    ]);
    table.add_rows(comparison.summary.iter().map(|task| row(task, comparison)));
    format!("{table}\n\n{}\n{}", costs(comparison), explanation(comparison))
}

/// What both ways cost, a seed.
fn costs(comparison: &Comparison) -> String {
    let of = |arm| {
        // A joint run stands once for each of its tasks.
        let share = if arm == Arm::Joint { comparison.summary.len() as f64 } else { 1.0 };
        let total = |cost: fn(&RunScore) -> f64| {
            comparison.summary.iter().map(|task| mean(comparison, task, arm, cost)).sum::<f64>() / share
        };
        let steps = format::several(total(|run| run.steps as f64).round() as u64, "step");
        format!("{steps} in {}", format::seconds(total(|run| run.seconds)))
    };
    format!("A seed costs {} for all tasks alone, and {} together.", of(Arm::Single), of(Arm::Joint))
}

fn row(task: &TaskSummary, comparison: &Comparison) -> Vec<comfy_table::Cell> {
    let verdict = Verdict::of(task);
    let both = |cost: fn(&RunScore) -> f64, digits: usize| {
        let of = |arm| mean(comparison, task, arm, cost);
        format!("{:.digits$} / {:.digits$}", of(Arm::Single), of(Arm::Joint))
    };
    vec![
        words(&task.task),
        words(&task.metric),
        number(format::spread(task.single_mean, task.single_sd)),
        number(format::spread(task.joint_mean, task.joint_sd)),
        number(format!("{:+.4}", task.difference)),
        number(task.relative_gain.map_or_else(|| "-".to_owned(), format::gain)),
        coloured(verdict.words(), verdict.color()),
        number(both(|run| run.steps as f64, 0)),
        number(both(|run| run.seconds, 1)),
    ]
}

/// The mean cost of a task's runs of one arm.
fn mean(comparison: &Comparison, task: &TaskSummary, arm: Arm, cost: fn(&RunScore) -> f64) -> f64 {
    let runs = comparison.runs.iter().filter(|run| run.arm == arm && run.task == task.task);
    let costs: Vec<f64> = runs.map(cost).collect();
    costs.iter().sum::<f64>() / costs.len() as f64
}

fn explanation(comparison: &Comparison) -> &'static str {
    let spread = comparison.summary.iter().any(|task| task.single_sd.is_some());
    if spread {
        "Means over seeds ± standard deviation. \"better\" and \"worse\": the means differ by more than that spread\n\
         (the root mean square of the two); this is no test of significance."
    } else {
        "One seed: \"better\" and \"worse\" are the sign of the difference only; another seed may say otherwise."
    }
}
