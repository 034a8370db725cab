//! `mtl score`: files of predictions, scored as a benchmark or a shared task scores them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mtl_train::benchmark::{NoAnswerFile, score_answers, score_chunks, score_parser};
use mtl_train::{Benchmark, BenchmarkScore, ScoreOptions};
use serde::Serialize;

use crate::arguments::PartName;
use crate::report;
use crate::table::{self, number, words};

const HELP: &str = "\
Points are out of 100. `mtl score WHAT --help` says which files are read.

Examples:
  mtl score glue --gold data/glue --predictions submission
  mtl score superglue --gold data/superglue --predictions answers --json
  mtl score conll18 --gold en-ud-test.conllu --predictions parsed.conllu
  mtl score conlleval --gold test.conll --predictions tagged.conll
  mtl score squad --gold dev-v2.0.json --predictions answers.json";

const BENCHMARK_HELP: &str = "\
DIR of --gold holds the benchmark's data, each task in the folder that it is published in (RTE/dev.tsv, \
BoolQ/val.jsonl, squad/dev-v1.1.json, ...). DIR of --predictions holds files in the official layouts:
  glue       CoLA.tsv SST-2.tsv MRPC.tsv STS-B.tsv QQP.tsv MNLI-m.tsv
             MNLI-mm.tsv QNLI.tsv RTE.tsv WNLI.tsv AX.tsv: a first line
             `index<TAB>prediction`, then the number of the row, from 0, and
             the label as the data has it
  superglue  BoolQ.jsonl CB.jsonl COPA.jsonl MultiRC.jsonl ReCoRD.jsonl
             RTE.jsonl WiC.jsonl WSC.jsonl AX-b.jsonl AX-g.jsonl:
             {\"idx\": 0, \"label\": \"true\"} a line, with the data's idx; of COPA
             the number of the choice, of ReCoRD the text; MultiRC nests as
             its data does: {\"idx\": 3, \"passage\": {\"questions\": [{\"idx\": 9,
             \"answers\": [{\"idx\": 20, \"label\": 1}]}]}}
  decanlp    squad.txt iwslt.en.de.txt cnn_dailymail.txt multinli.in.out.txt
             sst.txt srl.txt zre.txt woz.en.txt wikisql.txt schema.txt: one
             answer a line, in the order of the data (MultiNLI: the matched
             set, then the mismatched one)

Points are out of 100. Two metrics of a task count as their mean; MNLI's two sets are one task of GLUE; \
diagnostics (AX) do not count. The GLUE and SuperGLUE scores are means over all tasks, the decaScore is a sum; \
while a task is missing there is none, only what it is so far.";

const CONLL18_HELP: &str = "\
Both files are CoNLL-U with an empty line after each sentence, of the same text. The rows are those of \
conll18_ud_eval.py: tokens, sentences, words, tags, lemmas, and the attachment scores UAS, LAS, CLAS, MLAS and BLEX. \
A sentence that is no tree is an error that names its line, and so is a UPOS or DEPREL that Universal Dependencies \
does not have, unless --any-tags is given.

Example:
  mtl score conll18 --gold en-ud-test.conllu --predictions parsed.conllu";

const CONLLEVAL_HELP: &str = "\
One word a line, columns between tabs or spaces, an empty line after each sentence. The predicted tag is the last \
column of --predictions. The gold tag is the last column of --gold, or, without it, the last but one of --predictions: \
the layout of the conlleval script, whose report this is. A tag is O, or B, I or E with a type, as in B-person; an I \
that continues nothing begins a chunk. Lines that begin with -DOCSTART- are passed over.

Examples:
  mtl score conlleval --predictions word-gold-predicted.txt
  mtl score conlleval --gold test.conll --predictions tagged.conll --json";

const SQUAD_HELP: &str = "\
--gold is a file of questions as SQuAD publishes them; it tells whether it is version 1.1 or 2.0. --predictions is a \
JSON object with a text for each question's id; in 2.0 an empty text says that there is no answer. The numbers are \
those of evaluate-v1.1.py and evaluate-v2.0.py. A question without prediction is an error; predictions for other \
questions count nothing.

Examples:
  mtl score squad --gold dev-v1.1.json --predictions answers.json
  mtl score squad --gold dev-v2.0.json --predictions a.json --no-answer na.json";

/// Score files of predictions as a benchmark or a shared task does
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Score {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// GLUE: a folder of files, one a task
    #[command(after_help = BENCHMARK_HELP)]
    Glue(BenchmarkFiles),
    /// SuperGLUE: a folder of files, one a task
    #[command(name = "superglue", after_help = BENCHMARK_HELP)]
    SuperGlue(BenchmarkFiles),
    /// The Natural Language Decathlon: a folder of files, one a task
    #[command(name = "decanlp", after_help = BENCHMARK_HELP)]
    DecaNlp(BenchmarkFiles),
    /// A parser's output, as the CoNLL 2018 shared task scores it
    #[command(after_help = CONLL18_HELP)]
    Conll18(TreeFiles),
    /// Tagged chunks such as entities, as the conlleval script scores them
    #[command(after_help = CONLLEVAL_HELP)]
    Conlleval(ChunkFiles),
    /// Answers to the questions of SQuAD 1.1 or 2.0
    #[command(after_help = SQUAD_HELP)]
    Squad(AnswerFiles),
}

#[derive(Debug, Args)]
struct BenchmarkFiles {
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

#[derive(Debug, Args)]
struct TreeFiles {
    /// File of gold trees, in CoNLL-U
    #[arg(long, value_name = "FILE")]
    gold: PathBuf,
    /// File of the parser's trees, in CoNLL-U
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// Take tags that Universal Dependencies does not have; such a prediction is merely wrong
    #[arg(long)]
    any_tags: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ChunkFiles {
    /// File of gold tags [default: the last column but one of the predictions]
    #[arg(long, value_name = "FILE")]
    gold: Option<PathBuf>,
    /// File of predicted tags
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct AnswerFiles {
    /// File of questions with answers, in JSON
    #[arg(long, value_name = "FILE")]
    gold: PathBuf,
    /// File of predicted answers, in JSON
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// File of numbers by question, in JSON: how sure it is that there is no answer (2.0)
    #[arg(long, value_name = "FILE")]
    no_answer: Option<PathBuf>,
    /// An answer whose number is larger counts as none
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "no_answer")]
    threshold: f64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Score {
    /// Prints the scores.
    pub fn run(&self) -> anyhow::Result<()> {
        match &self.what {
            What::Glue(files) => files.run(Benchmark::Glue),
            What::SuperGlue(files) => files.run(Benchmark::SuperGlue),
            What::DecaNlp(files) => files.run(Benchmark::DecaNlp),
            What::Conll18(files) => files.run(),
            What::Conlleval(files) => files.run(),
            What::Squad(files) => files.run(),
        }
    }
}

impl BenchmarkFiles {
    fn run(&self, benchmark: Benchmark) -> anyhow::Result<()> {
        let options = ScoreOptions {
            benchmark,
            gold: self.gold.clone(),
            predictions: self.predictions.clone(),
            part: self.split.into(),
        };
        let score = mtl_train::score_benchmark(&options)?;
        say(&score, self.json, || benchmark_text(&score))
    }
}

impl TreeFiles {
    fn run(&self) -> anyhow::Result<()> {
        let score = score_parser(&self.gold, &self.predictions, self.any_tags)?;
        say(&score, self.json, || score.to_string().trim_end().to_owned())
    }
}

impl ChunkFiles {
    fn run(&self) -> anyhow::Result<()> {
        let score = score_chunks(self.gold.as_deref(), &self.predictions)?;
        say(&score, self.json, || score.to_string().trim_end().to_owned())
    }
}

impl AnswerFiles {
    fn run(&self) -> anyhow::Result<()> {
        let no_answer =
            self.no_answer.as_deref().map(|path| NoAnswerFile { path, threshold: self.threshold });
        let score = score_answers(&self.gold, &self.predictions, no_answer)?;
        if score.unused > 0 {
            report::line(&format!(
                "warning: {}: {} for questions that {} does not have",
                self.predictions.display(),
                crate::format::several(score.unused as u64, "answer"),
                self.gold.display(),
            ));
        }
        say(&score, self.json, || {
            let mut table = table::with_header(&["SQuAD", "number", "value"]);
            for (name, value) in &score.metrics {
                let value = match value.as_u64() {
                    Some(count) => crate::format::count(count),
                    None => format!("{:.4}", value.as_f64().unwrap_or_default()),
                };
                table.add_row([words(score.version), words(name), number(value)]);
            }
            table.to_string()
        })
    }
}

/// Prints a score as text, or as one JSON document.
fn say(score: &impl Serialize, json: bool, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    if json { report::print_json(score) } else { report::print(&text()) }
}

fn benchmark_text(score: &BenchmarkScore) -> String {
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
