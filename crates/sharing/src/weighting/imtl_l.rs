//! IMTL-L, the loss balance of impartial multi-task learning: learned scales bring every scaled loss to 1.
//!
//! ```text
//! step loss = sum over t of  exp(s_t) L_t - s_t        s_t -= learning_rate * (exp(s_t) L_t - 1)
//! ```
//!
//! Liyang Liu, Yi Li, Zhanghui Kuang, Jing-Hao Xue, Yimin Chen, Wenming Yang, Qingmin Liao, Wayne Zhang: *Towards
//! Impartial Multi-task Learning*, ICLR 2021, equation (6); the scales start at 0 and descend along their gradient as
//! in Algorithm 1, line 16.
//!
//! Differences from the paper: the scales have a `learning_rate` of their own (.025) where the paper uses that of the
//! network, which for a pretrained encoder would leave them where they are. A task that is absent from a step keeps its
//! scale.

use mtl_base::Method;

use super::key::settings;
use super::present::Present;
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("weighting", "imtl-l", "IMTL-L", "Liu et al. 2021", "crates/sharing/src/weighting/imtl_l.rs")
        .with(ImtlLConfig::SETTINGS);

const SCALES: &str = "scales";

settings! {
    /// The settings of [`ImtlL`].
    ImtlLConfig of ImtlL {
        learning_rate: f64 = 0.025, Positive, "learning rate of the scales (gradient descent)";
    }
}

/// Weights `exp(s_t)` with learned scales `s_t`.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "IMTL-L")]
pub struct ImtlL {
    learning_rate: f64,
    scales: Vec<f64>,
}

impl ImtlL {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: ImtlLConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self { learning_rate: config.learning_rate, scales: vec![0.0; n_tasks] })
    }

    /// `s_t` of every task.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }
}

impl LossWeighting for ImtlL {
    fn kind(&self) -> WeightingKind {
        WeightingKind::ImtlL
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        let present = Present::losses(self.kind(), self.scales.len(), step, losses)?;
        let weights = weights(&self.scales);
        let gradient = gradient(&present.values, &present.gather(&self.scales));
        for (&task_idx, slope) in present.tasks.iter().zip(gradient) {
            self.scales[task_idx] -= self.learning_rate * slope;
        }
        Ok(weights)
    }

    fn state(&self) -> WeightingState {
        WeightingState::of([(SCALES, self.scales.clone())])
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[SCALES]])?;
        self.scales = restore.vector(SCALES, self.scales.len())?;
        Ok(())
    }
}

/// `exp(s_t)`.
///
/// # Shapes
///
/// `scales: (tasks,)`, returns `(tasks,)`.
pub fn weights(scales: &[f64]) -> Vec<f64> {
    scales.iter().map(|scale| scale.exp()).collect()
}

/// `sum over t of exp(s_t) L_t - s_t`.
///
/// # Shapes
///
/// `losses: (tasks,)`, `scales: (tasks,)`.
pub fn step_loss(losses: &[f64], scales: &[f64]) -> f64 {
    losses.iter().zip(scales).map(|(loss, scale)| scale.exp() * loss - scale).sum()
}

/// The gradient of the step loss in the scales: `exp(s_t) L_t - 1`.
///
/// # Shapes
///
/// `losses: (tasks,)`, `scales: (tasks,)`, returns `(tasks,)`.
pub fn gradient(losses: &[f64], scales: &[f64]) -> Vec<f64> {
    losses.iter().zip(scales).map(|(loss, scale)| scale.exp() * loss - 1.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_start_as_the_sum_and_descend() {
        let mut weighting = ImtlL::new(2, ImtlLConfig { learning_rate: 0.5 }).unwrap();
        assert_eq!(weighting.weights(0, &[Some(3.0), None]), Ok(vec![1.0, 1.0]));
        assert_eq!(weighting.scales(), [-1.0, 0.0]);
        assert_eq!(step_loss(&[3.0, 2.0], &[0.0, 0.0]), 5.0);
    }

    #[test]
    fn a_scaled_loss_of_one_rests() {
        assert!(gradient(&[4.0], &[-(4.0_f64.ln())])[0].abs() < 1e-15);
    }
}
