//! Each task alone, and all tasks together.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::TrainError;
use crate::observer::Observer;

/// Where and how a comparison is made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareOptions {
    /// The folder: one folder a run, and `compare.json`.
    pub out: PathBuf,
    /// How many seeds: the configuration's, and those that follow it.
    pub seeds: u64,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
    /// The folder of tokenized texts; `.mtl-cache` in `out` if it is not given.
    pub cache: Option<PathBuf>,
}

/// Which tasks a run of a comparison trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// One task alone.
    Single,
    /// All tasks together.
    Joint,
}

/// The content of `compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every run's score on every task that it trains.
    pub runs: Vec<RunScore>,
    /// Each task over all seeds.
    pub summary: Vec<TaskSummary>,
}

/// The score of one run on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunScore {
    /// Alone or together.
    pub arm: Arm,
    /// The run's seed.
    pub seed: u64,
    /// The task.
    pub task: String,
    /// The metric by which the task is judged.
    pub metric: String,
    /// The score on the dev set.
    pub value: f64,
    /// The run's optimizer updates.
    pub steps: u64,
    /// The run's seconds of training.
    pub seconds: f64,
}

/// One task over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The task.
    pub task: String,
    /// The metric.
    pub metric: String,
    /// Mean score alone.
    pub single_mean: f64,
    /// Sample standard deviation alone; `null` with one seed.
    pub single_sd: Option<f64>,
    /// Mean score together.
    pub joint_mean: f64,
    /// Sample standard deviation together; `null` with one seed.
    pub joint_sd: Option<f64>,
    /// `joint_mean - single_mean`.
    pub difference: f64,
    /// The difference over the size of `single_mean`, negated where lower is better, so that positive means that
    /// training together helped; `null` if `single_mean` is 0.
    pub relative_gain: Option<f64>,
}

/// Trains each task alone and all together with each seed, and writes `compare.json`.
///
/// Both arms show a task the same number of its own examples: the joint run's draws are counted first. Each run has
/// a folder of its own below `options.out`; one that was finished with the same configuration is used as it is, and
/// one that was interrupted is resumed.
///
/// Errors as a run does, if `seeds` is 0, or if a folder holds a run of another configuration.
pub fn compare(
    config: &Config,
    options: &CompareOptions,
    observer: &mut dyn Observer,
    interrupt: &AtomicBool,
) -> Result<Comparison, TrainError> {
    unimplemented!("{config:?} {options:?} {interrupt:?} {}", std::mem::size_of_val(observer))
}
