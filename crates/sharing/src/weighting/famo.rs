//! FAMO, fast adaptive multitask optimization: every task's logarithmic loss shall fall at the same rate.
//!
//! ```text
//! z = softmax(xi)        w_t = c z_t / L_t        c = 1 / (sum over t of z_t / L_t)
//! after the update, on the same examples:
//!     gradient of xi = J^T (ln L_t(before) - ln L_t(after)),    J = the derivative of the softmax
//! ```
//!
//! Bo Liu, Yihao Feng, Peter Stone, Qiang Liu: *FAMO: Fast Adaptive Multitask Optimization*, NeurIPS 2023, equations
//! (10) to (12). The weights sum to 1. The losses after the update are of the same packs with the same dropout draws:
//! losses of two different packs differ for reasons that no weight can help.
//!
//! As in the authors' code, xi is learned by Adam, its decay is Adam's weight decay, and 1e-8 is added to every loss;
//! losses are measured from 0 (their `min_losses`). The defaults are those of the paper's experiments. A task that is
//! absent from a step has weight 0 and keeps its xi; the softmax is over those that are there.

use mtl_base::Method;

use super::adam::{self, Adam};
use super::key::settings;
use super::numeric::softmax;
use super::present::{Pending, Present, SMALLEST_LOSS};
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("weighting", "famo", "FAMO", "Liu et al. 2023", "crates/sharing/src/weighting/famo.rs")
        .with(FamoConfig::SETTINGS);

const LOGITS: &str = "logits";

settings! {
    /// The settings of [`Famo`].
    FamoConfig of Famo {
        learning_rate: f64 = 0.025, Positive, "learning rate of the logits (Adam)";
        decay: f64 = 0.001, AtLeastZero, "decay of the logits: the larger, the more equal";
    }
}

/// Weights learned from what an update did to the losses of its own examples.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "FAMO")]
pub struct Famo {
    logits: Vec<f64>,
    adam: Adam,
    /// The step whose weights were asked for last, and its losses.
    pending: Pending,
}

impl Famo {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: FamoConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        let adam = Adam::new(n_tasks, config.learning_rate, config.decay);
        Ok(Self { logits: vec![0.0; n_tasks], adam, pending: Pending::default() })
    }
}

impl LossWeighting for Famo {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Famo
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, losses_again: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        self.pending.check(self.kind(), step, "the losses after the update of the last step")?;
        let present = Present::losses(self.kind(), self.logits.len(), step, losses)?;
        let weights = weights(&present.gather(&self.logits), &present.values);
        let weights = present.scatter(&weights, self.logits.len());
        self.pending.keep(step, present);
        Ok(weights)
    }

    fn after_update(&mut self, step: u64, losses: &[Option<f64>]) -> Result<(), SharingError> {
        let after = Present::losses(self.kind(), self.logits.len(), step, losses)?;
        let before = self.pending.take(step, &after.tasks, "losses after the update")?;
        let gradient = gradient(&after.gather(&self.logits), &before.values, &after.values);
        self.adam.update(&after.tasks, &gradient, &mut self.logits);
        Ok(())
    }

    fn state(&self) -> WeightingState {
        let mut state = WeightingState::of([(LOGITS, self.logits.clone())]);
        self.adam.save(&mut state);
        state
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[LOGITS], &adam::KEYS])?;
        let logits = restore.vector(LOGITS, self.logits.len())?;
        self.adam.restore(self.kind(), state)?;
        (self.logits, self.pending) = (logits, Pending::default());
        Ok(())
    }
}

/// `c z_t / L_t`, which sum to 1.
///
/// # Shapes
///
/// `logits: (tasks,)`, `losses: (tasks,)`, at least 0; returns `(tasks,)`.
pub fn weights(logits: &[f64], losses: &[f64]) -> Vec<f64> {
    let shares = softmax(logits).into_iter().zip(losses).map(|(share, loss)| share / (loss + SMALLEST_LOSS));
    let shares: Vec<f64> = shares.collect();
    let total: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / total).collect()
}

/// The gradient of the logits: `z_t (d_t - sum over u of z_u d_u)` with `d_t = ln L_t(before) - ln L_t(after)`.
///
/// # Shapes
///
/// `logits`, `before`, `after`: `(tasks,)`, returns `(tasks,)`.
pub fn gradient(logits: &[f64], before: &[f64], after: &[f64]) -> Vec<f64> {
    let shares = softmax(logits);
    let logarithm = |loss: &f64| (loss + SMALLEST_LOSS).ln();
    let falls: Vec<f64> = before.iter().zip(after).map(|(b, a)| logarithm(b) - logarithm(a)).collect();
    let mean: f64 = shares.iter().zip(&falls).map(|(share, fall)| share * fall).sum();
    shares.iter().zip(&falls).map(|(share, fall)| share * (fall - mean)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from Liu 2023, equation (11): z = (1/2, 1/2), c = 1 / (1/2 + 1/6).
    #[test]
    fn losses_1_and_3_at_zero_logits_are_weighted_3_to_1() {
        for (weight, expected) in weights(&[0.0, 0.0], &[1.0, 3.0]).iter().zip([0.75, 0.25]) {
            assert!((weight - expected).abs() < 1e-8);
        }
    }

    #[test]
    fn the_task_that_fell_more_loses_weight() {
        let mut weighting = Famo::new(3, FamoConfig::default()).unwrap();
        let before = [Some(1.0), Some(1.0), None];
        let first = weighting.weights(0, &before).unwrap();
        weighting.after_update(0, &[Some(0.5), Some(0.9), None]).unwrap();
        let second = weighting.weights(1, &before).unwrap();
        assert!(second[0] < first[0] && second[1] > first[1], "{second:?}");
        assert_eq!((second[2], weighting.logits[2]), (0.0, 0.0));
    }

    #[test]
    fn losses_after_the_update_belong_to_those_before() {
        let mut weighting = Famo::new(2, FamoConfig::default()).unwrap();
        let losses = [Some(1.0), Some(1.0)];
        weighting.weights(2, &losses).unwrap();
        let error = weighting.after_update(3, &losses).unwrap_err();
        assert_eq!(
            error.to_string(),
            "losses after the update of step 3 came without the losses of the same tasks before them"
        );
    }

    #[test]
    fn the_losses_after_an_update_must_come_before_the_next_step() {
        let mut weighting = Famo::new(1, FamoConfig::default()).unwrap();
        weighting.weights(0, &[Some(1.0)]).unwrap();
        let error = weighting.weights(1, &[Some(1.0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "famo weighting needs the losses after the update of the last step before the weights of step 1"
        );
    }
}
