//! What a curriculum is told of the run.

use crate::TaskId;

/// A score of a task, with the direction in which it is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The value.
    pub value: f64,
    /// Whether more is better.
    pub higher_is_better: bool,
}

impl Score {
    /// By how much it is better than a value of the same metric; negative where it is worse.
    pub fn gain_over(self, before: f64) -> f64 {
        if self.higher_is_better { self.value - before } else { before - self.value }
    }
}

/// Something that happened in the run. Lists are by task: entry t is of [`TaskId`]`(t)`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step was done.
    Losses {
        /// The step, from 1.
        step: u64,
        /// The mean loss of each task that the step showed, in nats for classes. `(tasks,)`
        losses: &'a [Option<f64>],
    },
    /// The dev sets were judged.
    Evaluation {
        /// The step after which they were.
        step: u64,
        /// Each task's own metric. `(tasks,)`
        scores: &'a [Score],
        /// Each task's mean loss. `(tasks,)`
        losses: &'a [f64],
    },
    /// An epoch of the stage begins.
    Epoch {
        /// The epoch, from 0.
        epoch: u64,
    },
    /// A task is trained no more.
    Stopped {
        /// The task.
        task: TaskId,
    },
}
