//! Equal weighting: every task's loss counts once, `w_t = 1`; the step loss is the plain sum.

use mtl_base::Method;

use super::{LossWeighting, WeightingKind, check_losses};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("weighting", "equal", "equal weighting", "", "crates/sharing/src/weighting/equal.rs");

/// Weight 1 for every task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equal {
    n_tasks: usize,
}

impl Equal {
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

impl LossWeighting for Equal {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Equal
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        check_losses(self.n_tasks, step, losses)?;
        Ok(vec![1.0; self.n_tasks])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_counts_once() {
        let mut weighting = Equal::new(3).unwrap();
        assert_eq!(weighting.weights(0, &[Some(0.1), None, Some(40.0)]), Ok(vec![1.0, 1.0, 1.0]));
    }
}
