//! The steps of a run: sampler and unit together.

use serde::{Deserialize, Serialize};

use crate::{CurriculumError, Draw, Sampler, SamplerKind, SamplerState, Unit};

/// Draws the steps of a run, one after the other: which tasks, and how many sequences of each.
#[derive(Debug)]
pub struct Steps {
    sampler: Box<dyn Sampler>,
    unit: Unit,
    batch: usize,
    sizes: Vec<usize>,
    step: u64,
}

/// Where a run stands: all that has to be saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsState {
    /// Steps drawn so far.
    pub step: u64,
    /// The sampler's state.
    pub sampler: SamplerState,
}

impl Steps {
    /// Steps of `batch` sequences from tasks of these `sizes` (examples per task).
    ///
    /// Errors if there is no task, a task has no examples, `batch` is zero, or with [`Unit::EveryTask`] `batch` is
    /// not a multiple of the number of tasks.
    pub fn new(
        kind: SamplerKind,
        unit: Unit,
        batch: usize,
        sizes: &[usize],
        seed: u64,
    ) -> Result<Self, CurriculumError> {
        unit.check(batch, sizes.len())?;
        let sampler = kind.build(seed, sizes, unit.per_draw(batch))?;
        Ok(Self { sampler, unit, batch, sizes: sizes.to_vec(), step: 0 })
    }

    /// The next step: every task that takes part, once, in the order of the tasks, with its number of sequences.
    ///
    /// The numbers add up to the batch, except that [`RoundRobinRandom`](crate::sampler::RoundRobinRandom) with
    /// [`Unit::Batch`] ends a task's epoch with what is left of it.
    pub fn next_step(&mut self) -> Vec<Draw> {
        self.step += 1;
        self.unit.draw_step(self.batch, self.sizes.len(), self.sampler.as_mut())
    }

    /// How many steps make an epoch: as many sequences as all tasks have examples, the last step rounded up.
    pub fn per_epoch(&self) -> u64 {
        if self.epochs_are_exact() {
            self.sizes.iter().map(|size| size.div_ceil(self.batch) as u64).sum()
        } else {
            self.sizes.iter().sum::<usize>().div_ceil(self.batch) as u64
        }
    }

    /// The probability that a sequence of step `step` (from 0) belongs to each task.
    ///
    /// # Shapes
    ///
    /// `(tasks,)`; sums to 1.
    pub fn probabilities(&self, step: u64) -> Vec<f64> {
        let n_tasks = self.sizes.len();
        match self.unit {
            Unit::Batch => self.sampler.probabilities(step),
            Unit::EveryTask => vec![1.0 / n_tasks as f64; n_tasks],
            Unit::Sequence => {
                let before = self.sampler.expected_draws(step * self.batch as u64);
                let after = self.sampler.expected_draws((step + 1) * self.batch as u64);
                after.iter().zip(before).map(|(after, before)| (after - before) / self.batch as f64).collect()
            }
        }
    }

    /// How many sequences of each task are expected in the first `steps` steps.
    ///
    /// # Shapes
    ///
    /// `(tasks,)`.
    pub fn expected_sequences(&self, steps: u64) -> Vec<f64> {
        let batch = self.batch as f64;
        match self.unit {
            Unit::Batch if self.epochs_are_exact() => {
                let epochs = steps as f64 / self.per_epoch() as f64;
                self.sizes.iter().map(|&size| size as f64 * epochs).collect()
            }
            Unit::Batch => self.sampler.expected_draws(steps).iter().map(|draws| draws * batch).collect(),
            Unit::Sequence => self.sampler.expected_draws(steps * self.batch as u64),
            Unit::EveryTask => vec![steps as f64 * batch / self.sizes.len() as f64; self.sizes.len()],
        }
    }

    /// What to save.
    pub fn state(&self) -> StepsState {
        StepsState { step: self.step, sampler: self.sampler.state() }
    }

    /// Continues from a saved state of steps made with the same arguments.
    pub fn restore(&mut self, state: StepsState) {
        self.step = state.step;
        self.sampler.restore(state.sampler);
    }

    /// Whether every example comes once an epoch, in mini-batches of one task.
    fn epochs_are_exact(&self) -> bool {
        self.unit == Unit::Batch && self.sampler.kind() == SamplerKind::RoundRobinRandom
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_as_many_sequences_as_there_are_examples() {
        let sizes = [100, 33];
        let steps = |kind, unit| Steps::new(kind, unit, 10, &sizes, 0).unwrap().per_epoch();
        assert_eq!(steps(SamplerKind::Proportional, Unit::Batch), 14);
        assert_eq!(steps(SamplerKind::Proportional, Unit::Sequence), 14);
        assert_eq!(steps(SamplerKind::Proportional, Unit::EveryTask), 14);
        assert_eq!(steps(SamplerKind::RoundRobinRandom, Unit::Sequence), 14);
        assert_eq!(steps(SamplerKind::RoundRobinRandom, Unit::Batch), 10 + 4);
    }

    #[test]
    fn expected_sequences_are_literal() {
        let expected =
            |kind, unit, steps| Steps::new(kind, unit, 4, &[30, 10], 0).unwrap().expected_sequences(steps);
        assert_eq!(expected(SamplerKind::Proportional, Unit::Batch, 10), [30.0, 10.0]);
        assert_eq!(expected(SamplerKind::Proportional, Unit::Sequence, 10), [30.0, 10.0]);
        assert_eq!(expected(SamplerKind::Uniform, Unit::Batch, 10), [20.0, 20.0]);
        assert_eq!(expected(SamplerKind::Proportional, Unit::EveryTask, 10), [20.0, 20.0]);
        // An epoch is 8 + 3 mini-batches, of which each task's last is smaller.
        assert_eq!(expected(SamplerKind::RoundRobinRandom, Unit::Batch, 11), [30.0, 10.0]);
    }

    #[test]
    fn probabilities_of_a_step_follow_the_unit() {
        let of = |unit| Steps::new(SamplerKind::RoundRobin, unit, 4, &[1, 1], 0).unwrap().probabilities(1);
        assert_eq!(of(Unit::Batch), [0.0, 1.0]);
        assert_eq!(of(Unit::Sequence), [0.5, 0.5]);
        assert_eq!(of(Unit::EveryTask), [0.5, 0.5]);
    }
}
