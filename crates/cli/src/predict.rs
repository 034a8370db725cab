//! `mtl predict`: labels for new text.

use std::path::PathBuf;

use clap::Args;
use mtl_train::PredictOptions;

use crate::arguments::ThreadArguments;
use crate::progress::{PlanView, Progress};
use crate::{format, interrupt, report};

const HELP: &str = "\
The input has the form of the task's own files: format, header and column names are those of the
configuration. Its label column may be absent. The output has one JSON object per row, in order:
  classification         {\"label\": \"positive\", \"probabilities\": {\"negative\": 0.04, \"positive\": 0.96}}
  several labels         {\"labels\": [\"sports\"], \"probabilities\": {\"politics\": 0.1, \"sports\": 0.8}}
  regression             {\"value\": 3.7}, in the scale of the file
  token classification   {\"labels\": [\"O\", \"B-person\", \"I-person\"]}, one a word; null for words beyond
                         encoder.max_tokens
The output is written whole or not at all.

Examples:
  mtl predict runs/first --task sentiment --input new.tsv --output labels.jsonl
  mtl predict runs/first --task entities --input new.conll.gz --output tags.jsonl";

/// Predict every row of a file with a finished run
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Predict {
    /// Folder of the run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The task; needed if the run has several
    #[arg(long, value_name = "T")]
    task: Option<String>,
    /// File to read
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write, as JSON lines
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    threads: ThreadArguments,
}

impl Predict {
    /// Writes the predictions and says how many.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let options = PredictOptions {
            task: self.task.clone(),
            input: self.input.clone(),
            output: self.output.clone(),
            threads: self.threads.threads,
        };
        let rows = mtl_train::predict(&self.folder, &options, &mut Progress::new(PlanView::Hidden))?;
        report::print(&format!("wrote {} to {}", format::several(rows, "prediction"), self.output.display()))
    }
}
