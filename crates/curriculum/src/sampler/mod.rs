//! Which task comes next.

mod independent;
mod proportional;
mod round_robin;
mod round_robin_random;
mod uniform;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

pub use proportional::Proportional;
pub use round_robin::RoundRobin;
pub use round_robin_random::RoundRobinRandom;
pub use uniform::Uniform;

use crate::CurriculumError;
use crate::name::named;

/// What one draw of a sampler says: show `count` examples of task `task_idx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The task's index, in the order of the sizes.
    pub task_idx: usize,
    /// How many of its examples, at least one.
    pub count: usize,
}

/// Where a sampler stands: all that has to be saved, since every draw is a function of its index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerState {
    /// Draws made so far.
    pub draws: u64,
}

/// A rule that says which task comes next.
///
/// A sampler is made for the sizes of the tasks and for `per_draw`, the number of examples that one draw stands
/// for. Only the last mini-batch that [`RoundRobinRandom`] makes of a task in an epoch holds fewer.
pub trait Sampler: Debug + Send {
    /// The entry of the registry that this sampler belongs to.
    fn kind(&self) -> SamplerKind;

    /// The next draw.
    fn draw(&mut self) -> Draw;

    /// The probability that the draw at `index` falls on each task, before anything is drawn.
    ///
    /// # Shapes
    ///
    /// `(tasks,)`; sums to 1.
    fn probabilities(&self, index: u64) -> Vec<f64>;

    /// How often each task is expected among the first `draws` draws.
    ///
    /// # Shapes
    ///
    /// `(tasks,)`; sums to `draws`.
    fn expected_draws(&self, draws: u64) -> Vec<f64>;

    /// What to save.
    fn state(&self) -> SamplerState;

    /// Continues from a saved state of a sampler made with the same arguments.
    fn restore(&mut self, state: SamplerState);
}

/// The samplers, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SamplerKind {
    /// Independent draws, each task by its share of all examples.
    Proportional,
    /// Independent draws, each task as likely as any other.
    Uniform,
    /// The tasks in the order of the file, again and again.
    RoundRobin,
    /// All mini-batches of all tasks, shuffled, every example once an epoch, as MT-DNN.
    RoundRobinRandom,
}

named!(
    SamplerKind, "sampler",
    Proportional => "proportional",
    Uniform => "uniform",
    RoundRobin => "round-robin",
    RoundRobinRandom => "round-robin-random",
);

impl SamplerKind {
    /// Makes the sampler for tasks of these `sizes` (examples per task), `per_draw` examples to a draw.
    ///
    /// Errors if there is no task, a task has no examples, or `per_draw` is zero.
    pub fn build(
        self,
        seed: u64,
        sizes: &[usize],
        per_draw: usize,
    ) -> Result<Box<dyn Sampler>, CurriculumError> {
        Ok(match self {
            SamplerKind::Proportional => Box::new(Proportional::new(seed, sizes, per_draw)?),
            SamplerKind::Uniform => Box::new(Uniform::new(seed, sizes, per_draw)?),
            SamplerKind::RoundRobin => Box::new(RoundRobin::new(sizes, per_draw)?),
            SamplerKind::RoundRobinRandom => Box::new(RoundRobinRandom::new(seed, sizes, per_draw)?),
        })
    }
}

/// Errors if there is no task, a task has no examples, or a draw stands for none.
pub(crate) fn check_sizes(sizes: &[usize], per_draw: usize) -> Result<(), CurriculumError> {
    if sizes.is_empty() {
        return Err(CurriculumError::NoTasks);
    }
    if let Some(task_idx) = sizes.iter().position(|&size| size == 0) {
        return Err(CurriculumError::EmptyTask { task_idx });
    }
    if per_draw == 0 {
        return Err(CurriculumError::EmptyBatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_builds_itself() {
        for &kind in SamplerKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.build(0, &[3, 1], 2).unwrap().kind(), kind);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "random".parse::<SamplerKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown sampler `random`, expected one of proportional, uniform, round-robin, round-robin-random"
        );
    }

    #[test]
    fn impossible_sizes_are_errors_for_every_kind() {
        for &kind in SamplerKind::ALL {
            assert_eq!(kind.build(0, &[], 1).unwrap_err(), CurriculumError::NoTasks);
            assert_eq!(kind.build(0, &[3, 0], 1).unwrap_err(), CurriculumError::EmptyTask { task_idx: 1 });
            assert_eq!(kind.build(0, &[3], 0).unwrap_err(), CurriculumError::EmptyBatch);
        }
    }
}
