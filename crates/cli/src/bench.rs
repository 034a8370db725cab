//! `mtl bench`: what the machine can do, and where the time of a training step goes.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{Args, ValueEnum};
use mtl_train::bench::{Peaks, StepBudget, WorkBudget};
use mtl_train::config::{PRESETS, Precision};
use mtl_train::{Bench as Measured, Benched, Config, TrainError, bench};

use crate::arguments::ThreadArguments;
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{format, interrupt, report};

const HELP: &str = "\
With a configuration, its own first steps are measured, on its own text and with its own methods, and nothing \
is written but the cache of tokenized text. Without one, steps of an encoder with random weights on random \
tokens, with one head of two classes. Two steps are done before those that are measured.

The columns:
  work           linear: products of linear layers; attention: its products,
                 softmax and dropout; elementwise: slopes of activations, in f32
                 also their values once more, and sums of gradients;
                 other: all that has no line of its own
  ms, share      time of it in a step, the mean, and its part of the step
  GFLOP/s        rate of its products, 10^9 operations per second
  of peak        that rate beside the peak of the precision on as many threads

The peaks are measured with the instructions that the kernels use; MTL_ISA=avx2 (or avx512, portable) takes \
lesser ones.

Examples:
  mtl bench                                          MiniLM-L6, 32 x 128, bf16
  mtl bench --preset bert-base --batch 16 --precision f32 --threads 1
  mtl bench tasks.toml                               where your time goes
  mtl bench --json | jq '.work[] | {name, share}'";

/// Measure the machine's peaks, and where the time of a training step goes
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Bench {
    /// A configuration file whose steps are measured
    #[arg(conflicts_with_all = ["preset", "batch", "seq"])]
    config: Option<PathBuf>,
    /// Folder that relative paths in the configuration start from [default: the configuration's own]
    #[arg(long, value_name = "DIR", requires = "config")]
    data: Option<PathBuf>,
    /// Size of an encoder with random weights
    #[arg(long, value_name = "NAME", default_value = "minilm-l6", value_parser = PossibleValuesParser::new(PRESETS))]
    preset: String,
    /// Sequences per step
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    batch: usize,
    /// Tokens per sequence
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    seq: usize,
    /// Numbers to compute with [default: the configuration's, or bf16]
    #[arg(long, value_enum)]
    precision: Option<PrecisionName>,
    /// Measured steps
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    steps: u64,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A precision, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrecisionName {
    /// 32-bit floating point throughout
    F32,
    /// bfloat16, with f32 master weights and sums
    Bf16,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::F32 => Precision::F32,
            PrecisionName::Bf16 => Precision::Bf16,
        }
    }
}

impl Bench {
    /// Measures and prints.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let mut progress = Progress::new(PlanView::Hidden);
        let measured = bench(&self.benched()?, self.steps, self.threads.threads, &mut progress)?;
        drop(progress);
        if self.json { report::print_json(&measured) } else { report::print(&text(&measured)) }
    }

    fn benched(&self) -> anyhow::Result<Benched> {
        let precision = self.precision.map(Precision::from);
        let Some(path) = &self.config else {
            return Ok(Benched::Preset {
                name: self.preset.clone(),
                batch: self.batch,
                tokens: self.seq,
                precision: precision.unwrap_or(Precision::Bf16),
            });
        };
        let mut config = Config::load(path, self.data.as_deref()).map_err(TrainError::from)?;
        config.train.precision = precision.unwrap_or(config.train.precision);
        Ok(Benched::Config(Box::new(config)))
    }
}

fn text(measured: &Measured) -> String {
    let (machine, step) = (&measured.machine, &measured.step);
    let mut budget = table::with_header(&["work", "ms", "share", "GFLOP/s", "of peak"]);
    budget.add_rows(measured.work.iter().map(row));
    budget.add_row(whole(step));
    format!(
        "{}, {}, {} instructions\n\n{}\n\n\
         a training step of {}: {:.0} sequences, {:.0} tokens, {}, the mean of {}\n\n{budget}\n\n\
         {} tokens/s at {} of the machine's peak, {:.0} MiB at most",
        machine.processor,
        format::several(machine.threads as u64, "thread"),
        machine.instructions,
        peaks(&measured.peaks, machine.threads),
        measured.encoder,
        measured.sequences,
        measured.tokens,
        measured.precision.name(),
        format::several(measured.steps, "step"),
        format::count(step.tokens_per_second.round() as u64),
        format::share(step.share_of_peak),
        step.peak_rss_mib,
    )
}

fn peaks(peaks: &Peaks, threads: usize) -> String {
    let all = format::several(threads as u64, "thread");
    let mut table = table::with_header(&["peak", "1 thread", &all]);
    for (name, one, all) in [
        ("f32 GFLOP/s", peaks.f32_gflop_per_second_of_one_thread, peaks.f32_gflop_per_second),
        ("bf16 GFLOP/s", peaks.bf16_gflop_per_second_of_one_thread, peaks.bf16_gflop_per_second),
    ] {
        table.add_row([words(name), number(format!("{one:.0}")), number(format!("{all:.0}"))]);
    }
    table.add_row([
        words("memory copied, GB/s"),
        number("-"),
        number(format!("{:.0}", peaks.copied_gb_per_second)),
    ]);
    table.to_string()
}

fn row(work: &WorkBudget) -> [comfy_table::Cell; 5] {
    let or_dash = |text: Option<String>| number(text.unwrap_or_else(|| "-".to_owned()));
    [
        words(work.name),
        number(format!("{:.1}", work.milliseconds)),
        number(format::share(work.share)),
        or_dash(work.gflop_per_second.map(|rate| format!("{rate:.0}"))),
        or_dash(work.share_of_peak.map(format::share)),
    ]
}

fn whole(step: &StepBudget) -> [comfy_table::Cell; 5] {
    [
        words("the whole step"),
        number(format!("{:.1}", step.milliseconds)),
        number(format::share(1.0)),
        number(format!("{:.0}", step.gflop_per_second)),
        number(format::share(step.share_of_peak)),
    ]
}
