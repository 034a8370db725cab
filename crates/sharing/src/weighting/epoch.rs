//! Mean losses over an epoch.

use super::present::Present;
use super::restore::Restore;
use super::{WeightingKind, WeightingState};
use crate::SharingError;

const SUMS: &str = "epoch_loss_sums";
const COUNTS: &str = "epoch_loss_counts";
const STEPS: &str = "epoch_steps";

/// The names under which [`EpochMeans::save`] puts its vectors.
pub(super) const KEYS: [&str; 3] = [SUMS, COUNTS, STEPS];

/// Sums of the losses that an epoch has shown so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EpochMeans {
    /// Number of steps that make an epoch; 0 if whoever trains says when one ends.
    interval: u64,
    sums: Vec<f64>,
    /// Number of steps in which each task had a loss.
    counts: Vec<f64>,
    steps: f64,
}

impl EpochMeans {
    pub(super) fn new(n_tasks: usize, interval: u64) -> Self {
        Self { interval, sums: vec![0.0; n_tasks], counts: vec![0.0; n_tasks], steps: 0.0 }
    }

    /// Must someone say when an epoch ends?
    pub(super) fn asks(&self) -> bool {
        self.interval == 0
    }

    /// Adds a step. Gives the means if the interval ends with it.
    pub(super) fn add(&mut self, present: &Present) -> Option<Vec<Option<f64>>> {
        for (task_idx, loss) in present.iter() {
            self.sums[task_idx] += loss;
            self.counts[task_idx] += 1.0;
        }
        self.steps += 1.0;
        (!self.asks() && self.steps >= self.interval as f64).then(|| self.take())
    }

    /// Ends an epoch of whoever trains. Gives the means unless an interval of steps counts instead.
    pub(super) fn end(&mut self) -> Option<Vec<Option<f64>>> {
        self.asks().then(|| self.take())
    }

    /// The tasks' means, none of a task that had no loss. Begins anew.
    fn take(&mut self) -> Vec<Option<f64>> {
        let means = self.sums.iter().zip(&self.counts);
        let means = means.map(|(sum, count)| (*count > 0.0).then(|| sum / count)).collect();
        *self = Self::new(self.sums.len(), self.interval);
        means
    }

    pub(super) fn save(&self, state: &mut WeightingState) {
        let vectors = [self.sums.clone(), self.counts.clone(), vec![self.steps]];
        state.values.extend(KEYS.map(str::to_owned).into_iter().zip(vectors));
    }

    pub(super) fn restore(
        &mut self,
        kind: WeightingKind,
        state: &WeightingState,
    ) -> Result<(), SharingError> {
        let (restore, n_tasks) = (Restore { kind, state }, self.sums.len());
        let (sums, counts) = (restore.vector(SUMS, n_tasks)?, restore.vector(COUNTS, n_tasks)?);
        *self = Self { interval: self.interval, sums, counts, steps: restore.number(STEPS)? };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_over_the_steps_that_showed_the_task() {
        let mut means = EpochMeans::new(3, 0);
        assert_eq!(means.add(&Present::of(&[Some(1.0), Some(5.0), None])), None);
        assert_eq!(means.add(&Present::of(&[Some(2.0), None, None])), None);
        assert_eq!(means.end(), Some(vec![Some(1.5), Some(5.0), None]));
        assert_eq!(means, EpochMeans::new(3, 0));
    }

    #[test]
    fn an_interval_of_steps_ends_by_itself() {
        let mut means = EpochMeans::new(1, 2);
        assert_eq!(means.add(&Present::of(&[Some(1.0)])), None);
        assert_eq!(means.end(), None);
        assert_eq!(means.add(&Present::of(&[Some(2.0)])), Some(vec![Some(1.5)]));
    }
}
