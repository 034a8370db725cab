//! `mtl train`: one model for all tasks of a configuration.

use std::path::PathBuf;

use clap::Args;
use mtl_train::{Config, Options, Scores, Session, Summary, TrainError};

use crate::arguments::{ConfigArguments, ThreadArguments};
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{format, interrupt, report};

const HELP: &str = "\
The configuration says what is learned from which files:
  seed = 1
  [encoder]
  from = \"path/to/model\"        # or: preset = \"bert-mini\", tokenizer = \"a.txt\"
  max_tokens = 128
  [train]
  epochs = 3                    # or: steps = 1000
  batch = 32                    # sequences per step
  learning_rate = 5e-5
  precision = \"bf16\"            # or \"f32\"
  [curriculum]
  unit = \"every-task\"           # what a step shows; or \"batch\", \"sequence\"
  [sharing]
  weighting = \"uncertainty\"     # how losses are weighted; see CONFIGURATION.md
  gradients = \"pcgrad\"          # how the tasks' gradients become one
  [tasks.similarity]
  kind = \"regression\"           # classification, multi-label, ...
  text = [\"sentence1\", \"sentence2\"]
  label = \"score\"
  train = \"similarity/train.tsv\"
  dev = \"similarity/dev.tsv\"    # or a share of the train file; without it 0.1
  [tasks.entities]
  kind = \"token-classification\"
  columns = [\"word\", \"tag\"]      # of files of words in columns
  label = \"tag\"
  train = \"entities/train.conll\"  # the ending of a file tells its format
  invalid_bio = \"repair\"         # I-X after O is B-X; or \"refuse\", \"keep\"

Then DIR holds
  config.toml         the configuration with every default filled in
  metrics.json        the scores on the dev sets, from the weights that are
                      kept; written last
  history.jsonl       losses and scores over time
  weights.safetensors the whole model, by the names of its parameters
  model               the encoder and its tokenizer, as a Hugging Face folder
  tasks.json          labels and scales
  outcomes.dev.jsonl  what was predicted for each dev example, beside its label
  checkpoint          what --resume needs
  inspect.svg         once `mtl inspect DIR` drew it
Tokenized text is kept in .mtl-cache beside DIR; it may be deleted.

Ctrl-C saves and ends with exit code 130; --resume continues to the same bits. It refuses other examples and a \
changed configuration, but for data, train.checkpoint_minutes, train.memory_limit, tasks.NAME.domain and the \
folders of files; threads may differ.

Examples:
  mtl train tasks.toml --out runs/first
  mtl train tasks.toml --out runs/first --resume
  mtl train tasks.toml --out runs/seed-2 --seed 2 --threads 8
  mtl train tasks.toml --out runs/server --data /srv/corpora";

/// Train one model on all tasks of a configuration
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Train {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Folder of the run, which must not hold one yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Continue the run in the folder
    #[arg(long)]
    resume: bool,
}

impl Train {
    /// Trains, and prints the plan before and the scores after.
    pub fn run(&self) -> anyhow::Result<()> {
        let interrupt = interrupt::flag()?;
        let config = self.config.load()?;
        self.check()?;
        let options =
            Options { resume: self.resume, threads: self.threads.threads, ..Options::new(&self.out) };
        let mut progress = Progress::new(PlanView::Table).judging(&config);
        let summary = Session::new(config.clone(), options)?.run(&mut progress, interrupt)?;
        drop(progress);
        report::print(&self.text(&config, &summary))
    }

    /// Errors if the folder is that of a comparison.
    fn check(&self) -> Result<(), TrainError> {
        if !self.out.join("compare.json").exists() {
            return Ok(());
        }
        let problem = "it holds a comparison of `mtl compare`, and a run needs a folder of its own";
        Err(TrainError::Output { path: self.out.clone(), problem })
    }

    fn text(&self, config: &Config, summary: &Summary) -> String {
        let (metrics, out) = (&summary.metrics, self.out.display());
        let written = ["metrics.json", "model"].map(|name| self.out.join(name));
        let [scores_file, model] = written.each_ref().map(|path| path.display());
        let of_peak = summary
            .share_of_peak
            .map_or_else(String::new, |share| format!(", {} of the machine's peak", format::share(share)));
        let (before, files) = if summary.finished_before {
            (format!("The run in {out} was finished before; nothing was trained or written.\n"), "there are")
        } else {
            (String::new(), "wrote")
        };
        format!(
            "{before}\n{}\n\n{} and {} in {} ({} tokens/s{of_peak}), {:.0} MiB at most; the weights are those of step \
             {}\n\
             {files} {scores_file} and {model}\n\
             next: mtl eval {out}; mtl predict {out} --task {} --input FILE --output FILE",
            scores(&metrics.tasks, Some(config)),
            format::several(metrics.steps, "step"),
            format::several(metrics.tokens, "token"),
            format::seconds(metrics.seconds),
            format::count(metrics.tokens_per_second.round() as u64),
            metrics.peak_rss_mib,
            summary.kept_step,
            config.tasks[0].name,
        )
    }
}

/// A table of scores: tasks in the order of the configuration, the metric by which a task is judged first.
pub fn scores(scores: &Scores, config: Option<&Config>) -> String {
    let place = |task: &str, metric: &str| {
        let tasks = config.map_or(&[][..], |config| &config.tasks);
        let found = tasks.iter().position(|known| known.name == task);
        (found, found.is_some_and(|found| tasks[found].metric != metric))
    };
    let mut rows: Vec<(&str, &str, f64)> = scores
        .iter()
        .flat_map(|(task, values)| values.iter().map(move |(metric, value)| (&**task, &**metric, *value)))
        .collect();
    // Stable: what the configuration does not tell stays in the order of the alphabet.
    rows.sort_by_key(|(task, metric, _)| place(task, metric));
    let mut table = table::with_header(&["task", "metric", "dev"]);
    for (task, metric, value) in rows {
        table.add_row([words(task), words(metric), number(format::score(value))]);
    }
    table.to_string()
}
