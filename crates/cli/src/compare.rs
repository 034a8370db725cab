//! `mtl compare`: each task alone, and all tasks together.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use mtl_train::compare::evidence::ENOUGH_SEEDS;
use mtl_train::compare::{Comparison, Effect, RunScore, TaskSummary, Verdict, WhoHurts, better};
use mtl_train::run_folder::RunFolder;
use mtl_train::{Arm, CompareOptions, Config, Split, TrainError};

use crate::arguments::{ConfigArguments, ThreadArguments, seeds_parser};
use crate::progress::{PlanView, Progress};
use crate::table::{self, coloured, number, words};
use crate::{format, interrupt, report, verdict};

const HELP: &str = "\
Trains each task alone and all tasks together, with K seeds: the configuration's and those after it. A task \
is shown the same number of its own examples in both. DIR holds a folder per run, compare.json with every \
score and test, and better.toml, the mix that the evidence speaks for. The same command continues after an \
interrupt, and reuses the runs that are there when it is given more seeds.

How sure is a difference? Two tests, each adjusted (Holm) for the number of tasks:
  over examples  paired bootstrap: would these models differ on other examples?
  over seeds     paired t test: would models of other seeds differ on these
                 examples?
\"helped\" and \"hurt\" need both below .05. With one or two seeds the first decides alone, and says nothing \
about other seeds. \"no evidence\" is not \"no difference\": the table says what it takes.

A task with test = \"FILE\" is scored on it; the dev set then serves selection only.

--who-hurts trains all tasks but one as well, for each: as many joint runs more a seed as there are tasks. \
It names who helps and hurts whom, and writes the matrix to DIR/who-hurts.svg.

Examples:
  mtl compare tasks.toml --out runs/compare --seeds 3
  mtl compare tasks.toml --out runs/compare --seeds 5 --who-hurts
  mtl compare tasks.toml --out runs/compare --seeds 5 --json > compare.json
  mtl plan runs/compare/better.toml";

/// Is training together worth it? Train each task alone and all together, and test the difference
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
    /// How many seeds; fewer than three tell nothing about the spread
    #[arg(long, value_name = "K", value_parser = seeds_parser())]
    seeds: u64,
    /// Leave out one task at a time as well, to see which helps or hurts which
    #[arg(long)]
    who_hurts: bool,
    /// Print one JSON document, the same as DIR/compare.json
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Errors if there is nothing to compare, or no room for it.
    fn check(&self, config: &Config) -> Result<(), TrainError> {
        if config.headless.is_empty() && config.tasks.len() < 2 {
            return Err(config.error_at("tasks", TrainError::OneTask { task: config.tasks[0].name.clone() }));
        }
        if RunFolder::new(&self.out).holds_run() {
            let problem = "it holds a run of `mtl train`, and a comparison needs a folder of its own";
            return Err(TrainError::Output { path: self.out.clone(), problem });
        }
        let better = self.out.join("better.toml");
        let written = better.canonicalize().ok();
        if written.is_some() && written == self.config.config.canonicalize().ok() {
            let problem =
                "it is the configuration, and the comparison would write over it; choose another folder";
            return Err(TrainError::Output { path: better, problem });
        }
        Ok(())
    }

    /// Runs everything and prints the comparison.
    pub fn run(&self) -> anyhow::Result<()> {
        let interrupt = interrupt::flag()?;
        let config = self.config.load()?;
        self.check(&config)?;
        let options = CompareOptions {
            out: self.out.clone(),
            seeds: self.seeds,
            who_hurts: self.who_hurts,
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
        let picture = if self.who_hurts { format!(", {out}/who-hurts.svg") } else { String::new() };
        report::print(&format!(
            "{}\n\n{}\nwrote {out}/compare.json{picture}; each run has its folder in {out}",
            text(&comparison),
            better_mix(&comparison, &format!("{out}/better.toml")),
        ))
    }
}

/// The comparison as tables, with what their words mean.
pub fn text(comparison: &Comparison) -> String {
    let mut table = table::with_header(&[
        "task",
        "metric",
        "alone",
        "together",
        "difference",
        "relative gain",
        "p over examples",
        "p over seeds",
        "together it is",
    ]);
    table.add_rows(comparison.summary.iter().map(row));
    let mut parts = vec![format!("{table}\n"), explanation(comparison)];
    let takes: Vec<String> = comparison.summary.iter().filter_map(verdict::what_it_takes).collect();
    if !takes.is_empty() {
        parts.push(format!("\nNo evidence; to know it takes (for a power of .8):\n  {}", takes.join("\n  ")));
    }
    parts.push(format!("\n{}\n{}", overall(comparison), costs(comparison)));
    parts.extend(comparison.who_hurts.as_ref().map(matrix));
    parts.join("\n")
}

fn row(task: &TaskSummary) -> Vec<comfy_table::Cell> {
    let evidence = &task.evidence;
    let p = |p: Option<f64>| number(p.map_or_else(|| "-".to_owned(), verdict::p_value));
    vec![
        words(&task.task),
        words(format!("{} ({})", task.metric, task.split.name())),
        number(format::spread(task.single_mean, task.single_sd)),
        number(format::spread(task.joint_mean, task.joint_sd)),
        number(format!("{:+.4}", task.difference)),
        number(task.relative_gain.map_or_else(|| "-".to_owned(), format::gain)),
        p(evidence.over_examples.as_ref().map(|test| test.p_adjusted)),
        p(evidence.over_seeds.as_ref().map(|test| test.p_adjusted)),
        coloured(verdict::words(evidence.verdict), verdict::color(evidence.verdict)),
    ]
}

