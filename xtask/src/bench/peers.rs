//! `cargo xtask bench peers`: the same work here and in Python, each run a process of its own, in turns.

mod embeddings;
mod metrics;
mod step;
mod training;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;
use std::{env, fs};

use anyhow::{Context, bail, ensure};

use super::cases::{Case, Ours, Peer, Work, cases};
use super::machine::Machine;
use super::report::{Row, Setting, Side, page};
use super::sample::Sample;
use super::step::flop;
use crate::process;
use crate::python::Environment;
use crate::workspace;

const PACKAGES: [&str; 10] = [
    "torch",
    "transformers",
    "torchjd",
    "onnx",
    "onnxruntime",
    "scipy",
    "scikit-learn",
    "seqeval",
    "sacrebleu",
    "rouge-score",
];

/// How much the tokens of two runs of the same work may differ: tokenizers cut no text alike to the last token.
const SAME_TOKENS: f64 = 0.01;

/// What to compare, and where the peer's scripts and the data are.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of other peers' scripts, each by its name in xtask/src/bench/peers, where those are that are run without it
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// Folder of a pretrained encoder, for the `multitask` and `embeddings` cases
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder of the data sets, for the `multitask` and `embeddings` cases
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only cases whose name contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only peers of this name, such as `PyTorch, sorted`
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// Epochs of the `multitask` cases, instead of each case's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
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
    if let Some(folder) = &args.reference {
        ensure!(folder.is_dir(), "{} is no folder", folder.display());
    }
    let environment = environment(args)?;
    let threads = args.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let scratch = workspace::scratch(&workspace::metadata()?, "peers")?;
    let bench = Bench { args, environment: &environment, threads, scratch, mtl: build_mtl(&cases)? };
    let (metrics, others): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|case| matches!(case.work(), Work::Metrics));
    let rows = others.iter().map(|case| bench.row(case)).collect::<anyhow::Result<Vec<_>>>()?;
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

/// The cases that are asked for and can be run, with the peers that are asked for. Errors if there are none.
fn chosen(args: &Args) -> anyhow::Result<Vec<Case>> {
    let text = args.only.as_deref().unwrap_or_default();
    let names: Vec<_> = cases().iter().map(|case| case.name).collect();
    let has_data = args.model.is_some() && args.data.is_some();
    let named = cases().into_iter().filter(|case| case.name.contains(text));
    let (mut chosen, left): (Vec<_>, Vec<_>) = named.partition(|case| has_data || !case.needs_data());
    for case in left {
        eprintln!("{} is left out: it needs --model and --data", case.name);
    }
    if let Some(name) = &args.peer {
        let known: BTreeSet<_> = cases().iter().flat_map(|case| &case.peers).map(|peer| peer.name).collect();
        let names: Vec<_> = known.iter().copied().collect();
        ensure!(known.contains(name.as_str()), "no peer called {name:?}; there are: {}", names.join("; "));
        chosen.retain_mut(|case| {
            case.peers.retain(|peer| peer.name == name);
            !case.peers.is_empty()
        });
    }
    if chosen.is_empty() {
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
fn build_mtl(cases: &[Case]) -> anyhow::Result<PathBuf> {
    if cases.iter().any(|case| matches!(case.work(), Work::Training { .. })) {
        process::run(&mut process::cargo(&["build", "--release", "--package", "mtl-cli"]))?;
    }
    Ok(workspace::metadata()?.target_directory.into_std_path_buf().join("release").join("mtl"))
}

/// Everything that a run of either side needs.
struct Bench<'a> {
    args: &'a Args,
    environment: &'a Environment,
    threads: usize,
    /// A folder for what the runs write.
    scratch: PathBuf,
    mtl: PathBuf,
}

impl Bench<'_> {
    fn row(&self, case: &Case) -> anyhow::Result<Row> {
        let flop = |work: Work| match work {
            Work::Step(step) => Some(flop(&step.args(self.threads))),
            _ => None,
        };
        let side = |name: &str, work| Side { name: name.to_owned(), flop: flop(work), samples: Vec::new() };
        let mut row = Row {
            name: case.name,
            ours: case.ours.iter().map(|ours| side(&ours.name, ours.work)).collect(),
            theirs: case.peers.iter().map(|peer| side(peer.name, case.work())).collect(),
            notes: Vec::new(),
        };
        if matches!(case.work(), Work::Embeddings { .. }) {
            embeddings::prepare(self, case)?;
        }
        for seed in 1..=self.args.repeats {
            for (peer, side) in case.peers.iter().zip(&mut row.theirs) {
                let sample = self.peer(case.work(), peer, seed);
                side.samples.push(sample.with_context(|| format!("{}: {}", case.name, peer.name))?);
            }
            for (ours, side) in case.ours.iter().zip(&mut row.ours) {
                let sample = self.ours(ours, seed);
                side.samples.push(sample.with_context(|| format!("{}: {}", case.name, ours.name))?);
            }
        }
        check_tokens(&row)?;
        row.notes = match case.work() {
            Work::Training { tasks, epochs } => training::notes(self, tasks, epochs),
            Work::Embeddings { .. } => embeddings::notes(self, case, &row)?,
            Work::Step(_) | Work::Metrics => Vec::new(),
        };
        Ok(row)
    }

    fn peer(&self, work: Work, peer: &Peer, seed: u32) -> anyhow::Result<Sample> {
        match work {
            Work::Step(step) => step::peer(self, step, peer),
            Work::Training { tasks, epochs } => training::peer(self, tasks, epochs, peer, seed),
            Work::Embeddings { .. } => embeddings::peer(self, peer),
            Work::Metrics => unreachable!("scores have a table of their own"),
        }
    }

    fn ours(&self, ours: &Ours, seed: u32) -> anyhow::Result<Sample> {
        match ours.work {
            Work::Step(step) => step::ours(self, step, ours.isa),
            Work::Training { tasks, epochs } => training::ours(self, tasks, epochs, seed),
            Work::Embeddings { dtype } => embeddings::ours(self, &ours.name, dtype),
            Work::Metrics => unreachable!("scores have a table of their own"),
        }
    }

    fn script(&self, peer: &Peer) -> Command {
        let mut command = self.environment.command();
        command.arg(script(self.args.reference.as_deref(), peer.script)).args(peer.flags);
        command
    }

    /// This program with the arguments of `bench VERB`.
    fn own(&self, verb: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["bench", verb]);
        Ok(command)
    }

    /// The folders of the pretrained encoder and of the data sets.
    fn folders(&self) -> anyhow::Result<(&Path, &Path)> {
        let model = self.args.model.as_deref().context("--model is needed")?;
        let data = self.args.data.as_deref().context("--data is needed")?;
        Ok((model, data))
    }
}

