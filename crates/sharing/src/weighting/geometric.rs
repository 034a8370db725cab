//! Geometric loss strategy: the step loss is the geometric mean of the tasks' losses.
//!
//! ```text
//! L = (product over t of L_t)^(1/T)        w_t = dL / dL_t = L / (T L_t)
//! ```
//!
//! Sumanth Chennupati, Ganesh Sistu, Senthil Yogamani, Samir A Rawashdeh: *MultiNet++: Multi-Stream Feature Aggregation
//! and Geometric Loss Strategy for Multi-Task Learning*, CVPR workshops 2019.
//!
//! Differences from the paper: a loss below 1e-8 counts as 1e-8, since the weight of a zero loss is infinite; and T is
//! the number of tasks in the step, those that are absent have weight 0. (LibMTL walks back from the same mean; the
//! weights that it reports are another formula.)

use mtl_base::Method;

use super::present::{Present, SMALLEST_LOSS};
use super::{LossWeighting, Needs, WeightingKind};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "geometric",
    "geometric loss strategy",
    "Chennupati et al. 2019",
    "crates/sharing/src/weighting/geometric.rs",
);

/// Weights that make the weighted sum's gradient that of the geometric mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "GLS")]
pub struct Geometric {
    n_tasks: usize,
}

impl Geometric {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self { n_tasks })
    }
}

impl LossWeighting for Geometric {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Geometric
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        let present = Present::losses(self.kind(), self.n_tasks, step, losses)?;
        Ok(present.scatter(&weights(&present.values), self.n_tasks))
    }
}

/// The geometric mean of losses of at least 0; those below 1e-8 count as 1e-8.
///
/// # Shapes
///
/// `losses: (tasks,)`.
pub fn geometric_mean(losses: &[f64]) -> f64 {
    // The root of the product, as the exponential of the mean logarithm: a product of many losses would underflow.
    let logarithms = losses.iter().map(|loss| loss.max(SMALLEST_LOSS).ln());
    (logarithms.sum::<f64>() / losses.len() as f64).exp()
}

/// The gradient of the geometric mean in the losses: `mean / (T L_t)`.
///
/// # Shapes
///
/// `losses: (tasks,)`, returns `(tasks,)`.
pub fn weights(losses: &[f64]) -> Vec<f64> {
    let share = geometric_mean(losses) / losses.len() as f64;
    losses.iter().map(|loss| share / loss.max(SMALLEST_LOSS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_losses_1_and_4() {
        assert!((geometric_mean(&[1.0, 4.0]) - 2.0).abs() < 1e-15);
        for (weight, expected) in weights(&[1.0, 4.0]).iter().zip([1.0, 0.25]) {
            assert!((weight - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn a_zero_loss_has_a_finite_weight_and_an_absent_task_none() {
        let mut weighting = Geometric::new(3).unwrap();
        let weights = weighting.weights(0, &[Some(0.0), None, Some(1.0)]).unwrap();
        assert!((weights[0] / 5e3 - 1.0).abs() < 1e-12 && (weights[2] / 5e-5 - 1.0).abs() < 1e-12);
        assert_eq!(weights[1], 0.0);
    }
}