fn explanation(comparison: &Comparison) -> String {
    let seeds = comparison.summary.iter().filter_map(|task| task.evidence.over_seeds.as_ref());
    let decides = match seeds.map(|test| test.n).max() {
        Some(n) if n >= ENOUGH_SEEDS => {
            "Means over seeds ± standard deviation. \"helped\" and \"hurt\": both p values are below .05."
        }
        Some(_) => {
            "Means over seeds ± standard deviation. \"helped\" and \"hurt\": p over examples is below .05;\n\
             two seeds say too little about the spread over seeds, which that does not cover."
        }
        None => {
            "One seed: \"helped\" and \"hurt\" mean that p over examples is below .05. That does not cover\n\
             the spread over seeds; another seed may say otherwise."
        }
    };
    let on_dev = comparison.summary.iter().filter(|task| task.split == Split::Dev);
    let on_dev: Vec<&str> = on_dev.map(|task| task.task.as_str()).collect();
    let dev = match on_dev.len() {
        0 => String::new(),
        n if n == comparison.summary.len() => {
            "\nScores are of the dev sets, by which keep = \"best\" also chooses weights.".to_owned()
        }
        _ => format!(
            "\nScores of dev sets, by which keep = \"best\" also chooses weights: {}.",
            on_dev.join(", ")
        ),
    };
    format!(
        "{decides}\np values are adjusted for the number of tasks (Holm).{dev}{}",
        falling(&comparison.summary)
    )
}

/// The metrics of which less is better.
fn falling(summary: &[TaskSummary]) -> String {
    let falling = summary.iter().filter(|task| !task.higher_is_better);
    let names: BTreeSet<&str> = falling.map(|task| task.metric.as_str()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("\nLower is better: {}.", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// All tasks at once.
fn overall(comparison: &Comparison) -> String {
    let overall = &comparison.overall;
    let gain = overall.mean_relative_gain.map_or_else(|| "-".to_owned(), format::gain);
    format!(
        "Over all tasks: mean rank {:.2} alone, {:.2} together (1 is best); mean relative gain {gain}.",
        overall.single_mean_rank, overall.joint_mean_rank
    )
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

/// The mean cost of a task's runs of one arm.
fn mean(comparison: &Comparison, task: &TaskSummary, arm: Arm, cost: fn(&RunScore) -> f64) -> f64 {
    let runs = comparison.runs.iter().filter(|run| run.arm == arm && run.task == task.task);
    let costs: Vec<f64> = runs.map(cost).collect();
    costs.iter().sum::<f64>() / costs.len() as f64
}

/// Who helps and hurts whom: the matrix, and what of it is sure.
fn matrix(who_hurts: &WhoHurts) -> String {
    let headings = std::iter::once("row's effect on").chain(who_hurts.tasks.iter().map(String::as_str));
    let mut table = table::with_header(&headings.collect::<Vec<_>>());
    for of in &who_hurts.tasks {
        let cells = who_hurts.tasks.iter().map(|on| match who_hurts.effect(of, on) {
            None => words(""),
            Some(effect) => {
                let verdict = effect.evidence.verdict;
                let mark = match verdict {
                    Verdict::Helped => " helps",
                    Verdict::Hurt => " hurts",
                    Verdict::NoEvidence => "",
                };
                coloured(format!("{:+.4}{mark}", effect.difference), verdict::color(verdict))
            }
        });
        table.add_row(std::iter::once(words(of)).chain(cells));
    }
    let sure = |verdict: Verdict, verb: &str| {
        let effects = who_hurts.effects.iter().filter(|effect| effect.evidence.verdict == verdict);
        let named: Vec<String> = effects.map(|effect| sentence(effect, verb)).collect();
        if named.is_empty() { format!("no task {verb} another by the evidence") } else { named.join("\n") }
    };
    format!(
        "\n{table}\n\nThe score of the column's task with all tasks, less its score when the row's task is left out;\n\
         \"helps\" and \"hurts\" are evidence, tested as above over all pairs.\n{}\n{}",
        sure(Verdict::Hurt, "hurts"),
        sure(Verdict::Helped, "helps"),
    )
}

fn sentence(effect: &Effect, verb: &str) -> String {
    let Effect { of, on, metric, with_mean, without_mean, .. } = effect;
    format!("{of} {verb} {on}: {metric} {with_mean:.4} with it, {without_mean:.4} without it")
}

/// What the better mix is.
fn better_mix(comparison: &Comparison, path: &str) -> String {
    let leaving = better::leaving(comparison);
    if leaving.is_empty() {
        return format!("No task is hurt by the evidence: {path} is the mix as it was.");
    }
    let reasons: Vec<String> =
        leaving.into_iter().map(|left| format!("{} ({})", left.task, left.reason)).collect();
    format!("A proposal by the evidence, not yet tested, in {path}: train alone {}.", reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::task;

    #[test]
    fn metrics_of_which_less_is_better_are_named() {
        let less = |name: &str, metric: &str| TaskSummary {
            metric: metric.into(),
            higher_is_better: false,
            ..task(name, 0.0, Verdict::NoEvidence)
        };
        let rising = task("a", 0.1, Verdict::NoEvidence);
        assert_eq!(falling(std::slice::from_ref(&rising)), "");
        let mixed = [less("b", "rmse"), rising, less("c", "mae"), less("d", "rmse")];
        assert_eq!(falling(&mixed), "\nLower is better: mae, rmse.");
    }
}
