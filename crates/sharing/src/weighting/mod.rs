//! Loss weighting: the numbers `w_t` of the step loss `sum over t of w_t L_t`.
//!
//! A weighting says what it [`needs`](LossWeighting::needs), and whoever trains hands it just that:
//!
//! | when | call | if it needs |
//! |---|---|---|
//! | before the walk of a step | [`weights`](LossWeighting::weights) | always; losses if [`Needs::losses`] |
//! | when the tasks' gradients are known | [`gradient_norms`](LossWeighting::gradient_norms) | [`Needs::gradient_norms`] |
//! | after the update of the step | [`after_update`](LossWeighting::after_update) | [`Needs::losses_again`] |
//! | at the end of an epoch | [`end_epoch`](LossWeighting::end_epoch) | [`Needs::epochs`] |
//! | before the first step, and at every evaluation | [`dev_losses`](LossWeighting::dev_losses) | [`Needs::dev_losses`] |
//!
//! Each method has a module with its formula and source, the pure functions on slices that compute it, and a structure
//! that holds what it learns between steps.

mod adam;
pub mod coba;
mod draws;
pub mod dwa;
mod epoch;
mod equal;
pub mod famo;
mod fixed;
pub mod geometric;
pub mod gradnorm;
pub mod imtl_l;
pub mod key;
mod kind;
mod numeric;
mod present;
pub mod random;
mod restore;
pub mod smooth_tchebycheff;
pub mod uncertainty;
mod verify;

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

pub use coba::{CoBa, CoBaConfig};
pub use draws::NormalDraws;
pub use dwa::{Dwa, DwaConfig};
pub use equal::Equal;
pub use famo::{Famo, FamoConfig};
pub use fixed::Fixed;
pub use geometric::Geometric;
pub use gradnorm::{GradNorm, GradNormConfig};
pub use imtl_l::{ImtlL, ImtlLConfig};
pub use key::{Key, Range};
pub use kind::{METHODS, WeightingConfig, WeightingKind};
pub use random::RandomWeighting;
pub use smooth_tchebycheff::{SmoothTchebycheff, SmoothTchebycheffConfig};
pub use uncertainty::{Uncertainty, UncertaintyConfig};
pub use verify::verify;

use crate::SharingError;

/// A rule that says how much each task's loss counts in a step.
///
/// A rule may learn from what it sees: it is asked once per step, in order, and what it has learned is its
/// [`state`](LossWeighting::state). State is taken between steps, when all has been said
/// that the rule needs of the last one.
pub trait LossWeighting: Debug + Send {
    /// The entry of the registry that this weighting belongs to.
    fn kind(&self) -> WeightingKind;

    /// What it must be told to do its work. Nothing, unless it says so.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The weights of step `step` (from 0), given the tasks' mean losses in it, each in its task's unit. A task of
    /// which the step shows nothing has no loss; its weight is not used.
    ///
    /// Errors if a loss is not finite, or if there are more or fewer losses than tasks; if it needs losses, also if
    /// there is none, or one is negative where the method has no place for that; and if something else that it needs
    /// was not said before.
    ///
    /// # Shapes
    ///
    /// `losses: (tasks,)`, returns `(tasks,)`.
    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError>;

    /// The norms of the gradients of the tasks' unweighted mean losses, in the last shared layer's parameters; of those
    /// tasks that had a loss in this step.
    ///
    /// Errors if a norm is negative or not finite, or if the losses of the same step and tasks did not come before.
    ///
    /// # Shapes
    ///
    /// `norms: (tasks,)`.
    fn gradient_norms(&mut self, step: u64, norms: &[Option<f64>]) -> Result<(), SharingError> {
        let _ = (step, norms);
        Ok(())
    }

    /// The losses of the step's own packs once more, with the same dropout draws, after the update.
    ///
    /// Errors as [`weights`](LossWeighting::weights), or if the losses of the same step and tasks did not come before.
    ///
    /// # Shapes
    ///
    /// `losses: (tasks,)`.
    fn after_update(&mut self, step: u64, losses: &[Option<f64>]) -> Result<(), SharingError> {
        let _ = (step, losses);
        Ok(())
    }

    /// The tasks' mean losses on their development data.
    ///
    /// Errors if a loss is negative or not finite, or if there are more or fewer losses than tasks.
    ///
    /// # Shapes
    ///
    /// `losses: (tasks,)`.
    fn dev_losses(&mut self, losses: &[f64]) -> Result<(), SharingError> {
        let _ = losses;
        Ok(())
    }

