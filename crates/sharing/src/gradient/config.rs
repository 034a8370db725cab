//! Conflict-free inverse gradients (ConFIG): the direction at the same angle to every gradient.
//!
//! `d = (sum over t of g_t · e) e` with `e` the unit vector along `U⁺ 1`, where the rows of U are `g_t/|g_t|` and ⁺ is
//! the pseudoinverse: every `g_t` contributes its own length along e.
//!
//! Liu et al. 2025, "ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks", equations 2 and 3,
//! with all direction weights 1. `U⁺ 1 = Uᵀ C⁺ 1` with C the cosines, so the Gram matrix is enough.
//! If no direction has a positive product with the gradients in this sense (exactly opposing ones), d is zero.

use mtl_base::Method;

use super::gram::Cosines;
use super::registry::Build;
use super::solve::{Svd, dot, matvec};
use super::{
    Combined, GradientCombining, GradientKind, Gram, Needs, RANK_TOLERANCE, check_n_tasks, check_step,
};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "config",
    "conflict-free inverse gradients (ConFIG)",
    "Liu et al. 2025",
    "crates/sharing/src/gradient/config.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, _seed, _values| Ok(Box::new(ConFig::new(n_tasks)?)) };

/// A common direction of at most this squared length, for unit gradients, is none.
const NO_DIRECTION: f64 = 1e-12;

/// The weights of the conflict-free direction.
///
/// The residual is the largest difference of `g_t/|g_t| · U⁺ 1` from 1; it is not small if the gradients, being
/// linearly dependent, have no direction at equal angles to all of them: the paper's answer is then the nearest one in
/// the sense of least squares. Weights are all 0, as a [fallback](Combined::fallback), if `U⁺ 1` is 0.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn config(gram: &Gram) -> Combined {
    let n = gram.n_tasks();
    let scaled = Cosines::new(gram.values(), n);
    let svd = Svd::new(&scaled.cosines, n);
    let y = svd.least_squares(&vec![1.0; n], n as f64 * RANK_TOLERANCE * svd.largest());
    let along = matvec(&scaled.cosines, &y);
    let squared = dot(&y, &along);
    let active: Vec<usize> = (0..n).filter(|&i| scaled.norms[i] > 0.0).collect();
    let residual = active.iter().map(|&i| (along[i] - 1.0).abs()).fold(0.0, f64::max);
    if squared <= NO_DIRECTION {
        return Combined { weights: vec![0.0; n], residual: Some(residual), fallback: true };
    }
    // e = sum of y_t g_t/|g_t| over |..|, and d = (sum of |g_t| along_t / |..|) e
    let length = dot(&scaled.norms, &along) / squared;
    let mut weights = vec![0.0; n];
    active.into_iter().for_each(|i| weights[i] = length * y[i] / scaled.norms[i]);
    Combined::solved(weights, residual)
}

/// Conflict-free inverse gradients: [`config`].
#[doc(alias = "conflict-free inverse gradients")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConFig {
    n_tasks: usize,
}

impl ConFig {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)? })
    }
}

impl GradientCombining for ConFig {
    fn kind(&self) -> GradientKind {
        GradientKind::ConFig
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        Ok(config(gram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_gradients_contribute_their_lengths() {
        // e = (1, 1)/√2, d = (3 + 4)/√2 e
        let gram = Gram::of_gradients(&[&[3.0, 0.0], &[0.0, 4.0]]).unwrap();
        let combined = config(&gram);
        assert!(
            (combined.weights[0] - 3.5 / 3.0).abs() < 1e-12
                && (combined.weights[1] - 3.5 / 4.0).abs() < 1e-12
        );
    }

    #[test]
    fn opposing_gradients_give_zero_and_say_so() {
        let gram = Gram::of_gradients(&[&[3.0], &[-4.0]]).unwrap();
        let combined = config(&gram);
        assert!(combined.fallback && combined.weights == [0.0, 0.0]);
    }

    #[test]
    fn a_zero_gradient_weighs_nothing() {
        let gram = Gram::of_gradients(&[&[3.0], &[0.0]]).unwrap();
        let combined = config(&gram);
        assert!((combined.weights[0] - 1.0).abs() < 1e-12 && combined.weights[1] == 0.0);
    }
}
