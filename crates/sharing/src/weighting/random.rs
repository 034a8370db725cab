//! Random loss weighting: fresh weights in every step, the softmax of normal draws.
//!
//! ```text
//! w = softmax(z),    z_t drawn from N(0, 1) in every step
//! ```
//!
//! Baijiong Lin, Feiyang Ye, Yu Zhang, Ivor W. Tsang: *Reasonable Effectiveness of Random Weighting: A Litmus Test for
//! Multi-Task Learning*, TMLR 2022, with the normal distribution of the authors' code. The weights sum to 1.
//!
//! The draws are arguments of [`weights`]; the weighting takes them from a generator that is keyed by seed and step. A
//! task that is absent from a step has a draw too, so that the other weights do not depend on who is there.

use mtl_base::Method;

use super::draws::NormalDraws;
use super::numeric::softmax;
use super::{LossWeighting, WeightingKind, check_losses};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "random",
    "random loss weighting",
    "Lin et al. 2022",
    "crates/sharing/src/weighting/random.rs",
);

/// Weights that are drawn anew in every step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "RLW")]
pub struct RandomWeighting {
    n_tasks: usize,
    draws: NormalDraws,
}

impl RandomWeighting {
    /// The weighting of `n_tasks` tasks with these draws.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize, draws: NormalDraws) -> Result<Self, SharingError> {
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self { n_tasks, draws })
    }
}

impl LossWeighting for RandomWeighting {
    fn kind(&self) -> WeightingKind {
        WeightingKind::Random
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        check_losses(self.n_tasks, step, losses)?;
        Ok(weights(&self.draws.draw(step, self.n_tasks)))
    }
}

/// The softmax of the draws.
///
/// # Shapes
///
/// `draws: (tasks,)`, returns `(tasks,)`.
pub fn weights(draws: &[f64]) -> Vec<f64> {
    softmax(draws)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_softmax_of_the_draws() {
        let weights = weights(&[0.0, 3.0_f64.ln()]);
        assert!((weights[0] - 0.25).abs() < 1e-15 && (weights[1] - 0.75).abs() < 1e-15);
    }

    #[test]
    fn every_step_has_its_own_weights_whoever_is_there() {
        let mut weighting = RandomWeighting::new(2, NormalDraws::new(1)).unwrap();
        let first = weighting.weights(0, &[Some(1.0), Some(2.0)]).unwrap();
        assert_eq!(weighting.weights(0, &[None, Some(9.0)]).unwrap(), first);
        assert_ne!(weighting.weights(1, &[Some(1.0), Some(2.0)]).unwrap(), first);
    }
}
