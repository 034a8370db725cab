//! Where the time of a training step goes, and how near it comes to what the machine can do.

mod random_step;

use std::time::Instant;

use mtl_core_tensor::element::{DType, Float};
use mtl_core_tensor::kernels::peak;
use mtl_core_tensor::optim::{AdamW, AdamWConfig};
use mtl_core_tensor::profile::{Profile, Spent, profiled};
use mtl_core_tensor::{Device, bf16};
use mtl_encoders::preset;
use serde::Serialize;

use crate::build::{self, in_precision};
use crate::config::{Config, EncoderOrigin, Precision};
use crate::error::TrainError;
use crate::machine::{Machine, peak_rss_mib};
use crate::observer::Observer;
use crate::options::{Options, on_threads};
use crate::outcomes;
use crate::plan::Plan;
use crate::prepare::{self, PACK_TOKENS, Text};
use crate::sampling::{Part, Sampling};
use crate::score::score_all;
use crate::step::Stepper;

pub use random_step::{RandomModel, random_batch};

/// Steps before the measured ones.
const WARM_UP: u64 = 2;
const GIGA: f64 = 1e9;

/// Whose steps are measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Benched {
    /// A configuration's own first steps, on its own text with its own methods; no run folder is written.
    Config(Box<Config>),
    /// Steps of an encoder with random weights on random tokens, with one head of two classes.
    Preset {
        /// One of [`PRESETS`](crate::config::PRESETS).
        name: String,
        /// Sequences a step, at least 1.
        batch: usize,
        /// Tokens a sequence, at least 1.
        tokens: usize,
        /// The numbers to compute with.
        precision: Precision,
    },
}

/// The machine's limits and the budget of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bench {
    /// What was measured on.
    pub machine: Machine,
    /// What it can do at most.
    pub peaks: Peaks,
    /// Whose steps they are: a preset's name, or the configuration's preset or folder.
    pub encoder: String,
    /// The numbers computed with.
    pub precision: Precision,
    /// Measured steps, after two that were not measured.
    pub steps: u64,
    /// Sequences of a step, the mean.
    pub sequences: f64,
    /// Tokens of a step, the mean.
    pub tokens: f64,
    /// What each kind of work takes of a step; the last is all that has no kind of its own.
    pub work: Vec<WorkBudget>,
    /// The whole step.
    pub step: StepBudget,
}

/// What the machine can do at most, all threads together unless it says one. Rates are in 10^9 a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Peaks {
    /// Operations of f32 multiply-adds.
    pub f32_gflop_per_second: f64,
    /// The same of one thread alone.
    pub f32_gflop_per_second_of_one_thread: f64,
    /// Operations of bf16 dot products.
    pub bf16_gflop_per_second: f64,
    /// The same of one thread alone.
    pub bf16_gflop_per_second_of_one_thread: f64,
    /// Bytes read and written when memory is copied.
    pub copied_gb_per_second: f64,
}

/// What one kind of work takes of a step, the mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkBudget {
    /// The kind.
    pub name: &'static str,
    /// Its time.
    pub milliseconds: f64,
    /// Its part of the step's time.
    pub share: f64,
    /// Its products' rate in 10^9 operations a second; `None` where there are no products.
    pub gflop_per_second: Option<f64>,
    /// That rate as a part of the peak of the precision.
    pub share_of_peak: Option<f64>,
}

/// What the whole step takes, the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StepBudget {
    /// Its time.
    pub milliseconds: f64,
    /// Tokens per second.
    pub tokens_per_second: f64,
    /// 10^9 operations of products per second.
    pub gflop_per_second: f64,
    /// That rate as a part of the peak of the precision.
    pub share_of_peak: f64,
    /// The most memory that the process has held so far, in MiB; 0 where the system does not say.
    pub peak_rss_mib: f64,
}

