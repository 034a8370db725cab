//! `mtl plan`: what a run will do, before anything runs.

use clap::Args;
use mtl_train::plan::TaskPlan;
use mtl_train::{Options, Plan as RunPlan};

use crate::arguments::{ConfigArguments, ThreadArguments};
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{format, interrupt, report};

const HELP: &str = "\
Data is read and tokenized, and the tokenized text is kept in the folder .mtl-cache; nothing is trained.

The columns:
  train, dev     labelled examples
  labels         how many there are to choose from; 1 for a number
  tokens         tokens of the train examples, after truncation to
                 encoder.max_tokens
  at limit       train examples of exactly that length, most of them shortened
  steps          steps in which the task is seen
  shown          its examples that are seen, repeats counted
  epochs         how often each of them is seen, on average
  first repeat   the step in which they begin to repeat; - if they never do
  share          its share of all examples that the run sees

Examples:
  mtl plan tasks.toml
  mtl plan tasks.toml --json | jq '.tasks[] | {name, epochs}'";

/// Show what a run will do before it runs: examples, tokens, steps and repeats of each task, memory and time
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Plan {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Plan {
    /// Prints the plan.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let config = self.config.load()?;
        let options = Options { threads: self.threads.threads, ..Options::default() };
        let plan = mtl_train::plan(&config, &options, &mut Progress::new(PlanView::Hidden))?;
        if self.json { report::print_json(&plan) } else { report::print(&text(&plan)) }
    }
}

/// The plan as a table, with what it needs and what is to be looked at.
pub fn text(plan: &RunPlan) -> String {
    let mut table = table::with_header(&[
        "task",
        "train",
        "dev",
        "labels",
        "tokens",
        "at limit",
        "steps",
        "shown",
        "epochs",
        "first repeat",
        "share",
    ]);
    table.add_rows(plan.tasks.iter().map(row));
    let estimate = &plan.estimate;
    let mut text = format!(
        "{table}\n\n{} of {} and {} in all; {} parameters\n\
         estimate: {:.0} MiB of memory in packs of at most {} tokens, {} of training at {:.0} GFLOP/s measured just now",
        format::several(plan.steps, "step"),
        format::several(plan.sequences, "sequence"),
        format::several(plan.tokens, "token"),
        format::count(plan.parameters),
        estimate.memory_mib,
        format::count(plan.pack_tokens as u64),
        format::seconds(estimate.seconds),
        estimate.flops_per_second / 1e9,
    );
    for (task, share) in plan.tasks.iter().filter_map(|task| Some((task, task.held_out?))) {
        text += &format!(
            "\ndev of `{}`: no file is named, so {} % of train is held out ({})",
            task.name,
            100.0 * share,
            format::several(task.dev_examples as u64, "labelled example"),
        );
    }
    for warning in &plan.warnings {
        text += &format!("\nwarning: {warning}");
    }
    text
}

/// The plan in a line.
pub fn line(plan: &RunPlan) -> String {
    format!(
        "{}, {}, {}, {} parameters, about {}",
        format::several(plan.steps, "step"),
        format::several(plan.sequences, "sequence"),
        format::several(plan.tokens, "token"),
        format::count(plan.parameters),
        format::seconds(plan.estimate.seconds),
    )
}

fn row(task: &TaskPlan) -> Vec<comfy_table::Cell> {
    vec![
        words(&task.name),
        number(format::count(task.train_examples as u64)),
        number(format::count(task.dev_examples as u64)),
        number(task.labels),
        number(format::count(task.train_tokens)),
        number(format::count(task.at_limit as u64)),
        number(format::count(task.steps)),
        number(format::count(task.sequences)),
        number(format!("{:.2}", task.epochs)),
        number(task.first_repeat.map_or_else(|| "-".to_owned(), format::count)),
        number(format!("{:.1} %", 100.0 * task.probability)),
    ]
}
