//! Dynamic weight average: a task whose loss falls slowly counts more.
//!
//! ```text
//! w_t(e) = T softmax over t of (r_t(e - 1) / temperature)        r_t(e - 1) = L_t(e - 1) / L_t(e - 2)
//! ```
//!
//! `L_t(e)` is the task's mean loss over epoch `e`; in the first two epochs every `r_t` is 1.
//!
//! Shikun Liu, Edward Johns, Andrew J. Davison: *End-to-End Multi-Task Learning with Attention*, CVPR 2019, equation
//! (7), with its temperature 2. The weights sum to the number of tasks T.
//!
//! Differences from the paper: a mean is over the steps that show the task, a task that has not been shown in two
//! epochs yet has `r_t = 1`, and one that an epoch does not show keeps its two means. A mean below 1e-8 counts as 1e-8.
//! With `interval` above 0, so many steps count as an epoch: training that lasts fewer than three epochs would
//! otherwise be equally weighted from beginning to end.

use mtl_base::Method;

use super::epoch::{self, EpochMeans};
use super::key::settings;
use super::numeric::softmax;
use super::present::{Present, SMALLEST_LOSS};
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "dwa",
    "dynamic weight average",
    "Liu et al. 2019",
    "crates/sharing/src/weighting/dwa.rs",
)
.with(DwaConfig::SETTINGS);

const OLDER: &str = "older_means";
const NEWER: &str = "newer_means";

settings! {
    /// The settings of [`Dwa`].
    DwaConfig of Dwa {
        temperature: f64 = 2.0, Positive, "softness of the weights: the larger, the more equal";
        interval: u64 = 0, Whole, "steps that count as an epoch, 0 for the epochs of training";
    }
}

/// Weights by the rate at which the losses fell over the last two epochs.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "DWA")]
pub struct Dwa {
    temperature: f64,
    means: EpochMeans,
    /// The mean of the last epoch but one; 0 if there is none yet.
    older: Vec<f64>,
    /// The mean of the last epoch; 0 if there is none yet.
    newer: Vec<f64>,
}

impl Dwa {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: DwaConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self {
            temperature: config.temperature,
            means: EpochMeans::new(n_tasks, config.interval),
            older: vec![0.0; n_tasks],
            newer: vec![0.0; n_tasks],
        })
    }

    fn rates(&self) -> Vec<f64> {
        let rate = |(older, newer): (&f64, &f64)| if *older > 0.0 { newer / older } else { 1.0 };
        self.older.iter().zip(&self.newer).map(rate).collect()
    }

    fn roll(&mut self, means: Vec<Option<f64>>) {
        for (task_idx, mean) in means.into_iter().enumerate() {
            if let Some(mean) = mean {
                self.older[task_idx] = std::mem::replace(&mut self.newer[task_idx], mean.max(SMALLEST_LOSS));
            }
        }
    }
}

impl LossWeighting for Dwa {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Dwa
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, epochs: self.means.asks(), ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        let present = Present::losses(self.kind(), self.older.len(), step, losses)?;
        let weights = weights(&self.rates(), self.temperature);
        if let Some(means) = self.means.add(&present) {
            self.roll(means);
        }
        Ok(weights)
    }

    fn end_epoch(&mut self) {
        if let Some(means) = self.means.end() {
            self.roll(means);
        }
    }

    fn state(&self) -> WeightingState {
        let mut state = WeightingState::of([(OLDER, self.older.clone()), (NEWER, self.newer.clone())]);
        self.means.save(&mut state);
        state
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[OLDER, NEWER], &epoch::KEYS])?;
        let n_tasks = self.older.len();
        let (older, newer) = (restore.vector(OLDER, n_tasks)?, restore.vector(NEWER, n_tasks)?);
        self.means.restore(self.kind(), state)?;
        (self.older, self.newer) = (older, newer);
        Ok(())
    }
}

/// `T softmax(rates / temperature)`: weights that sum to the number of tasks.
///
/// # Shapes
///
/// `rates: (tasks,)`, returns `(tasks,)`.
pub fn weights(rates: &[f64], temperature: f64) -> Vec<f64> {
    let scaled: Vec<f64> = rates.iter().map(|rate| rate / temperature).collect();
    softmax(&scaled).into_iter().map(|share| share * rates.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// methods.md, fixed values: temperature 2, loss ratios 1 and 4. Liu 2019, equation (7).
    #[test]
    fn ratios_1_and_4_at_temperature_2_are_twice_their_softmax() {
        let (first, second) = (0.5_f64.exp(), 2.0_f64.exp());
        let expected = [2.0 * first / (first + second), 2.0 * second / (first + second)];
        for (weight, expected) in weights(&[1.0, 4.0], 2.0).iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn two_epochs_are_equal_and_the_third_knows_their_ratio() {
        let mut weighting = Dwa::new(2, DwaConfig::default()).unwrap();
        for (step, losses) in [[1.0, 1.0], [3.0, 1.0], [2.0, 4.0]].into_iter().enumerate() {
            let shown = weighting.weights(step as u64, &losses.map(Some)).unwrap();
            assert_eq!(shown, vec![1.0, 1.0]);
            if step > 0 {
                weighting.end_epoch();
            }
        }
        // Means 2 and 1, then 2 and 4.
        assert_eq!(weighting.weights(3, &[Some(1.0), None]).unwrap(), weights(&[1.0, 4.0], 2.0));
    }

    #[test]
    fn a_task_that_an_epoch_does_not_show_keeps_its_rate() {
        let mut weighting = Dwa::new(2, DwaConfig { temperature: 2.0, interval: 1 }).unwrap();
        for losses in [[Some(1.0), Some(1.0)], [Some(4.0), None], [Some(4.0), Some(2.0)]] {
            weighting.weights(0, &losses).unwrap();
        }
        assert_eq!(weighting.rates(), vec![1.0, 2.0]);
        weighting.weights(3, &[Some(2.0), None]).unwrap();
        assert_eq!(weighting.rates(), vec![0.5, 2.0]);
    }
}
