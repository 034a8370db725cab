//! Independent draws from whole-number shares: what [`Proportional`](super::Proportional) and
//! [`Uniform`](super::Uniform) have in common.

use super::{Draw, SamplerState, check_sizes};
use crate::{CurriculumError, Draws, Purpose};

/// Draws task `t` with probability `shares[t] / sum(shares)`, independently of all other draws.
#[derive(Debug, Clone)]
pub(super) struct Independent {
    shares: Vec<u64>,
    /// Running sums of the shares; the last is their sum.
    upper: Vec<u64>,
    per_draw: usize,
    source: Draws,
    draws: u64,
}

impl Independent {
    /// `share` maps a task's size to its share, a positive number.
    pub(super) fn new(
        seed: u64,
        sizes: &[usize],
        per_draw: usize,
        share: fn(usize) -> u64,
    ) -> Result<Self, CurriculumError> {
        check_sizes(sizes, per_draw)?;
        let shares: Vec<u64> = sizes.iter().map(|&size| share(size)).collect();
        let upper = shares
            .iter()
            .scan(0, |sum, &share| {
                *sum += share;
                Some(*sum)
            })
            .collect();
        Ok(Self { shares, upper, per_draw, source: Draws::new(seed, Purpose::Task, &[]), draws: 0 })
    }

    pub(super) fn draw(&mut self) -> Draw {
        let point = self.source.below(self.draws, self.total());
        self.draws += 1;
        Draw { task_idx: self.upper.partition_point(|&upper| upper <= point), count: self.per_draw }
    }

    pub(super) fn probabilities(&self) -> Vec<f64> {
        self.shares.iter().map(|&share| share as f64 / self.total() as f64).collect()
    }

    pub(super) fn expected_draws(&self, draws: u64) -> Vec<f64> {
        self.probabilities().into_iter().map(|probability| probability * draws as f64).collect()
    }

    pub(super) fn state(&self) -> SamplerState {
        SamplerState { draws: self.draws }
    }

    pub(super) fn restore(&mut self, state: SamplerState) {
        self.draws = state.draws;
    }

    fn total(&self) -> u64 {
        *self.upper.last().expect("the constructor checks that there is a task")
    }
}
