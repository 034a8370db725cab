//! Dual projection (DualProj): the mean gradient, moved as little as possible until it conflicts with no task.
//!
//! `d` is the vector nearest to `sum over t of u_t g_t` with `g_t · d >= 0` for all t, where u is a preference, the
//! mean by default: `d = sum over t of w_t g_t` with w the minimum of `wᵀGw` over `w >= u`.
//!
//! Lopez-Paz & Ranzato 2017, "Gradient Episodic Memory for Continual Learning", equation 11, as the combining of all
//! tasks in Quinton & Rey 2024, "Jacobian Descent for Multi-Objective Optimization", section 3 and table 1.
//! Solved exactly by an active set method, on the cosines of the gradients with nothing added.
//! Eigenvalues of the cosines below T x 1e-5 count as zero: they are at the mercy of the rounding of f32 products, and
//! projecting along them would take weights of their inverse.

use mtl_base::Method;

use super::gram::Cosines;
use super::registry::Build;
use super::solve::project_onto_dual_cone;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "dual-projection",
    "dual projection",
    "Quinton and Rey 2024",
    "crates/sharing/src/gradient/dual_projection.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, _seed, _values| Ok(Box::new(DualProjection::new(n_tasks)?)) };

/// Eigenvalues of the cosines below the number of tasks times this are zero.
pub(super) const LEAST_EIGENVALUE: f64 = 1e-5;

/// How far the conditions of optimality may be broken: see [`dual_projection`].
pub(super) const TOLERANCE: f64 = 1e-4;

/// The weights of the projection of `sum over t of preference_t g_t`.
///
/// The residual is the largest breach of `g_t · d >= 0` and `(w_t - u_t)(g_t · d) = 0` for unit vectors `g_t/|g_t|`,
/// in units of the largest `|u_t g_t|`.
///
/// Errors if there is not one preference for each task, or if the residual is above 1e-4 (the matrix is then not one
/// of products).
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `preference: (tasks,)`, not negative; returns `(tasks,)`.
///
/// ```
/// use mtl_sharing::gradient::{Gram, dual_projection};
///
/// let gram = Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]])?;
/// let combined = dual_projection(&gram, &[0.5, 0.5])?;
/// assert!((combined.weights[0] - 11.0 / 18.0).abs() < 1e-9);
/// # Ok::<(), mtl_sharing::SharingError>(())
/// ```
pub fn dual_projection(gram: &Gram, preference: &[f64]) -> Result<Combined, SharingError> {
    check_step(usize::MAX, gram.tasks(), "preferences", preference.len())?;
    let n = gram.n_tasks();
    let scaled = Cosines::of_vectors(gram.values(), n, n as f64 * LEAST_EIGENVALUE);
    let (weights, residual) = match scaled.and_then(|scaled| project_onto_dual_cone(&scaled, preference)) {
        Some(solution) => (solution.values, solution.residual),
        None => (preference.to_vec(), f64::INFINITY),
    };
    Combined::solved(weights, residual).within(GradientKind::DualProjection, TOLERANCE)
}

/// Dual projection of the mean: [`dual_projection`].
#[doc(alias = "DualProj")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DualProjection {
    n_tasks: usize,
}

impl DualProjection {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)? })
    }
}

impl GradientCombining for DualProjection {
    fn kind(&self) -> GradientKind {
        GradientKind::DualProjection
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        dual_projection(gram, &vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_conflict_it_is_the_mean() {
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[1.0, 2.0]]).unwrap();
        let combined = DualProjection::new(2).unwrap().weights(0, &gram, &[1.0, 1.0]).unwrap();
        assert_eq!(combined.weights, [0.5, 0.5]);
    }

    #[test]
    fn opposing_gradients_leave_nothing() {
        let gram = Gram::of_gradients(&[&[2.0], &[-1.0]]).unwrap();
        let combined = dual_projection(&gram, &[0.5, 0.5]).unwrap();
        assert!(gram.norm_of(&combined.weights) < 1e-10, "{combined:?}");
    }
}
