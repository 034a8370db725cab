//! `cargo xtask bench peers`: the same work here and in Python, each run a process of its own, in turns.

mod metrics;
mod training;

use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;
use std::{env, fs};

use anyhow::{Context, bail};

use super::cases::{CASES, Case, Script, Work};
use super::machine::Machine;
use super::report::{Row, Setting, page};
use super::sample::{self, Sample};
use super::step::{StepArgs, flag, flop};
use crate::process;
use crate::python::Environment;
use crate::workspace;

const PACKAGES: [&str; 8] =
    ["torch", "transformers", "torchjd", "scipy", "scikit-learn", "seqeval", "sacrebleu", "rouge-score"];

/// What to compare, and where the peer's scripts and the data are.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of torch_step.py and torch_multitask.py
    #[arg(long, value_name = "DIR")]
    reference: PathBuf,
    /// Folder of a pretrained encoder, for the `multitask` cases
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder of the data sets, for the `multitask` cases
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only cases whose name contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Processes per side and case
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Threads on both sides; all cores if not given
    #[arg(long)]
    threads: Option<usize>,
    /// Write the page to benchmarks/MACHINE/DATE-WHAT.md as well
    #[arg(long)]
    record: bool,
    /// Python interpreter that already has the packages, instead of a new virtual environment
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
}

/// Runs the chosen cases and prints the page.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let cases = chosen(args)?;
    let environment = environment(args)?;
    let threads = args.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let bench = Bench { args, environment: &environment, threads, mtl: build_mtl(&cases)? };
    let (metrics, others): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|case| matches!(case.work, Work::Metrics));
    let rows = others.into_iter().map(|case| bench.row(case)).collect::<anyhow::Result<Vec<_>>>()?;
    let scores = metrics.first().map(|case| metrics::compared(&bench, case)).transpose()?;
    let machine = Machine::read();
    let setting = Setting {
        machine: &machine,
        command: command(args),
        versions: environment.versions(&PACKAGES)?,
        threads,
        repeats: args.repeats as usize,
    };
    let text = page(&setting, &rows, scores.as_deref().unwrap_or_default());
    println!("{text}");
    if args.record { record(args, &machine, &text) } else { Ok(()) }
}

/// The cases that are asked for and can be run. Errors if none can.
fn chosen(args: &Args) -> anyhow::Result<Vec<&'static Case>> {
    let text = args.only.as_deref().unwrap_or_default();
    let can_train = args.model.is_some() && args.data.is_some();
    let (chosen, left): (Vec<_>, Vec<_>) = CASES
        .iter()
        .filter(|case| case.name.contains(text))
        .partition(|case| can_train || !matches!(case.work, Work::Training { .. }));
    for case in left {
        eprintln!("{} is left out: it needs --model and --data", case.name);
    }
    if chosen.is_empty() {
        let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        bail!("no case to run for {text:?}; there are: {}", names.join(", "));
    }
    Ok(chosen)
}

fn environment(args: &Args) -> anyhow::Result<Environment> {
    if let Some(python) = &args.python {
        return Ok(Environment::existing(python.clone()));
    }
    let environment = Environment::open("peers-venv")?;
    environment.install(&PACKAGES)?;
    Ok(environment)
}

/// Builds the command if a case needs it.
fn build_mtl(cases: &[&Case]) -> anyhow::Result<PathBuf> {
    if cases.iter().any(|case| matches!(case.work, Work::Training { .. })) {
        process::run(&mut process::cargo(&["build", "--release", "--package", "mtl-cli"]))?;
    }
    Ok(workspace::metadata()?.target_directory.into_std_path_buf().join("release").join("mtl"))
}

/// Everything that a run of either side needs.
struct Bench<'a> {
    args: &'a Args,
    environment: &'a Environment,
    threads: usize,
    mtl: PathBuf,
}

