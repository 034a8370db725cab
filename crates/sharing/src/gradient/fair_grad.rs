//! FairGrad: the direction under which the tasks' gains are alpha-fair.
//!
//! `d = sum over t of w_t g_t` with the `w > 0` that solves `G w = w^(-1/alpha)`: of all d it maximizes
//! `sum over t of (g_t · d)^(1 - alpha)/(1 - alpha)` for its length. alpha 1 is proportional fairness (Nash's
//! bargaining); larger ones favour the task that gains least.
//!
//! Ban & Ji 2024, "Fair Resource Allocation in Multi-Task Learning", equation 4.
//! Differences: solved by Newton's method on the convex function whose minimum it is, not by least squares; no factor
//! T, and no clipping of d, both of which the released code adds outside of the paper's formula. Zero gradients, for
//! which no weight would do, get 0.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::key::number;
use super::registry::Build;
use super::solve::fair_point;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

const KEYS: &[Key] =
    &[number("alpha", 1.0, "fairness: larger favours the task that gains least", Range::Positive)];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "fairgrad",
    "alpha-fair gradients (FairGrad)",
    "Ban and Ji 2024",
    "crates/sharing/src/gradient/fair_grad.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, values| Ok(Box::new(FairGrad::new(n_tasks, values.number("alpha")?)?)),
};

/// How far the equations may be from holding: see [`fair_grad`].
pub(super) const TOLERANCE: f64 = 1e-6;

/// The weights that solve `G w = w^(-1/alpha)`, `alpha > 0`.
///
/// The residual is the largest `|(G w)_t w_t^(1/alpha) - 1|`.
///
/// Errors if the residual is above 1e-6: some positive combination of the gradients is zero or nearly so, and then the
/// equations have no solution, or norms are so far apart (1e-20 and 1, say, with an alpha other than 1) that the gain that
/// solves one task's equation is less than the rounding of its terms; or if `alpha` is not positive and finite.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn fair_grad(gram: &Gram, alpha: f64) -> Result<Combined, SharingError> {
    GradientKind::FairGrad.check_number("alpha", alpha, alpha > 0.0)?;
    let found = fair_point(gram.values(), gram.n_tasks(), alpha);
    Combined::solved(found.values, found.residual).within(GradientKind::FairGrad, TOLERANCE)
}

/// FairGrad: [`fair_grad`], and the mean of the gradients, as a [fallback](Combined::fallback), where there is no
/// solution.
#[derive(Debug, Clone, PartialEq)]
pub struct FairGrad {
    n_tasks: usize,
    alpha: f64,
}

impl FairGrad {
    /// The combining of `n_tasks` tasks with fairness `alpha`, positive.
    ///
    /// Errors if there is no task, or if `alpha` is out of its range.
    pub fn new(n_tasks: usize, alpha: f64) -> Result<Self, SharingError> {
        GradientKind::FairGrad.check_number("alpha", alpha, alpha > 0.0)?;
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, alpha })
    }
}

impl GradientCombining for FairGrad {
    fn kind(&self) -> GradientKind {
        GradientKind::FairGrad
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        match fair_grad(gram, self.alpha) {
            Err(SharingError::NotConverged { residual, .. }) => {
                let mean = vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()];
                Ok(Combined { weights: mean, residual: Some(residual), fallback: true })
            }
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_equations_hold() {
        let gram = Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]]).unwrap();
        for alpha in [0.3, 1.0, 2.0, 5.0] {
            let w = fair_grad(&gram, alpha).unwrap().weights;
            for i in 0..2 {
                let along = gram.get(i, 0) * w[0] + gram.get(i, 1) * w[1];
                assert!((along - w[i].powf(-1.0 / alpha)).abs() < 1e-9, "alpha {alpha}: {w:?}");
            }
        }
    }

    #[test]
    fn opposing_gradients_fall_back_to_the_mean_and_say_so() {
        let gram = Gram::of_gradients(&[&[3.0], &[-4.0]]).unwrap();
        assert!(matches!(fair_grad(&gram, 1.0), Err(SharingError::NotConverged { .. })));
        let combined = FairGrad::new(2, 1.0).unwrap().weights(0, &gram, &[1.0, 1.0]).unwrap();
        assert!(combined.fallback && combined.weights == [0.5, 0.5]);
    }

    #[test]
    fn alpha_is_positive() {
        let error = FairGrad::new(2, 0.0).unwrap_err();
        assert_eq!(error.to_string(), "`alpha` of fairgrad combining must be greater than 0, got 0");
    }
}
