//! Proportional sampling: each draw falls on task t with probability `n_t / N`, where `n_t` is the number of its
//! examples and `N` that of all tasks; draws are independent.
//!
//! Over an epoch of `N` examples each task is shown about once in full.

use super::independent::Independent;
use super::{Draw, Sampler, SamplerKind, SamplerState};
use crate::CurriculumError;

/// Independent draws in proportion to the sizes of the tasks.
#[derive(Debug, Clone)]
pub struct Proportional {
    draws: Independent,
}

impl Proportional {
    /// Makes the sampler for tasks of these `sizes`, `per_draw` examples to a draw.
    ///
    /// Errors if there is no task, a task has no examples, or `per_draw` is zero.
    pub fn new(seed: u64, sizes: &[usize], per_draw: usize) -> Result<Self, CurriculumError> {
        Ok(Self { draws: Independent::new(seed, sizes, per_draw, |size| size as u64)? })
    }
}

impl Sampler for Proportional {
    fn kind(&self) -> SamplerKind {
        SamplerKind::Proportional
    }

    fn draw(&mut self) -> Draw {
        self.draws.draw()
    }

    fn probabilities(&self, _index: u64) -> Vec<f64> {
        self.draws.probabilities()
    }

    fn expected_draws(&self, draws: u64) -> Vec<f64> {
        self.draws.expected_draws(draws)
    }

    fn state(&self) -> SamplerState {
        self.draws.state()
    }

    fn restore(&mut self, state: SamplerState) {
        self.draws.restore(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_literal() {
        let sampler = Proportional::new(0, &[1, 3, 4], 8).unwrap();
        assert_eq!(sampler.probabilities(0), [0.125, 0.375, 0.5]);
        assert_eq!(sampler.expected_draws(24), [3.0, 9.0, 12.0]);
    }

    #[test]
    fn one_task_is_always_drawn() {
        let mut sampler = Proportional::new(9, &[5], 4).unwrap();
        for _ in 0..10 {
            assert_eq!(sampler.draw(), Draw { task_idx: 0, count: 4 });
        }
    }
}
