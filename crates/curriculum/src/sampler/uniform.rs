//! Uniform sampling: each draw falls on each of the `T` tasks with probability `1 / T`; draws are independent.
//!
//! Small tasks are repeated and large ones cut short: over an epoch of `N` examples a task of `n_t` is shown
//! `N / (T n_t)` times.

use super::independent::Independent;
use super::{Draw, Sampler, SamplerKind, SamplerState};
use crate::CurriculumError;

/// Independent draws, every task equally likely.
#[derive(Debug, Clone)]
pub struct Uniform {
    draws: Independent,
}

impl Uniform {
    /// Makes the sampler for tasks of these `sizes`, `per_draw` examples to a draw.
    ///
    /// Errors if there is no task, a task has no examples, or `per_draw` is zero.
    pub fn new(seed: u64, sizes: &[usize], per_draw: usize) -> Result<Self, CurriculumError> {
        Ok(Self { draws: Independent::new(seed, sizes, per_draw, |_| 1)? })
    }
}

impl Sampler for Uniform {
    fn kind(&self) -> SamplerKind {
        SamplerKind::Uniform
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
        let sampler = Uniform::new(0, &[1, 3, 4], 8).unwrap();
        assert_eq!(sampler.probabilities(0), [1.0 / 3.0; 3]);
        assert_eq!(sampler.expected_draws(24), [8.0; 3]);
    }

    #[test]
    fn one_task_is_always_drawn() {
        let mut sampler = Uniform::new(9, &[5], 4).unwrap();
        for _ in 0..10 {
            assert_eq!(sampler.draw(), Draw { task_idx: 0, count: 4 });
        }
    }
}
