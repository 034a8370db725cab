//! Uncertainty weighting: each task's loss is divided by the variance of its noise, which is learned.
//!
//! ```text
//! step loss = sum over t of  f_t exp(-s_t) L_t + s_t / 2,    s_t = log sigma_t^2
//! f_t = 1/2 for a regression, 1 for a classification
//! ```
//!
//! Alex Kendall, Yarin Gal, Roberto Cipolla: *Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
//! and Semantics*, CVPR 2018. Two regressions are equation (7), `L / (2 sigma^2) + log sigma`; a regression beside a
//! classification is equation (10), where the likelihood of a softmax at temperature `sigma^2` gives
//! `L / sigma^2 + log sigma`. Section 3.2 learns `s = log sigma^2` rather than `sigma`, which never divides by zero.
//!
//! The log-variances start at 0, as in the authors' example. They have their own Adam: with `learning_rate` .025, as
//! the same method is run in Chen 2018, section 5.1, because the learning rate of a pretrained encoder would leave them
//! where they are. LibMTL and TorchJD use `f_t = 1/2` for every task, which is `classification_factor = 0.5` here.
//!
//! A task that is absent from a step keeps its log-variance.

use mtl_base::Method;

use super::adam::{self, Adam};
use super::key::settings;
use super::present::Present;
use super::restore::Restore;
use super::{LossForm, LossWeighting, Needs, TaskLoss, WeightingKind, WeightingState};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "uncertainty",
    "uncertainty weighting",
    "Kendall et al. 2018",
    "crates/sharing/src/weighting/uncertainty.rs",
)
.with(UncertaintyConfig::SETTINGS);

const LOG_VARIANCES: &str = "log_variances";
const REGRESSION_FACTOR: f64 = 0.5;

settings! {
    /// The settings of [`Uncertainty`].
    UncertaintyConfig of Uncertainty {
        learning_rate: f64 = 0.025, Positive, "learning rate of the log-variances (Adam)";
        initial: f64 = 0.0, Any, "log-variance of every task before the first step";
        classification_factor: f64 = 1.0, Positive, "factor of a classification's loss, 1 in the paper; a regression's is 0.5";
    }
}

/// Weights `f_t exp(-s_t)` with learned log-variances `s_t`.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "UW")]
pub struct Uncertainty {
    factors: Vec<f64>,
    log_variances: Vec<f64>,
    adam: Adam,
}

impl Uncertainty {
    /// The weighting of these tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(tasks: &[TaskLoss], config: UncertaintyConfig) -> Result<Self, SharingError> {
        config.check()?;
        if tasks.is_empty() {
            return Err(SharingError::NoTasks);
        }
        let factor = |task: &TaskLoss| match task.form {
            LossForm::Regression => REGRESSION_FACTOR,
            LossForm::Classification => config.classification_factor,
        };
        Ok(Self {
            factors: tasks.iter().map(factor).collect(),
            log_variances: vec![config.initial; tasks.len()],
            adam: Adam::new(tasks.len(), config.learning_rate, 0.0),
        })
    }

    /// `s_t` of every task.
    pub fn log_variances(&self) -> &[f64] {
        &self.log_variances
    }
}

impl LossWeighting for Uncertainty {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Uncertainty
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        let present = Present::real_losses(self.kind(), self.factors.len(), step, losses)?;
        let weights = weights(&self.log_variances, &self.factors);
        let gradient =
            gradient(&present.values, &present.gather(&self.log_variances), &present.gather(&self.factors));
        self.adam.update(&present.tasks, &gradient, &mut self.log_variances);
        Ok(weights)
    }

    fn state(&self) -> WeightingState {
        let mut state = WeightingState::of([(LOG_VARIANCES, self.log_variances.clone())]);
        self.adam.save(&mut state);
        state
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[LOG_VARIANCES], &adam::KEYS])?;
        let log_variances = restore.vector(LOG_VARIANCES, self.factors.len())?;
        self.adam.restore(self.kind(), state)?;
        self.log_variances = log_variances;
        Ok(())
    }
}

/// `f_t exp(-s_t)`.
///
/// # Shapes
///
/// `log_variances: (tasks,)`, `factors: (tasks,)`, returns `(tasks,)`.
pub fn weights(log_variances: &[f64], factors: &[f64]) -> Vec<f64> {
    log_variances.iter().zip(factors).map(|(log_variance, factor)| factor * (-log_variance).exp()).collect()
}

/// `sum over t of f_t exp(-s_t) L_t + s_t / 2`.
///
/// # Shapes
///
/// `losses`, `log_variances`, `factors`: `(tasks,)`.
pub fn step_loss(losses: &[f64], log_variances: &[f64], factors: &[f64]) -> f64 {
    let weighted =
        weights(log_variances, factors).into_iter().zip(losses).map(|(weight, loss)| weight * loss);
    weighted.sum::<f64>() + log_variances.iter().sum::<f64>() / 2.0
}

/// The gradient of the step loss in the log-variances: `1/2 - f_t exp(-s_t) L_t`.
///
/// # Shapes
///
/// `losses`, `log_variances`, `factors`: `(tasks,)`, returns `(tasks,)`.
pub fn gradient(losses: &[f64], log_variances: &[f64], factors: &[f64]) -> Vec<f64> {
    weights(log_variances, factors).iter().zip(losses).map(|(weight, loss)| 0.5 - weight * loss).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// methods.md, fixed values: losses 1, 2, 4 at zero log-variances. Kendall 2018, equation (7).
    #[test]
    fn losses_1_2_4_at_zero_log_variances_are_3_5() {
        assert_eq!(step_loss(&[1.0, 2.0, 4.0], &[0.0; 3], &[0.5; 3]), 3.5);
    }

    #[test]
    fn a_classification_counts_twice_as_much_as_a_regression() {
        let tasks = [TaskLoss::regression(1.0), TaskLoss::classification(1.0)];
        let mut weighting = Uncertainty::new(&tasks, UncertaintyConfig::default()).unwrap();
        assert_eq!(weighting.weights(0, &[Some(1.0), Some(1.0)]), Ok(vec![0.5, 1.0]));
    }

    #[test]
    fn the_best_log_variance_of_a_regression_is_the_log_of_its_loss() {
        assert_eq!(
            gradient(&[3.0], &[3.0_f64.ln()], &[0.5]),
            vec![0.5 - 0.5 * (-(3.0_f64.ln())).exp() * 3.0]
        );
        assert!(gradient(&[3.0], &[3.0_f64.ln()], &[0.5])[0].abs() < 1e-15);
        assert!(gradient(&[3.0], &[0.0], &[0.5])[0] < 0.0);
    }
}
