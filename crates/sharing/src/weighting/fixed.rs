//! Fixed weighting: the user's own numbers, the same in every step.

use mtl_base::Method;

use super::{LossWeighting, WeightingKind, check_losses};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("weighting", "fixed", "fixed weighting", "", "crates/sharing/src/weighting/fixed.rs");

/// One constant weight for each task, used as given (they need not sum to anything).
#[derive(Debug, Clone, PartialEq)]
pub struct Fixed {
    weights: Vec<f64>,
}

impl Fixed {
    /// The weighting with these weights, one for each task.
    ///
    /// Errors if there is no task or a weight is not positive and finite.
    pub fn new(weights: Vec<f64>) -> Result<Self, SharingError> {
        if weights.is_empty() {
            return Err(SharingError::NoTasks);
        }
        for (task_idx, &weight) in weights.iter().enumerate() {
            if !(weight > 0.0 && weight.is_finite()) {
                return Err(SharingError::InvalidWeight { task_idx, weight });
            }
        }
        Ok(Self { weights })
    }
}

impl LossWeighting for Fixed {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Fixed
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        check_losses(self.weights.len(), step, losses)?;
        Ok(self.weights.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_given() {
        let mut weighting = Fixed::new(vec![0.5, 2.0]).unwrap();
        assert_eq!(weighting.weights(3, &[Some(0.1), Some(40.0)]), Ok(vec![0.5, 2.0]));
    }

    #[test]
    fn a_weight_must_be_positive_and_finite() {
        for weight in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            let error = Fixed::new(vec![1.0, weight]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the weight of task 1 must be positive and finite, got {weight}")
            );
        }
    }
}
