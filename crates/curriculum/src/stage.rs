//! A stage: what is trained for a while, and how its steps are made.

use crate::sampler::SamplerConfig;
use crate::{Length, StreamInfo, TaskId, Unit};

/// Some tasks, and how the steps that train them are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The tasks that are trained.
    pub tasks: Vec<TaskId>,
    /// Which stream a draw falls on.
    pub sampler: SamplerConfig,
    /// What one draw stands for.
    pub unit: Unit,
    /// How long the stage is.
    pub length: Length,
}

impl Stage {
    /// A stage of all tasks of these streams.
    pub fn of_all(streams: &[StreamInfo], sampler: SamplerConfig, unit: Unit, length: Length) -> Stage {
        let mut tasks: Vec<TaskId> = streams.iter().flat_map(|stream| stream.tasks.iter().copied()).collect();
        tasks.sort_unstable();
        tasks.dedup();
        Stage { tasks, sampler, unit, length }
    }

    /// Whether it trains any task of a stream.
    pub(crate) fn draws(&self, stream: &StreamInfo) -> bool {
        stream.tasks.iter().any(|task| self.tasks.contains(task))
    }
}
