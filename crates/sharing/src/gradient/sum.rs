//! The sum of the gradients, `d = sum over t of g_t`: what minimizing the plain sum of the losses does.

use mtl_base::Method;

use super::registry::Build;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("gradients", "sum", "sum", "", "crates/sharing/src/gradient/sum.rs");

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, _seed, _values| Ok(Box::new(Sum::new(n_tasks)?)) };

/// Weight 1 for every task.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn sum(gram: &Gram) -> Combined {
    Combined::closed(vec![1.0; gram.n_tasks()])
}

/// The sum of the gradients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    n_tasks: usize,
}

impl Sum {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)? })
    }
}

impl GradientCombining for Sum {
    fn kind(&self) -> GradientKind {
        GradientKind::Sum
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        Ok(sum(gram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gradient_counts_once() {
        let gram = Gram::new(vec![1.0, 0.0, 0.0, 4.0], vec![0, 2]).unwrap();
        let mut combining = Sum::new(3).unwrap();
        assert_eq!(combining.weights(0, &gram, &[0.1, 0.2]).unwrap().weights, [1.0, 1.0]);
    }
}
