//! `[train]`: how long, how fast and how precisely.

use std::fmt::Display;

pub use mtl_curriculum::Length;
use serde::Serialize;

use super::choice::choices;
use super::error::{ConfigError, ConfigProblem};
use super::memory_size::MemorySize;
use super::section::{Entry, Section};
use super::task::TaskConfig;

/// Draws are counted before anything runs, step by step.
const MOST_STEPS: u64 = 100_000_000;
/// A step's sequences are in memory at once.
const MOST_SEQUENCES: usize = 1_000_000;

pub(super) const KEYS: &[&str] = &[
    "epochs",
    "steps",
    "batch",
    "learning_rate",
    "schedule",
    "warmup",
    "weight_decay",
    "clip",
    "precision",
    "optimizer",
    "momentum",
    "beta1",
    "beta2",
    "epsilon",
    "label_smoothing",
    "pack_tokens",
    "memory_limit",
    "evaluate_every",
    "checkpoint_minutes",
    "keep",
    "select",
];

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
const MOMENTUM: f64 = 0.9;

choices! {
    /// How the learning rate changes after the warm-up.
    Schedule {
        /// Down to zero in a straight line.
        Linear = "linear",
        /// Stays as it is.
        Constant = "constant",
        /// Down to zero along half a cosine.
        Cosine = "cosine",
    }
}

choices! {
    /// The numbers that the encoder computes with.
    Precision {
        /// bfloat16, with f32 master weights and sums.
        Bf16 = "bf16",
        /// 32-bit floating point throughout.
        F32 = "f32",
    }
}

choices! {
    /// Which weights a run leaves in its `model` folder.
    Keep {
        /// Those of the last step.
        Last = "last",
        /// Those of the best evaluation, as `select` says.
        Best = "best",
    }
}

choices! {
    /// Which evaluation over several tasks is the best. Scores of unlike metrics are never added as they are.
    Select {
        /// That of the lowest mean rank over tasks, each task ranking all evaluations by its metric.
        MeanRank = "mean-rank",
        /// That of the highest mean over tasks of the score's place in its metric's range, each task counting as its
        /// `importance` says. No metric may be without an upper bound, as `loss` is.
        NormalisedMean = "normalised-mean",
        /// That of the highest mean over tasks of the relative gain over the task's `baseline`: what it scores alone.
        RelativeGain = "relative-gain",
    }
}

choices! {
    /// The optimizer's name.
    OptimizerKind {
        /// Adam with decoupled weight decay.
        AdamW = "adamw",
        /// Stochastic gradient descent with momentum.
        Sgd = "sgd",
    }
}

/// The optimizer with its own settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "optimizer", rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam with decoupled weight decay.
    AdamW {
        /// Decay of the mean of the gradients, at least 0 and below 1.
        beta1: f64,
        /// Decay of the mean of their squares, at least 0 and below 1.
        beta2: f64,
        /// What is added to the root of that mean, above 0.
        epsilon: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Decay of the velocity, at least 0 and below 1.
        momentum: f64,
    },
}

