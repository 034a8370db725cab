//! `mtl eval`: the scores of a finished run.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtl_train::{EvaluateOptions, Scores, Split};
use serde_json::json;

use crate::arguments::ThreadArguments;
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{format, interrupt, report};

const HELP: &str = "\
The ending of --file tells its format, unless the configuration sets `format`.

With --json the document has the form that DIR/metrics.json has: {\"tasks\": {TASK: {METRIC: VALUE}}}.

Examples:
  mtl eval runs/first
  mtl eval runs/first --split test --json
  mtl eval runs/first --task similarity --file other/scored.tsv
  mtl eval runs/first --data /srv/corpora          # the data has moved";

/// Score a finished run on its dev sets, its test sets or a file
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Eval {
    /// Folder of the run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Score this task only
    #[arg(long, value_name = "T")]
    task: Option<String>,
    /// Score this labelled file, with the columns of the task's own, instead of the dev set
    #[arg(long, value_name = "F", conflicts_with = "split")]
    file: Option<PathBuf>,
    /// Score these sets
    #[arg(long, value_enum, default_value_t)]
    split: SplitName,
    /// Folder that the run's relative paths start from [default: the same as in training]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum SplitName {
    /// The sets that scores are watched on
    #[default]
    Dev,
    /// The sets that training never looks at
    Test,
}

impl Eval {
    /// Prints the scores.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let options = EvaluateOptions {
            task: self.task.clone(),
            file: self.file.clone(),
            split: match self.split {
                SplitName::Dev => Split::Dev,
                SplitName::Test => Split::Test,
            },
            data: self.data.clone(),
            threads: self.threads.threads,
        };
        let scores = mtl_train::evaluate(&self.folder, &options, &mut Progress::new(PlanView::Hidden))?;
        if self.json {
            report::print_json(&json!({ "tasks": scores }))
        } else {
            report::print(&text(&scores))
        }
    }
}

fn text(scores: &Scores) -> String {
    let mut table = table::with_header(&["task", "metric", "score"]);
    for (task, values) in scores {
        for (metric, value) in values {
            table.add_row([words(task), words(metric), number(format::score(*value))]);
        }
    }
    table.to_string()
}
