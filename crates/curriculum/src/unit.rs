//! The unit of a draw: what one step of training is made of.

use crate::name::named;
use crate::{CurriculumError, Draw, Sampler};

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

    /// Draws one step: which tasks, and how many sequences of each. Every task is named at most once, in the order
    /// of the tasks.
    ///
    /// `sampler` was made with [`per_draw`](Unit::per_draw) sequences to a draw; with [`EveryTask`](Unit::EveryTask)
    /// it is not asked.
    pub(crate) fn draw_step(self, batch: usize, n_tasks: usize, sampler: &mut dyn Sampler) -> Vec<Draw> {
        match self {
            Unit::Batch => vec![sampler.draw()],
            Unit::Sequence => {
                let mut counts = vec![0; n_tasks];
                for _ in 0..batch {
                    let draw = sampler.draw();
                    counts[draw.task_idx] += draw.count;
                }
                named_tasks(counts)
            }
            Unit::EveryTask => named_tasks(vec![batch / n_tasks; n_tasks]),
        }
    }
}

fn named_tasks(counts: Vec<usize>) -> Vec<Draw> {
    let draws = counts.into_iter().enumerate().map(|(task_idx, count)| Draw { task_idx, count });
    draws.filter(|draw| draw.count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::RoundRobin;

    #[test]
    fn a_batch_is_of_one_task() {
        let mut sampler = RoundRobin::new(&[5, 5], 8).unwrap();
        assert_eq!(Unit::Batch.draw_step(8, 2, &mut sampler), [Draw { task_idx: 0, count: 8 }]);
        assert_eq!(Unit::Batch.draw_step(8, 2, &mut sampler), [Draw { task_idx: 1, count: 8 }]);
    }

    #[test]
    fn sequences_are_drawn_one_by_one() {
        let mut sampler = RoundRobin::new(&[5, 5, 5], 1).unwrap();
        let step = Unit::Sequence.draw_step(4, 3, &mut sampler);
        assert_eq!(step.iter().map(|draw| draw.count).collect::<Vec<_>>(), [2, 1, 1]);
        let step = Unit::Sequence.draw_step(1, 3, &mut sampler);
        assert_eq!(step, [Draw { task_idx: 1, count: 1 }]);
    }

    #[test]
    fn every_task_has_its_share() {
        let mut sampler = RoundRobin::new(&[5, 5], 6).unwrap();
        let step = Unit::EveryTask.draw_step(6, 2, &mut sampler);
        assert_eq!(step, [Draw { task_idx: 0, count: 3 }, Draw { task_idx: 1, count: 3 }]);
        assert_eq!(sampler.state().draws, 0);
    }

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
