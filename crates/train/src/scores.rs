//! The numbers that a run leaves: scores by task and metric, and what it cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The scores of each task, by task and by metric.
pub type Scores = BTreeMap<String, BTreeMap<String, f64>>;

/// The content of a run's `metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMetrics {
    /// The scores on the dev sets, from the weights in the run's `model` folder.
    pub tasks: Scores,
    /// Optimizer updates.
    pub steps: u64,
    /// Seconds from the first step to the last, without tokenization, evaluation and checkpoints.
    pub seconds: f64,
    /// Seconds of everything, from reading the data to the last file but this one.
    pub seconds_total: f64,
    /// Real tokens trained on.
    pub tokens: u64,
    /// `tokens / seconds`.
    pub tokens_per_second: f64,
    /// The most memory that the process held, in MiB; 0 where the system does not say.
    pub peak_rss_mib: f64,
    /// The run's seed.
    pub seed: u64,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The content of `metrics.json`.
    pub metrics: RunMetrics,
    /// The step whose weights are in the `model` folder.
    pub kept_step: u64,
    /// The rate of the model's operations, over the whole run, as a part of what the machine can do at most on as many
    /// threads in the same precision; `None` if nothing was trained now.
    pub share_of_peak: Option<f64>,
    /// Whether the run had been finished before, so that nothing was done.
    pub finished_before: bool,
}
