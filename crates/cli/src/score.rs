//! `mtl score`: files of predictions, scored as a benchmark scores them.

use std::path::PathBuf;

use clap::Args;
use mtl_train::{BenchmarkScore, ScoreOptions};

use crate::arguments::{BenchmarkName, PartName};
use crate::report;
use crate::table::{self, number, words};

const HELP: &str = "\
DIR of --gold holds the benchmark's data, each task in the folder that it is published in (RTE/dev.tsv,
BoolQ/val.jsonl, squad/dev-v1.1.json, ...). DIR of --predictions holds files in the official layouts:
  glue       CoLA.tsv SST-2.tsv MRPC.tsv STS-B.tsv QQP.tsv MNLI-m.tsv MNLI-mm.tsv QNLI.tsv RTE.tsv
             WNLI.tsv AX.tsv: a first line `index<TAB>prediction`, then the number of the row, from 0,
             and the label as the data has it
  superglue  BoolQ.jsonl CB.jsonl COPA.jsonl MultiRC.jsonl ReCoRD.jsonl RTE.jsonl WiC.jsonl WSC.jsonl
             AX-b.jsonl AX-g.jsonl: {\"idx\": 0, \"label\": \"true\"} a line, with the data's idx; of COPA the
             number of the choice, of ReCoRD the text; MultiRC nests as its data does:
             {\"idx\": 3, \"passage\": {\"questions\": [{\"idx\": 9, \"answers\": [{\"idx\": 20, \"label\": 1}]}]}}
  decanlp    squad.txt iwslt.en.de.txt cnn_dailymail.txt multinli.in.out.txt sst.txt srl.txt zre.txt
             woz.en.txt wikisql.txt schema.txt: one answer a line, in the order of the data
             (MultiNLI: the matched set, then the mismatched one)

Points are out of 100. Two metrics of a task count as their mean; MNLI's two sets are one task of GLUE;
diagnostics (AX) do not count. The GLUE and SuperGLUE scores are means over all tasks, the decaScore is
a sum; while a task is missing there is none, only what it is so far.

Examples:
  mtl score glue --gold data/glue --predictions submission
  mtl score superglue --gold data/superglue --predictions answers --json";

/// Score files of predictions as a benchmark does
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Score {
    /// The benchmark
    #[arg(value_enum)]
    benchmark: BenchmarkName,
    /// Folder of the benchmark's data
    #[arg(long, value_name = "DIR")]
    gold: PathBuf,
    /// Folder of the files of predictions
    #[arg(long, value_name = "DIR")]
    predictions: PathBuf,
    /// Sets that the predictions are for; most test sets are published without labels
    #[arg(long, value_enum, default_value_t = PartName::Dev)]
    split: PartName,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Score {
    /// Prints the scores.
    pub fn run(&self) -> anyhow::Result<()> {
        let options = ScoreOptions {
            benchmark: self.benchmark.into(),
            gold: self.gold.clone(),
            predictions: self.predictions.clone(),
            part: self.split.into(),
        };
        let score = mtl_train::score_benchmark(&options)?;
        if self.json { report::print_json(&score) } else { report::print(&text(&score)) }
    }
}

fn text(score: &BenchmarkScore) -> String {
    let mut table = table::with_header(&["task", "questions", "metric", "points"]);
    for task in &score.tasks {
        for (metric, value) in &task.metrics {
            let points = number(format!("{:.2}", 100.0 * value));
            table.add_row([words(&task.task), number(task.questions), words(metric), points]);
        }
    }
    let mut lines = vec![table.to_string()];
    let missing = |counts: bool| {
        let all = score.missing.iter().filter(move |task| task.counts == counts);
        all.map(|task| format!("{} ({})", task.task, task.file)).collect::<Vec<_>>().join(", ")
    };
    let so_far = score.score_so_far.map_or(String::new(), |points| format!("{points:.2} so far; "));
    lines.push(match score.score {
        Some(points) => format!("{}: {points:.2}", score.name),
        None => format!("{}: {so_far}missing: {}", score.name, missing(true)),
    });
    lines.join("\n")
}