/// The training loop's settings.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `epochs` | 3 | length; this or `steps` | 1 to 100 million |
/// | `steps` | | length in optimizer updates | 1 to 100 million |
/// | `batch` | 32 | sequences per step | 1 to a million |
/// | `learning_rate` | 5e-5 | the highest rate | above 0 |
/// | `schedule` | linear | what it does after the warm-up | [`Schedule`] |
/// | `warmup` | 0.1 | share of all steps in which it rises | 0 to 1 |
/// | `weight_decay` | 0.01 | not for biases and norms | at least 0 |
/// | `clip` | 1.0 | largest norm of the gradient; 0 clips nothing | at least 0 |
/// | `precision` | bf16 | the numbers to compute with | [`Precision`] |
/// | `optimizer` | adamw | | [`OptimizerKind`] |
/// | `beta1`, `beta2`, `epsilon` | 0.9, 0.999, 1e-8 | of adamw | below 1; above 0 |
/// | `momentum` | 0.9 | of sgd | at least 0, below 1 |
/// | `label_smoothing` | 0 | share of the target spread over all labels | at least 0, below 1 |
/// | `pack_tokens` | chosen | most tokens laid into one pack | at least `encoder.max_tokens` |
/// | `memory_limit` | what is available | memory that the run may take, as "8 GiB" | above 0 |
/// | `evaluate_every` | each epoch | steps between evaluations | at least 1 |
/// | `checkpoint_minutes` | 5 | minutes between checkpoints | above 0 |
/// | `keep` | last | the weights that the run leaves | [`Keep`] |
/// | `select` | mean-rank | which evaluation is the best; with `keep = "best"` | [`Select`] |
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrainConfig {
    /// How long the run is.
    #[serde(flatten)]
    pub length: Length,
    /// Sequences per step.
    pub batch: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// What the learning rate does after the warm-up.
    pub schedule: Schedule,
    /// Share of all steps in which the learning rate rises from zero.
    pub warmup: f64,
    /// Weight decay, of everything but biases and norms.
    pub weight_decay: f64,
    /// Largest norm of the whole gradient; 0 clips nothing.
    pub clip: f64,
    /// The numbers that the encoder computes with.
    pub precision: Precision,
    /// The optimizer.
    #[serde(flatten)]
    pub optimizer: Optimizer,
    /// Share of the target that classification spreads evenly over all labels.
    pub label_smoothing: f64,
    /// Most tokens laid into one pack; chosen at the first start if it is not given: 8192, or `encoder.max_tokens` if that
    /// is more, halved while the estimate of the plan says that it needs more than the memory limit. Where memory is
    /// plenty it is the same on every machine. A resumed run keeps what was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack_tokens: Option<usize>,
    /// Memory that the run may take. If it is not given, what this process holds and what the machine has available, or its
    /// control groups leave free if that is less; no limit where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<MemorySize>,
    /// Steps between evaluations; after each epoch if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_every: Option<u64>,
    /// Minutes between checkpoints.
    pub checkpoint_minutes: f64,
    /// The weights that the run leaves.
    pub keep: Keep,
    /// Which evaluation is the best; there if its weights are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Select>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            length: Length::Epochs(3),
            batch: 32,
            learning_rate: 5e-5,
            schedule: Schedule::Linear,
            warmup: 0.1,
            weight_decay: 0.01,
            clip: 1.0,
            precision: Precision::Bf16,
            optimizer: Optimizer::AdamW { beta1: BETA1, beta2: BETA2, epsilon: EPSILON },
            label_smoothing: 0.0,
            pack_tokens: None,
            memory_limit: None,
            evaluate_every: None,
            checkpoint_minutes: 5.0,
            keep: Keep::Last,
            select: None,
        }
    }
}

impl TrainConfig {
    /// `max_tokens` is the longest sequence, which must fit into a pack.
    pub(super) fn read(section: &Section<'_>, max_tokens: usize) -> Result<Self, ConfigError> {
        let default = Self::default();
        let keep = section.or("keep", default.keep, Entry::choice)?;
        Ok(Self {
            length: read_length(section, default.length)?,
            batch: section.or("batch", default.batch, read_batch)?,
            learning_rate: section.or("learning_rate", default.learning_rate, positive)?,
            schedule: section.or("schedule", default.schedule, Entry::choice)?,
            warmup: section.or("warmup", default.warmup, |entry| {
                entry.number("between 0 and 1", |warmup| (0.0..=1.0).contains(&warmup))
            })?,
            weight_decay: section.or("weight_decay", default.weight_decay, not_negative)?,
            clip: section.or("clip", default.clip, not_negative)?,
            precision: section.or("precision", default.precision, Entry::choice)?,
            optimizer: read_optimizer(section)?,
            label_smoothing: section.or("label_smoothing", default.label_smoothing, below_one)?,
            pack_tokens: section.option("pack_tokens", |entry| read_pack_tokens(entry, max_tokens))?,
            memory_limit: section.option("memory_limit", MemorySize::read)?,
            evaluate_every: section.option("evaluate_every", |entry| entry.integer(1))?,
            checkpoint_minutes: section.or("checkpoint_minutes", default.checkpoint_minutes, positive)?,
            select: read_select(section, keep)?,
            keep,
        })
    }
}