/// Measures steps and the machine.
///
/// Errors if data, tokenizer or encoder of a configuration are refused, if the preset has no form of that many tokens,
/// or if a step fails.
pub fn bench(
    benched: &Benched,
    steps: u64,
    threads: Option<usize>,
    observer: &mut dyn Observer,
) -> Result<Bench, TrainError> {
    on_threads(threads, || match benched {
        Benched::Config(config) => in_precision!(config.train.precision, E => {
            bench_config::<E, _>(&build::device(), config, steps, observer)
        }),
        Benched::Preset { name, batch, tokens, precision } => match precision {
            Precision::Bf16 => bench_preset::<bf16>(name, *batch, *tokens, steps),
            Precision::F32 => bench_preset::<f32>(name, *batch, *tokens, steps),
        },
    })
}

fn bench_preset<E: Float<Master = f32>>(
    name: &str,
    batch: usize,
    tokens: usize,
    steps: u64,
) -> Result<Bench, TrainError> {
    let form = preset(name).ok_or_else(|| TrainError::UnknownPreset { name: name.to_owned() })?;
    if tokens > form.positions() {
        let (encoder, positions) = (name.to_owned(), form.positions());
        return Err(TrainError::TooFewPositions { encoder, tokens, positions });
    }
    let mut model = RandomModel::<E>::new(&form, 1)?;
    let mut optimizer = AdamW::new(AdamWConfig::new(0.01))?;
    let packs = random_batch(batch, tokens, 1, PACK_TOKENS);
    let measured = Measured::of(steps, |step| {
        model.train(&mut optimizer, &packs, step)?;
        Ok((batch, batch * tokens))
    })?;
    Ok(measured.report::<E>(name.to_owned()))
}

fn bench_config<E: Float<Master = f32>, D: Device>(
    device: &D,
    config: &Config,
    steps: u64,
    observer: &mut dyn Observer,
) -> Result<Bench, TrainError> {
    let text = Text::load(config, &Options::default(), observer)?;
    let dataset = &text.dataset;
    let model = build::model::<E, D>(config, &text, device)?;
    let mut stepper = Stepper::new(config, dataset, &model)?;
    let mut optimizer = prepare::optimizer(config)?;
    let mut sampling = Sampling::new(config, &dataset.stream_infos(), &Part::Whole)?;
    let schedule = prepare::schedule(config, sampling.total_steps());
    // Packs as a run of this configuration would have them.
    let pack_tokens = match config.train.pack_tokens {
        Some(tokens) => tokens,
        None => Plan::of(config, dataset, &model, &Part::Whole)?.pack_tokens,
    };
    if stepper.needs_dev_losses() {
        let sets = dataset.tasks.iter().map(|task| (&task.spec, &task.dev));
        let (scores, _) = outcomes::apart(score_all(&model, sets, pack_tokens)?);
        stepper.evaluated(&config.task_names().collect::<Vec<_>>(), &scores)?;
    }
    let measured = Measured::of(steps, |step| {
        let batches = stepper.lay(dataset, &sampling.next_step(), pack_tokens);
        let learning_rate = config.train.learning_rate * schedule.factor(step);
        stepper.step(&model, optimizer.as_mut(), dataset, &batches, step, learning_rate)?;
        let tokens: u64 = batches.iter().map(|batch| batch.tokens).sum();
        Ok((batches.iter().map(|batch| batch.sequences).sum(), tokens as usize))
    })?;
    Ok(measured.report::<E>(match &config.encoder.origin {
        EncoderOrigin::From(folder) => folder.display().to_string(),
        EncoderOrigin::Preset(name) => name.clone(),
    }))
}

/// Several steps, added up.
struct Measured {
    steps: u64,
    seconds: f64,
    sequences: usize,
    tokens: usize,
    profile: Profile,
    peak_rss_mib: f64,
}