/// The file of a peer's script: that of the folder `reference` if it has one of this name, otherwise ours.
fn script(reference: Option<&Path>, name: &str) -> PathBuf {
    let other = reference.map(|folder| folder.join(name)).filter(|file| file.is_file());
    other.unwrap_or_else(|| workspace::root().join("xtask/src/bench/peers").join(name))
}

/// Errors if a peer's runs went over other tokens than ours.
fn check_tokens(row: &Row) -> anyhow::Result<()> {
    let tokens = |side: &Side| side.samples.iter().map(|sample| sample.tokens).next_back();
    let ours = row.ours.first().and_then(tokens).context("nothing of ours was run")?;
    for side in &row.theirs {
        let theirs = tokens(side).unwrap_or(ours);
        let apart = (theirs / ours - 1.0).abs();
        ensure!(apart < SAME_TOKENS, "{}: {ours} tokens here, {theirs} in {}", row.name, side.name);
    }
    Ok(())
}

/// The command as typed, with `DIR` for folders: they differ on every machine.
fn command(args: &Args) -> String {
    let mut text = String::from("cargo xtask bench peers");
    if args.reference.is_some() {
        text += " --reference DIR";
    }
    if args.model.is_some() && args.data.is_some() {
        text += " --model DIR --data DIR";
    }
    if let Some(only) = &args.only {
        text += &format!(" --only {only}");
    }
    if let Some(peer) = &args.peer {
        text += &format!(" --peer '{peer}'");
    }
    if let Some(epochs) = args.epochs {
        text += &format!(" --epochs {epochs}");
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

    fn side(name: &str, tokens: f64) -> Side {
        let sample = Sample { seconds: 1.0, tokens, sentences: None, peak_rss_mib: 1.0, scores: Vec::new() };
        Side { name: name.to_owned(), flop: None, samples: vec![sample] }
    }

    #[test]
    fn every_peer_has_its_script_here() {
        for peer in cases().iter().flat_map(|case| &case.peers) {
            let ours = script(None, peer.script);
            assert!(ours.is_file(), "{}: {}", peer.name, ours.display());
            // A folder without a script of this name changes nothing.
            assert_eq!(script(Some(workspace::root()), peer.script), ours);
            assert_eq!(script(ours.parent(), peer.script), ours);
        }
    }

    #[test]
    fn sides_that_went_over_other_text_are_an_error() {
        let row = |theirs| Row {
            name: "multitask-x",
            ours: vec![side("mtl", 1000.0)],
            theirs: vec![side("PyTorch", theirs)],
            notes: Vec::new(),
        };
        check_tokens(&row(1001.0)).unwrap();
        let error = check_tokens(&row(1200.0)).unwrap_err().to_string();
        assert_eq!(error, "multitask-x: 1000 tokens here, 1200 in PyTorch");
    }
}