fn read_select(section: &Section<'_>, keep: Keep) -> Result<Option<Select>, ConfigError> {
    match keep {
        Keep::Best => section.or("select", Select::MeanRank, Entry::choice).map(Some),
        Keep::Last => section.not_applicable("select", "keep = \"best\"", keep.name()).map(|()| None),
    }
}

/// Errors if evaluations of these tasks cannot be compared as `select` says.
pub(super) fn check_select(
    section: &Section<'_>,
    select: Select,
    tasks: &[TaskConfig],
) -> Result<(), ConfigError> {
    let Some(entry) = section.get("select") else { return Ok(()) };
    let unbounded = |task: &&TaskConfig| task.metric_key().range().1.is_infinite();
    let without_baseline = |task: &&TaskConfig| task.baseline.is_none();
    match select {
        Select::MeanRank => Ok(()),
        Select::NormalisedMean => tasks.iter().find(unbounded).map_or(Ok(()), |task| {
            let (name, metric) = (&task.name, &task.metric);
            let rule = format!("another: `{name}` is judged by {metric}, which has no upper bound");
            Err(entry.out_of_range(rule, select.name().to_owned()))
        }),
        Select::RelativeGain => tasks.iter().find(without_baseline).map_or(Ok(()), |task| {
            let table = format!("[tasks.{}]", task.name);
            let key =
                "`baseline`, its score when it is trained alone, since train.select is \"relative-gain\"";
            Err(entry.key_error(ConfigProblem::Missing { table, key: key.to_owned() }))
        }),
    }
}

pub(super) fn read_length(section: &Section<'_>, default: Length) -> Result<Length, ConfigError> {
    section.one_of("epochs", "steps")?;
    let epochs = section.option("epochs", read_count)?.map(Length::Epochs);
    let steps = section.option("steps", read_count)?.map(Length::Steps);
    Ok(epochs.or(steps).unwrap_or(default))
}

/// A number of steps or epochs.
fn read_count(entry: &Entry<'_>) -> Result<u64, ConfigError> {
    at_most(MOST_STEPS, entry.integer(1)?, entry)
}

fn read_batch(entry: &Entry<'_>) -> Result<usize, ConfigError> {
    at_most(MOST_SEQUENCES, entry.size(1)?, entry)
}

fn at_most<N: PartialOrd + Display>(most: N, value: N, entry: &Entry<'_>) -> Result<N, ConfigError> {
    if value <= most {
        return Ok(value);
    }
    Err(entry.out_of_range(format!("at most {most}"), value.to_string()))
}

fn read_optimizer(section: &Section<'_>) -> Result<Optimizer, ConfigError> {
    match section.or("optimizer", OptimizerKind::AdamW, |entry| entry.choice())? {
        kind @ OptimizerKind::AdamW => {
            section.not_applicable("momentum", "sgd", kind.name())?;
            Ok(Optimizer::AdamW {
                beta1: section.or("beta1", BETA1, below_one)?,
                beta2: section.or("beta2", BETA2, below_one)?,
                epsilon: section.or("epsilon", EPSILON, positive)?,
            })
        }
        kind @ OptimizerKind::Sgd => {
            for key in ["beta1", "beta2", "epsilon"] {
                section.not_applicable(key, "adamw", kind.name())?;
            }
            Ok(Optimizer::Sgd { momentum: section.or("momentum", MOMENTUM, below_one)? })
        }
    }
}

fn read_pack_tokens(entry: &Entry<'_>, max_tokens: usize) -> Result<usize, ConfigError> {
    let pack_tokens = entry.size(1)?;
    if pack_tokens < max_tokens {
        let rule = format!("at least `encoder.max_tokens`, which is {max_tokens}");
        return Err(entry.out_of_range(rule, pack_tokens.to_string()));
    }
    Ok(pack_tokens)
}

fn positive(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    entry.number("above 0", |value| value > 0.0)
}

fn not_negative(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    entry.number("at least 0", |value| value >= 0.0)
}

fn below_one(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    entry.number("at least 0 and below 1", |value| (0.0..1.0).contains(&value))
}
