//! Loss weighting: the numbers `w_t` of the step loss `sum over t of w_t L_t`.

mod equal;
mod fixed;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use equal::Equal;
pub use fixed::Fixed;

use crate::SharingError;

/// A rule that says how much each task's loss counts in a step.
///
/// A rule may learn from what it sees: it is asked once per step, in order, and what it has learned is its
/// [`state`](LossWeighting::state).
pub trait LossWeighting: Debug + Send {
    /// The entry of the registry that this weighting belongs to.
    fn kind(&self) -> WeightingKind;

    /// The weights of step `step` (from 0), given the tasks' mean losses in it, each in its task's unit. A task of
    /// which the step shows nothing has no loss; its weight is not used.
    ///
    /// Errors if a loss is not finite, or if there are more or fewer losses than tasks.
    ///
    /// # Shapes
    ///
    /// `losses: (tasks,)`, returns `(tasks,)`.
    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError>;

    /// What to save; empty if nothing is learned.
    fn state(&self) -> WeightingState {
        WeightingState::default()
    }

    /// Continues from a saved state of a weighting made with the same arguments.
    ///
    /// Errors if the state holds what this weighting does not know.
    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        match state.values.keys().next() {
            None => Ok(()),
            Some(key) => Err(SharingError::UnknownState { weighting: self.kind().name(), key: key.clone() }),
        }
    }
}

/// What a weighting has learned: named vectors of numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WeightingState {
    /// The vectors, by name.
    pub values: BTreeMap<String, Vec<f64>>,
}

/// The loss weightings, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WeightingKind {
    /// [`Equal`], `"equal"`.
    Equal,
    /// [`Fixed`], `"fixed"`.
    Fixed,
}

impl WeightingKind {
    /// Every entry, in the order of the documentation.
    pub const ALL: &'static [WeightingKind] = &[WeightingKind::Equal, WeightingKind::Fixed];

    /// The name that a configuration file uses.
    pub fn name(self) -> &'static str {
        match self {
            WeightingKind::Equal => "equal",
            WeightingKind::Fixed => "fixed",
        }
    }

    /// Makes the weighting for as many tasks as there are `weights`; [`Equal`] reads only how many.
    ///
    /// Errors if there is no task or, for [`Fixed`], if a weight is not positive and finite.
    pub fn build(self, weights: &[f64]) -> Result<Box<dyn LossWeighting>, SharingError> {
        Ok(match self {
            WeightingKind::Equal => Box::new(Equal::new(weights.len())?),
            WeightingKind::Fixed => Box::new(Fixed::new(weights.to_vec())?),
        })
    }
}

impl fmt::Display for WeightingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for WeightingKind {
    type Err = SharingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| {
            SharingError::UnknownWeighting {
                name: name.to_owned(),
                expected: Self::ALL.iter().map(|kind| kind.name()).collect(),
            }
        })
    }
}

/// Errors unless there are `n_tasks` losses, those that are present finite.
fn check_losses(n_tasks: usize, step: u64, losses: &[Option<f64>]) -> Result<(), SharingError> {
    if losses.len() != n_tasks {
        return Err(SharingError::TaskCount { what: "losses", expected: n_tasks, got: losses.len() });
    }
    for (task_idx, loss) in losses.iter().enumerate() {
        if let Some(loss) = *loss
            && !loss.is_finite()
        {
            return Err(SharingError::LossNotFinite { task_idx, step, loss });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_builds_itself() {
        for &kind in WeightingKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.build(&[1.0, 2.0]).unwrap().kind(), kind);
            assert_eq!(kind.build(&[]).unwrap_err(), SharingError::NoTasks);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "even".parse::<WeightingKind>().unwrap_err();
        assert_eq!(error.to_string(), "unknown loss weighting `even`, expected one of equal, fixed");
    }

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
    fn a_foreign_state_is_an_error() {
        let state = WeightingState { values: BTreeMap::from([("log_variances".to_owned(), vec![0.0])]) };
        let error = Equal::new(1).unwrap().restore(&state).unwrap_err();
        assert_eq!(error.to_string(), "a saved state for loss weighting equal holds unknown `log_variances`");
    }
}