impl Bench<'_> {
    fn row(&self, case: &'static Case) -> anyhow::Result<Row> {
        let mut row = Row {
            name: case.name,
            flop: case.step_args(self.threads).as_ref().map(flop),
            ours: Vec::new(),
            theirs: Vec::new(),
        };
        for seed in 1..=self.args.repeats {
            row.theirs.push(self.peer(case, seed).with_context(|| format!("{}: PyTorch", case.name))?);
            row.ours.push(self.ours(case, seed).with_context(|| format!("{}: mtl", case.name))?);
        }
        Ok(row)
    }

    fn peer(&self, case: &Case, seed: u32) -> anyhow::Result<Sample> {
        match case.step_args(self.threads) {
            Some(step) => {
                let mut command = self.script(case);
                command.args(peer_flags(&step)).args(case.peer);
                sample::of_step(&process::output(&mut command)?, &step)
            }
            None => training::peer(self, case, seed),
        }
    }

    fn ours(&self, case: &Case, seed: u32) -> anyhow::Result<Sample> {
        match case.step_args(self.threads) {
            Some(step) => {
                let mut command = Command::new(env::current_exe()?);
                command.args(["bench", "step"]).args(our_flags(&step));
                sample::of_step(&process::output(&mut command)?, &step)
            }
            None => training::ours(self, case, seed),
        }
    }

    fn script(&self, case: &Case) -> Command {
        let mut command = self.environment.command();
        command.arg(match case.script {
            Script::Reference(name) => self.args.reference.join(name),
            Script::Own(name) => workspace::root().join("xtask/src/bench/peers").join(name),
        });
        command
    }
}

fn common_flags(step: &StepArgs) -> Vec<(&'static str, String)> {
    vec![
        ("--batch", step.batch.to_string()),
        ("--seq", step.seq.to_string()),
        ("--threads", step.threads.to_string()),
        ("--steps", step.steps.to_string()),
        ("--dtype", flag(step.dtype)),
        ("--mode", flag(step.mode)),
    ]
}

fn peer_flags(step: &StepArgs) -> Vec<String> {
    let shape = step.encoder.shape();
    let sizes = [
        ("--hidden", shape.hidden.to_string()),
        ("--layers", shape.layers.to_string()),
        ("--heads", shape.heads.to_string()),
        ("--ffn", shape.ffn.to_string()),
    ];
    flat(sizes.into_iter().chain(common_flags(step)))
}

fn our_flags(step: &StepArgs) -> Vec<String> {
    let encoder = [("--encoder", flag(step.encoder))];
    let mut flags = flat(encoder.into_iter().chain(common_flags(step)));
    if step.json {
        flags.push("--json".to_owned());
    }
    flags
}

fn flat(flags: impl Iterator<Item = (&'static str, String)>) -> Vec<String> {
    flags.flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

/// The command as typed, with `DIR` for folders: they differ on every machine.
fn command(args: &Args) -> String {
    let mut text = String::from("cargo xtask bench peers --reference DIR");
    if args.model.is_some() && args.data.is_some() {
        text += " --model DIR --data DIR";
    }
    if let Some(only) = &args.only {
        text += &format!(" --only {only}");
    }
    if let Some(threads) = args.threads {
        text += &format!(" --threads {threads}");
    }
    text + &format!(" --repeats {}", args.repeats)
}

fn record(args: &Args, machine: &Machine, text: &str) -> anyhow::Result<()> {
    let folder = workspace::root().join("benchmarks").join(machine.slug());
    fs::create_dir_all(&folder)?;
    let what = args.only.as_deref().unwrap_or("peers");
    let path = folder.join(format!("{}-{what}.md", machine.date));
    fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_asked_for_the_same_work() {
        let step = CASES[1].step_args(2).unwrap();
        let theirs = peer_flags(&step).join(" ");
        let ours = our_flags(&step).join(" ");
        let common = "--batch 32 --seq 128 --threads 2 --steps 7 --dtype bf16 --mode train";
        assert_eq!(theirs, format!("--hidden 384 --layers 6 --heads 12 --ffn 1536 {common}"));
        assert_eq!(ours, format!("--encoder minilm {common} --json"));
    }
}