    /// An epoch has ended: the next step begins another.
    fn end_epoch(&mut self) {}

    /// What to save; empty if nothing is learned.
    fn state(&self) -> WeightingState {
        WeightingState::default()
    }

    /// Continues from a saved state of a weighting made with the same arguments, to the same bits.
    ///
    /// Errors if the state holds what this weighting does not know, or lacks what it does.
    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        match state.values.keys().next() {
            None => Ok(()),
            Some(key) => Err(SharingError::UnknownState { weighting: self.kind().name(), key: key.clone() }),
        }
    }
}

/// What a weighting must be told, beside which tasks a step shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// The losses of a step before its weights are chosen. Where this is false, `None` for every task will do.
    pub losses: bool,
    /// Per-task gradient norms at the last shared layer.
    pub gradient_norms: bool,
    /// The losses of the same packs after the update, with the same dropout draws.
    pub losses_again: bool,
    /// Losses on development data, before the first step and at every evaluation.
    pub dev_losses: bool,
    /// Where an epoch ends.
    pub epochs: bool,
}

/// What is known of a task's loss before training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskLoss {
    /// The user's weight, above 0; read by [`Fixed`].
    pub weight: f64,
    /// What kind of likelihood it comes from; read by [`Uncertainty`].
    pub form: LossForm,
}

impl TaskLoss {
    /// A regression with this weight.
    pub fn regression(weight: f64) -> Self {
        Self { weight, form: LossForm::Regression }
    }

    /// A classification with this weight.
    pub fn classification(weight: f64) -> Self {
        Self { weight, form: LossForm::Classification }
    }
}

/// The likelihood that a loss is the negative logarithm of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossForm {
    /// A normal distribution: squared errors.
    Regression,
    /// A categorical distribution: cross-entropies.
    Classification,
}

/// What a weighting has learned: named vectors of numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WeightingState {
    /// The vectors, by name.
    pub values: BTreeMap<String, Vec<f64>>,
}

impl WeightingState {
    fn of<const N: usize>(vectors: [(&str, Vec<f64>); N]) -> Self {
        Self { values: vectors.map(|(name, values)| (name.to_owned(), values)).into() }
    }
}

/// Errors unless there are `n_tasks` losses, those that are present finite.
fn check_losses(n_tasks: usize, step: u64, losses: &[Option<f64>]) -> Result<(), SharingError> {
    check_count("losses", n_tasks, losses.len())?;
    for (task_idx, loss) in losses.iter().enumerate() {
        if let Some(loss) = *loss
            && !loss.is_finite()
        {
            return Err(SharingError::LossNotFinite { task_idx, step, loss });
        }
    }
    Ok(())
}

/// Errors unless there is one of `what` for each task.
fn check_count(what: &'static str, n_tasks: usize, got: usize) -> Result<(), SharingError> {
    if got != n_tasks {
        return Err(SharingError::TaskCount { what, expected: n_tasks, got });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_that_cannot_be_weighted_are_errors() {
        for &kind in WeightingKind::ALL {
            let mut weighting = kind.build(&[1.0, 2.0]).unwrap();
            let error = weighting.weights(0, &[Some(1.0)]).unwrap_err();
            assert_eq!(error.to_string(), "expected 2 losses, one for each task, got 1");
            let error = weighting.weights(7, &[None, Some(f64::INFINITY)]).unwrap_err();
            assert_eq!(error.to_string(), "the loss of task 1 is inf in step 7");
        }
    }

    #[test]
    fn who_needs_losses_says_so_when_there_are_none() {
        for &kind in WeightingKind::ALL {
            let mut weighting = kind.build(&[1.0, 2.0]).unwrap();
            weighting.dev_losses(&[1.0, 1.0]).unwrap();
            let weights = weighting.weights(3, &[None, None]);
            match weighting.needs().losses {
                true => assert_eq!(
                    weights.unwrap_err(),
                    SharingError::NoLosses { weighting: kind.name(), step: 3 }
                ),
                false => assert_eq!(weights.unwrap().len(), 2),
            }
        }
    }

    #[test]
    fn a_foreign_state_is_an_error() {
        let state = WeightingState::of([("foreign", vec![0.0])]);
        for &kind in WeightingKind::ALL {
            let error = kind.build(&[1.0]).unwrap().restore(&state).unwrap_err();
            let message = format!("a saved state for loss weighting {kind} holds unknown `foreign`");
            assert_eq!(error.to_string(), message);
        }
    }
}
