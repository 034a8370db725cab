//! What can be wrong with a way of sharing.

use thiserror::Error;

/// The rules that a way of sharing can find broken, with the values that broke them.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SharingError {
    /// There is nothing to weight.
    #[error("a loss weighting needs at least one task, got none")]
    NoTasks,
    /// A weight must be a positive, finite number.
    #[error("the weight of task {task_idx} must be positive and finite, got {weight}")]
    InvalidWeight {
        /// The task's index.
        task_idx: usize,
        /// Its weight.
        weight: f64,
    },
    /// There must be one value for every task.
    #[error("expected {expected} {what}, one for each task, got {got}")]
    TaskCount {
        /// What was counted: "weights" or "losses".
        what: &'static str,
        /// Number of tasks.
        expected: usize,
        /// Number of values.
        got: usize,
    },
    /// A loss is infinite or not a number.
    #[error("the loss of task {task_idx} is {loss} in step {step}")]
    LossNotFinite {
        /// The task's index.
        task_idx: usize,
        /// The step, from 0.
        step: u64,
        /// The loss, in the task's unit.
        loss: f64,
    },
    /// A saved state holds something that this weighting does not know.
    #[error("a saved state for loss weighting {weighting} holds unknown `{key}`")]
    UnknownState {
        /// The weighting that was to be restored.
        weighting: &'static str,
        /// The key in the state.
        key: String,
    },
    /// The name is not in the registry.
    #[error("unknown loss weighting `{name}`, expected one of {}", expected.join(", "))]
    UnknownWeighting {
        /// The name that was given.
        name: String,
        /// Every name that would do.
        expected: Vec<&'static str>,
    },
}