impl Measured {
    /// Does steps, each of which says its sequences and tokens; the first ones are not measured.
    fn of(
        steps: u64,
        mut step: impl FnMut(u64) -> Result<(usize, usize), TrainError>,
    ) -> Result<Measured, TrainError> {
        for warm_up in 0..WARM_UP {
            step(warm_up)?;
        }
        let (mut sequences, mut tokens, begun) = (0, 0, Instant::now());
        let (done, profile) = profiled(|| {
            (WARM_UP..WARM_UP + steps).try_for_each(|number| {
                let (more_sequences, more_tokens) = step(number)?;
                sequences += more_sequences;
                tokens += more_tokens;
                Ok::<_, TrainError>(())
            })
        });
        done?;
        let seconds = begun.elapsed().as_secs_f64();
        // Read before the machine's peaks are measured, which takes memory of its own.
        Ok(Measured { steps, seconds, sequences, tokens, profile, peak_rss_mib: peak_rss_mib() })
    }

    fn report<E: Float>(self, encoder: String) -> Bench {
        let peaks = Peaks::measure();
        let (precision, peak) = match E::DTYPE {
            DType::Bf16 => (Precision::Bf16, peaks.bf16_gflop_per_second),
            _ => (Precision::F32, peaks.f32_gflop_per_second),
        };
        let steps = self.steps as f64;
        let total = self.profile.total();
        let other = Spent { seconds: (self.seconds - total.seconds).max(0.0), flops: 0.0 };
        let kinds = self.profile.iter().map(|(work, spent)| (work.name(), spent)).chain([("other", other)]);
        let budget = |(name, spent): (&'static str, Spent)| {
            let rate = (spent.flops > 0.0).then(|| spent.flops / spent.seconds / GIGA);
            WorkBudget {
                name,
                milliseconds: 1e3 * spent.seconds / steps,
                share: spent.seconds / self.seconds,
                gflop_per_second: rate,
                share_of_peak: rate.map(|rate| rate / peak),
            }
        };
        let rate = total.flops / self.seconds / GIGA;
        Bench {
            machine: Machine::read(),
            peaks,
            encoder,
            precision,
            steps: self.steps,
            sequences: self.sequences as f64 / steps,
            tokens: self.tokens as f64 / steps,
            work: kinds.map(budget).collect(),
            step: StepBudget {
                milliseconds: 1e3 * self.seconds / steps,
                tokens_per_second: self.tokens as f64 / self.seconds,
                gflop_per_second: rate,
                share_of_peak: rate / peak,
                peak_rss_mib: self.peak_rss_mib,
            },
        }
    }
}

impl Peaks {
    /// Measures the machine on the current pool; it takes about half a second.
    pub fn measure() -> Peaks {
        let all = |dtype| peak::flops_per_second(dtype) / GIGA;
        let one = |dtype| peak::flops_per_second_of_one_thread(dtype) / GIGA;
        Peaks {
            f32_gflop_per_second: all(DType::F32),
            f32_gflop_per_second_of_one_thread: one(DType::F32),
            bf16_gflop_per_second: all(DType::Bf16),
            bf16_gflop_per_second_of_one_thread: one(DType::Bf16),
            copied_gb_per_second: peak::copied_bytes_per_second() / GIGA,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    #[test]
    fn the_kinds_of_work_add_up_to_the_step() {
        let tiny =
            Benched::Preset { name: "bert-tiny".to_owned(), batch: 4, tokens: 8, precision: Precision::F32 };
        let bench = bench(&tiny, 2, Some(1), &mut Silent).unwrap();
        let sum: f64 = bench.work.iter().map(|work| work.milliseconds).sum();
        assert!((sum - bench.step.milliseconds).abs() < 0.01 * sum, "{bench:?}");
        assert_eq!((bench.tokens, bench.sequences, bench.machine.threads), (32.0, 4.0, 1));
        let products = bench.work.iter().filter(|work| work.gflop_per_second.is_some()).count();
        assert_eq!(products, 5, "three products of linear layers and two of attention: {bench:?}");
    }

    #[test]
    fn a_sequence_longer_than_the_positions_is_refused() {
        let long = Benched::Preset {
            name: "bert-tiny".to_owned(),
            batch: 1,
            tokens: 513,
            precision: Precision::F32,
        };
        assert!(matches!(bench(&long, 1, None, &mut Silent), Err(TrainError::TooFewPositions { .. })));
    }
}
