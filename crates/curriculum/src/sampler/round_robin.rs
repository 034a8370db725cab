//! Round robin: the tasks in file order, again and again; nothing is random.

use super::{Draw, Sampler, SamplerKind, SamplerState, check_sizes};
use crate::CurriculumError;

/// The tasks in their order, one draw each, without end.
#[derive(Debug, Clone)]
pub struct RoundRobin {
    n_tasks: usize,
    per_draw: usize,
    draws: u64,
}

impl RoundRobin {
    /// Makes the sampler for tasks of these `sizes`, `per_draw` examples to a draw.
    ///
    /// Errors if there is no task, a task has no examples, or `per_draw` is zero.
    pub fn new(sizes: &[usize], per_draw: usize) -> Result<Self, CurriculumError> {
        check_sizes(sizes, per_draw)?;
        Ok(Self { n_tasks: sizes.len(), per_draw, draws: 0 })
    }

    fn task_at(&self, index: u64) -> usize {
        (index % self.n_tasks as u64) as usize
    }
}

impl Sampler for RoundRobin {
    fn kind(&self) -> SamplerKind {
        SamplerKind::RoundRobin
    }

    fn draw(&mut self) -> Draw {
        let task_idx = self.task_at(self.draws);
        self.draws += 1;
        Draw { task_idx, count: self.per_draw }
    }

    fn probabilities(&self, index: u64) -> Vec<f64> {
        let mut probabilities = vec![0.0; self.n_tasks];
        probabilities[self.task_at(index)] = 1.0;
        probabilities
    }

    fn expected_draws(&self, draws: u64) -> Vec<f64> {
        let rounds = draws / self.n_tasks as u64;
        let rest = self.task_at(draws);
        (0..self.n_tasks).map(|task_idx| rounds as f64 + f64::from(u8::from(task_idx < rest))).collect()
    }

    fn state(&self) -> SamplerState {
        SamplerState { draws: self.draws }
    }

    fn restore(&mut self, state: SamplerState) {
        self.draws = state.draws;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_in_order() {
        let mut sampler = RoundRobin::new(&[9, 1, 4], 2).unwrap();
        let tasks: Vec<usize> = (0..7).map(|_| sampler.draw().task_idx).collect();
        assert_eq!(tasks, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn probabilities_and_expected_draws_are_exact() {
        let sampler = RoundRobin::new(&[9, 1, 4], 2).unwrap();
        assert_eq!(sampler.probabilities(4), [0.0, 1.0, 0.0]);
        assert_eq!(sampler.expected_draws(5), [2.0, 2.0, 1.0]);
    }
}
