//! `mtl inspect`: what happened while a run trained.

use std::path::PathBuf;

use clap::Args;
use mtl_train::Inspection;
use mtl_train::inspect::{PairInspection, SharedTable, TaskInspection, inspect};
use mtl_train::run_folder::RunFolder;

use crate::table::{self, number, words};
use crate::{format, interrupt, report};

/// How many pairs of tasks the sentence about conflicts names.
const NAMED: usize = 3;

const HELP: &str = "\
Reads DIR/history.jsonl, of a finished run or of one under way, and draws losses, weights, gradient norms, \
cosines and scores over the steps.

The columns of a task:
  steps          steps that show it
  first loss     mean over the first tenth of them
  last loss      mean over the last tenth
  mean loss      mean over all
  weight         mean of what its gradient was multiplied by in the shared
                 parameters
  gradient norm  mean norm of that gradient before the weight, over the steps
                 that measured it; with weighting \"gradnorm\" that of the last
                 shared layer, with gradients \"mgda-ub\" that at the
                 encoder's output

The columns of two tasks, those of the lowest mean cosine first:
  measured       steps that measured the gradients of both
  mean cosine    1 where they pull the same way, 0 where neither minds the
                 other, -1 where they undo each other
  in conflict    share of these steps in which the cosine is below 0: what
                 lowers one loss raises the other; about 50 % beside a mean
                 cosine near 0 is chance, no conflict
  sharpest       the smallest cosine, and its step

With an architecture whose tasks have copies of the encoder, tables of what it learned about sharing follow once \
the run has finished.

A combining such as \"pcgrad\" measures every step; otherwise every sharing.measure_every-th does, in runs \
whose curriculum.unit lets a step show several tasks.

Examples:
  mtl inspect runs/first
  mtl inspect runs/first --svg first.svg
  mtl inspect runs/first --json | jq '.pairs[0]'";

/// Show what happened while a run trained: loss, weight and gradient norm of each task, and conflicts between tasks
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Inspect {
    /// Folder of the run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Draw into this file [default: DIR/inspect.svg]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Prints the tables and draws the picture.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let picture = self.svg.clone().unwrap_or_else(|| RunFolder::new(&self.folder).picture());
        let inspection = inspect(&self.folder, &picture)?;
        if self.json {
            report::print_json(&inspection)
        } else {
            report::print(&format!("{}\nwrote {}", text(&inspection), picture.display()))
        }
    }
}

/// The tables, and a sentence about the conflicts.
fn text(inspection: &Inspection) -> String {
    let headings = ["task", "steps", "first loss", "last loss", "mean loss", "weight", "gradient norm"];
    let mut tasks = table::with_header(&headings);
    tasks.add_rows(inspection.tasks.iter().map(task_row));
    let mut text = format!(
        "{tasks}\n\n{} and {}; gradients measured in {}\n",
        format::several(inspection.steps, "step"),
        format::several(inspection.evaluations, "evaluation"),
        format::count(inspection.measured),
    );
    if let Some(inner) = &inspection.inner_problem {
        text += &format!(
            "inner problem of the combining: {}, residual at most {:.1e} (step {}), without a solution in {}\n",
            format::several(inner.steps, "step"),
            inner.largest_residual,
            format::count(inner.largest_step),
            format::several(inner.fallbacks, "step"),
        );
    }
    if !inspection.pairs.is_empty() {
        let headings = ["task", "with", "measured", "mean cosine", "in conflict", "sharpest"];
        let mut pairs = table::with_header(&headings);
        pairs.add_rows(inspection.pairs.iter().map(pair_row));
        text += &format!("\n{pairs}\n\n");
    }
    text += &conflicts(inspection);
    for shared in &inspection.shared {
        text += &format!("\n\n{}:\n{}", shared.title, shared_table(shared));
    }
    text
}

/// What the architecture learned about sharing.
fn shared_table(shared: &SharedTable) -> comfy_table::Table {
    let headings: Vec<&str> = std::iter::once("").chain(shared.columns.iter().map(String::as_str)).collect();
    let mut table = table::with_header(&headings);
    for (name, values) in &shared.rows {
        let numbers = values.iter().map(|value| number(format!("{value:.4}")));
        table.add_row(std::iter::once(words(name)).chain(numbers).collect::<Vec<_>>());
    }
    table
}

/// Which pairs conflict most, or why that is not known.
fn conflicts(inspection: &Inspection) -> String {
    if let Some(reason) = inspection.unmeasured {
        return format!("conflicts: {reason}");
    }
    let share = |pair: &PairInspection| {
        let share = 100.0 * pair.conflicting;
        let cosine = pair.mean_cosine;
        let steps = steps(pair.measured);
        format!(
            "{} and {} (mean cosine {cosine:+.3}, below 0 in {share:.1} % of {steps})",
            pair.first, pair.second
        )
    };
    let named: Vec<String> = inspection.conflicts().take(NAMED).map(share).collect();
    match named.is_empty() {
        true => "conflicts: no two tasks conflict on average".to_owned(),
        false => format!("most in conflict: {}", named.join(", ")),
    }
}

fn steps(number: u64) -> String {
    format::several(number, "measured step")
}

fn task_row(task: &TaskInspection) -> Vec<comfy_table::Cell> {
    let means = [task.first_loss, task.last_loss, task.mean_loss, task.mean_weight, task.mean_gradient_norm];
    let mut row = vec![words(&task.name), number(format::count(task.shown))];
    row.extend(means.map(|mean| number(mean.map_or_else(|| "-".to_owned(), format::value))));
    row
}

fn pair_row(pair: &PairInspection) -> Vec<comfy_table::Cell> {
    vec![
        words(&pair.first),
        words(&pair.second),
        number(format::count(pair.measured)),
        number(format!("{:+.3}", pair.mean_cosine)),
        number(format!("{:.1} %", 100.0 * pair.conflicting)),
        number(format!("{:+.3} in step {}", pair.sharpest, format::count(pair.sharpest_step))),
    ]
}
