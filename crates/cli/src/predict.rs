//! `mtl predict`: labels for new text.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory};
use mtl_train::{Benchmark, PredictOptions, SubmissionOptions};
use tempfile::TempDir;

use crate::Cli;
use crate::arguments::{BenchmarkName, PartName, ThreadArguments};
use crate::progress::{PlanView, Progress};
use crate::{format, interrupt, report};

const HELP: &str = "\
The input has the columns of the task's own files, by the names of the configuration; the label column may be \
absent. Its ending tells its format (.tsv, .csv, .jsonl, .conll, .conllu, each also with .gz or .zst); with another \
ending, and where the configuration sets `format`, it has the format of the task's own files.

The output has one JSON object per row, in order:
  classification  {\"label\": \"up\", \"probabilities\": {\"down\": 0.1, \"up\": 0.9}}
  several labels  {\"labels\": [\"a\"], \"probabilities\": {\"a\": 0.8, \"b\": 0.1}}
  regression      {\"value\": 3.7}, in the scale of the file
  words           {\"labels\": [\"O\", \"B-person\", \"I-person\"]}, one a word;
                  null for words beyond encoder.max_tokens

An empty line is no row of a table or of JSON lines. Between rows it is an error, so that objects and lines stay \
together; in a file of a single column it is an empty text. The output is written whole or not at all.

--input - reads standard input, in the format of the task's own files; --output - writes to standard output, \
and nothing else stands there. (A file of that name is ./-)

With --submission every task of the run that has a `benchmark` of this name is predicted on its test set (or \
another, by --split), and the output is a folder of files in the benchmark's official layout:
  glue                   RTE.tsv and so on: `index` and `prediction` between
                         tabs; STS-B between 0 and 5; MNLI's model also answers
                         the mismatched set and the diagnostics
  superglue              BoolQ.jsonl and so on: {\"idx\": 0, \"label\": \"true\"};
                         RTE's model also answers the diagnostics

Examples:
  mtl predict runs/first --task sentiment --input new.tsv --output labels.jsonl
  mtl predict runs/first --task entities --input new.conll.gz --out tags.jsonl
  head new.tsv | mtl predict runs/first --task mood --input - --output -
  mtl predict runs/glue --submission glue --output submission";

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
    /// File to read; - for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "submission")]
    input: Option<PathBuf>,
    /// File to write, as JSON lines; - for standard output; with --submission the folder to write to
    #[arg(long, value_name = "FILE", visible_alias = "out")]
    output: PathBuf,
    /// Write the official files of this benchmark
    #[arg(long, value_enum, value_name = "BENCHMARK", conflicts_with_all = ["input", "task"])]
    submission: Option<BenchmarkName>,
    /// Set that a submission is for
    #[arg(long, value_enum, default_value_t = PartName::Test, requires = "submission")]
    split: PartName,
    /// Folder that the run's relative paths start from [default: the same as in training]
    #[arg(long, value_name = "DIR", requires = "submission")]
    data: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArguments,
}

impl Predict {
    /// Writes the predictions and says how many.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        if let Some(benchmark) = self.submission {
            if is_stream(&self.output) {
                let problem = "--submission writes several files: --output must name a folder, not -";
                Cli::command().error(ErrorKind::ArgumentConflict, problem).exit();
            }
            return self.submit(benchmark.into());
        }
        let piped = match self.input.as_deref() {
            Some(input) if is_stream(input) => Some(Piped::read()?),
            _ => None,
        };
        let input = piped.as_ref().map(|piped| &piped.path).or(self.input.as_ref());
        let output = Some(self.output.clone()).filter(|output| !is_stream(output));
        let options = PredictOptions {
            task: self.task.clone(),
            input: input.cloned().unwrap_or_default(),
            threads: self.threads.threads,
            output,
        };
        let predicted = mtl_train::predict(&self.folder, &options, &mut Progress::new(PlanView::Hidden))?;
        if options.output.is_none() {
            return report::print(predicted.lines.trim_end());
        }
        let rows = format::several(predicted.rows, "prediction");
        report::print(&format!("wrote {rows} to {}", self.output.display()))
    }

    fn submit(&self, benchmark: Benchmark) -> anyhow::Result<()> {
        let options = SubmissionOptions {
            benchmark,
            part: self.split.into(),
            output: self.output.clone(),
            data: self.data.clone(),
            threads: self.threads.threads,
        };
        let written = mtl_train::submission(&self.folder, &options, &mut Progress::new(PlanView::Hidden))?;
        for skipped in &written.skipped {
            report::line(&format!("skipped {skipped}"));
        }
        let say = |(path, rows): &(PathBuf, u64)| {
            format!("wrote {} to {}", format::several(*rows, "prediction"), path.display())
        };
        report::print(&written.files.iter().map(say).collect::<Vec<_>>().join("\n"))
    }
}

/// Whether a name stands for standard input or output.
fn is_stream(name: &Path) -> bool {
    name == Path::new("-")
}

/// Standard input, kept in a file while it is needed: some formats are looked at twice.
struct Piped {
    path: PathBuf,
    _folder: TempDir,
}

impl Piped {
    /// Reads standard input to its end.
    fn read() -> anyhow::Result<Self> {
        let folder = TempDir::new().context("failed to keep standard input in a file")?;
        let path = folder.path().join("stdin");
        let copy = || io::copy(&mut io::stdin().lock(), &mut File::create(&path)?);
        copy().context("failed to keep standard input in a file")?;
        Ok(Self { path, _folder: folder })
    }
}
