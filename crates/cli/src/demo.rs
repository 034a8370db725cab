//! `mtl demo`: see it work, with nothing but this program.

use std::path::PathBuf;

use clap::Args;
use mtl_train::compare::{TaskSummary, Verdict};
use mtl_train::{Demo as Demonstration, DemoOptions};

use crate::arguments::{ThreadArguments, seed_parser, seeds_parser};
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{compare, format, interrupt, report};

const HELP: &str = "\
The corpus is synthetic: made by a seeded generator, so nothing is downloaded, and no score on it says \
anything about real text. --out keeps the corpus and all runs to look at.

Examples:
  mtl demo
  mtl demo --seed 7 --seeds 3
  mtl demo --out runs/demo
  mtl demo --json > demo.json";

const NEXT: &str = "\
Next:
  mtl train --help                                    a configuration for your own files
  mtl plan tasks.toml                                 what it would do, before it runs
  mtl train tasks.toml --out runs/first               one model for all its tasks
  mtl compare tasks.toml --out runs/compare --seeds 3 this table for your tasks";

/// See one small model learn several tasks of a synthetic corpus, beside its single-task baselines
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Demo {
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed_parser())]
    seed: u64,
    /// How many seeds
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = seeds_parser())]
    seeds: u64,
    /// Folder that keeps the corpus and the runs [default: none is kept]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Demo {
    /// Runs everything and prints what happened.
    pub fn run(&self) -> anyhow::Result<()> {
        let interrupt = interrupt::flag()?;
        if !self.json {
            report::print(&format!(
                "One small model learns several tasks of a synthetic corpus: each task alone, then all together,\n\
                 with {} from {}.\n",
                format::several(self.seeds, "seed"),
                self.seed,
            ))?;
        }
        let options = DemoOptions {
            seed: self.seed,
            seeds: self.seeds,
            out: self.out.clone(),
            threads: self.threads.threads,
        };
        let mut progress = Progress::new(PlanView::Line);
        let demo = mtl_train::demo(&options, &mut progress, interrupt)?;
        drop(progress);
        if self.json { report::print_json(&demo) } else { report::print(&self.text(&demo)) }
    }

    fn text(&self, demo: &Demonstration) -> String {
        let mut tasks = table::with_header(&["task", "train examples", "what it asks"]);
        for task in &demo.tasks {
            tasks.add_row([words(&task.name), number(task.train_examples), words(&task.about)]);
        }
        let kept = match &self.out {
            Some(out) => {
                let out = out.display();
                format!("\nThe corpus and all runs are in {out}, the configuration is {out}/demo.toml.\n")
            }
            None => String::new(),
        };
        format!(
            "Data: {}.\n\n{tasks}\n\n{}\n\n{}\n{kept}\n{NEXT}",
            demo.data,
            compare::text(&demo.comparison),
            outcome(&demo.comparison.summary),
        )
    }
}

/// Which tasks gained and which lost.
fn outcome(summary: &[TaskSummary]) -> String {
    let lines = [Verdict::Helped, Verdict::Hurt, Verdict::NoEvidence].map(|verdict| {
        let of_verdict = summary.iter().filter(|task| task.evidence.verdict == verdict);
        let tasks: Vec<String> = of_verdict.map(with_gain).collect();
        let heading = match verdict {
            Verdict::Helped => "Helped by training together",
            Verdict::Hurt => "Hurt by it",
            Verdict::NoEvidence => "No evidence",
        };
        format!("{heading}: {}", if tasks.is_empty() { "no task".to_owned() } else { tasks.join(", ") })
    });
    lines.join("\n")
}

fn with_gain(task: &TaskSummary) -> String {
    match task.relative_gain {
        Some(gain) => format!("{} ({})", task.task, format::gain(gain)),
        None => task.task.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::task;

    #[test]
    fn gains_and_losses_are_named() {
        let summary = [
            task("a", 0.1, Verdict::Helped),
            task("b", -0.05, Verdict::Hurt),
            task("c", 0.01, Verdict::NoEvidence),
        ];
        assert_eq!(
            outcome(&summary),
            "Helped by training together: a (+20.0 %)\nHurt by it: b (-10.0 %)\nNo evidence: c (+2.0 %)"
        );
        assert!(
            outcome(&summary[2..]).starts_with("Helped by training together: no task\nHurt by it: no task\n")
        );
    }
}
