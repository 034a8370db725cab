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
    /// Whether the run had been finished before, so that nothing was done.
    pub finished_before: bool,
}

/// The most memory that this process has held, in MiB: `VmHWM` of `/proc/self/status`, and 0 on systems without it.
pub fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
