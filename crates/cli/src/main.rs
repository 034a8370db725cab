//! The `mtl` command: flags, help and glue. All work is done by `mtl-train`.

#[cfg(target_env = "musl")]
mod allocator;
mod arguments;
mod bench;
mod compare;
mod demo;
mod describe;
mod eval;
mod format;
mod inspect;
mod interrupt;
mod methods;
mod plan;
mod predict;
mod progress;
mod report;
mod score;
mod table;
mod train;
mod verdict;
mod verify;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

const HELP: &str = "\
Examples:
  mtl demo                                see it work; nothing is needed
  mtl describe tasks.toml                 what the data say, before training
  mtl plan tasks.toml                     what a run would do, before it runs
  mtl train tasks.toml --out runs/first   train one model on all tasks
  mtl inspect runs/first                  what happened while it trained
  mtl eval runs/first                     its scores
  mtl predict runs/first --task sentiment --input new.tsv --output labels.jsonl
  mtl compare tasks.toml --out runs/compare --seeds 3    is it worth it?
  mtl score squad --gold dev.json --predictions answers.json
  mtl bench                               how fast is a step on this machine?
  mtl methods                             what can a configuration name?
  mtl verify                              is each method what its paper says?

A configuration file (`mtl train --help` says more):
  [encoder]
  from = \"path/to/model\"          # pretrained weights, as Hugging Face has them

  [tasks.sentiment]
  kind = \"classification\"
  text = \"sentence\"
  label = \"label\"
  train = \"sentiment/train.tsv\"   # relative to this file

  [tasks.similarity]
  kind = \"regression\"
  text = [\"sentence1\", \"sentence2\"]
  label = \"score\"
  train = \"similarity/train.csv\"

  [tasks.rte]
  benchmark = \"glue/rte\"          # it says columns, labels, kind and metrics
  dir = \"glue/RTE\"

Exit codes: 0 done, 1 a run failed, 2 a mistake in the command, the configuration or the data, 130 \
interrupted.";

/// Train one text model on several tasks at once, and see what that does to each of them.
#[derive(Debug, Parser)]
#[command(name = "mtl", version, after_help = HELP, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Describe(describe::Describe),
    Plan(plan::Plan),
    Train(train::Train),
    Inspect(inspect::Inspect),
    Eval(eval::Eval),
    Predict(predict::Predict),
    Compare(compare::Compare),
    Score(score::Score),
    Bench(bench::Bench),
    Methods(methods::Methods),
    Verify(verify::Verify),
}

impl Command {
    fn run(&self) -> anyhow::Result<()> {
        match self {
            Command::Demo(demo) => demo.run(),
            Command::Describe(describe) => describe.run(),
            Command::Plan(plan) => plan.run(),
            Command::Train(train) => train.run(),
            Command::Inspect(inspect) => inspect.run(),
            Command::Eval(eval) => eval.run(),
            Command::Predict(predict) => predict.run(),
            Command::Compare(compare) => compare.run(),
            Command::Score(score) => score.run(),
            Command::Bench(bench) => bench.run(),
            Command::Methods(methods) => methods.run(),
            Command::Verify(verify) => verify.run(),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(problem) = arguments::wrong_thread_variable() {
        Cli::command().error(ErrorKind::ValueValidation, problem).exit();
    }
    match mtl_train::options::check_environment().map_err(Into::into).and_then(|()| cli.command.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failure(&error),
    }
}
