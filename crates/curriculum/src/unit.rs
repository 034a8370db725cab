//! The unit of a draw: what one step of training is made of.

use crate::CurriculumError;
use crate::name::named;

/// What one draw of the sampler stands for, and so which tasks meet in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// One draw per step; all sequences of a step belong to one task.
    Batch,
    /// One draw per sequence; a step mixes tasks as they are drawn.
    Sequence,
    /// Nothing is drawn; a step holds equally many sequences of every task.
    EveryTask,
}

named!(
    Unit, "unit",
    Batch => "batch",
    Sequence => "sequence",
    EveryTask => "every-task",
);

impl Unit {
    /// Errors if a step of `batch` sequences cannot be made of `n_tasks` tasks: no task, no sequence, or shares
    /// that are not whole.
    pub fn check(self, batch: usize, n_tasks: usize) -> Result<(), CurriculumError> {
        if n_tasks == 0 {
            return Err(CurriculumError::NoTasks);
        }
        if batch == 0 {
            return Err(CurriculumError::EmptyBatch);
        }
        if self == Unit::EveryTask && !batch.is_multiple_of(n_tasks) {
            return Err(CurriculumError::UnevenBatch { batch, n_tasks });
        }
        Ok(())
    }

    /// How many sequences one draw stands for in steps of `batch` sequences.
    pub fn per_draw(self, batch: usize) -> usize {
        match self {
            Unit::Batch | Unit::EveryTask => batch,
            Unit::Sequence => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_must_be_whole() {
        assert_eq!(Unit::EveryTask.check(9, 3), Ok(()));
        let error = Unit::EveryTask.check(32, 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "with unit every-task the batch must be a multiple of the number of tasks, got batch 32 for 3 tasks"
        );
        assert_eq!(Unit::Batch.check(32, 3), Ok(()));
        assert_eq!(Unit::Sequence.check(0, 3), Err(CurriculumError::EmptyBatch));
        assert_eq!(Unit::Sequence.check(1, 0), Err(CurriculumError::NoTasks));
    }
}
