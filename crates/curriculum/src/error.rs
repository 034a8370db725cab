//! What can be wrong with a curriculum.

use mtl_base::registry::{SettingsError, UnknownMethod};
use thiserror::Error;

/// The rules that a curriculum's arguments can break, with the values that broke them.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CurriculumError {
    /// There is nothing to choose from.
    #[error("a sampler needs at least one task, got none")]
    NoTasks,
    /// A task without examples can never be drawn.
    #[error("task {task_idx} has no examples")]
    EmptyTask {
        /// The task's index.
        task_idx: usize,
    },
    /// A step must hold at least one sequence.
    #[error("a batch must hold at least one sequence, got 0")]
    EmptyBatch,
    /// With one share per task, the shares must be whole.
    #[error(
        "with unit every-task the batch must be a multiple of the number of tasks, got batch {batch} for {n_tasks} tasks"
    )]
    UnevenBatch {
        /// Sequences in a step.
        batch: usize,
        /// Number of tasks.
        n_tasks: usize,
    },
    /// Nothing was counted, so there is no distribution.
    #[error("a distribution needs at least one count above zero, got {counts} counts without one")]
    EmptyDistribution {
        /// How many counts there are.
        counts: usize,
    },
    /// Two distributions are not over the same items.
    #[error("two distributions must count the same items, got {left} and {right} counts")]
    OtherItems {
        /// Counts of the first.
        left: usize,
        /// Counts of the second.
        right: usize,
    },
    /// The name is not in the registry.
    #[error("unknown {what} `{name}`, expected one of {}", expected.join(", "))]
    UnknownName {
        /// What was looked up, such as "unit".
        what: &'static str,
        /// The name that was given.
        name: String,
        /// Every name that would do.
        expected: Vec<&'static str>,
    },
    /// There is no such sampler or stopping rule.
    #[error(transparent)]
    Method(#[from] UnknownMethod),
    /// A setting of a sampler or stopping rule is refused.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A curriculum without stages trains nothing.
    #[error("a curriculum needs at least one stage, got none")]
    NoStages,
    /// A stage names tasks, and there is nothing to draw for any of them.
    #[error("stage {stage} has no examples to draw")]
    EmptyStage {
        /// The stage, from 0.
        stage: usize,
    },
    /// A saved state is not that of this curriculum.
    #[error("a saved state of {what} does not fit: {reason}")]
    OtherState {
        /// Whose state it should be.
        what: &'static str,
        /// What does not fit.
        reason: &'static str,
    },
}
