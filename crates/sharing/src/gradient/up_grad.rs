//! Unconflicting projection of gradients (UPGrad): each gradient is projected alone, then all are averaged.
//!
//! `d = sum over t of u_t p(g_t)`, where p(g) is the vector nearest to g whose product with every `g_s` is at least 0,
//! and u is a preference, the mean by default.
//!
//! Quinton & Rey 2024, "Jacobian Descent for Multi-Objective Optimization", equation 5 and proposition 1.
//! Solved exactly by an active set method, on the cosines of the gradients with nothing added (the authors' TorchJD
//! adds 1e-4 of the trace), eigenvalues below T x 1e-5 as zero.

use mtl_base::Method;

use super::dual_projection::{LEAST_EIGENVALUE, TOLERANCE};
use super::gram::Cosines;
use super::registry::Build;
use super::solve::project_onto_dual_cone;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "upgrad",
    "unconflicting projection (UPGrad)",
    "Quinton and Rey 2024",
    "crates/sharing/src/gradient/up_grad.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, _seed, _values| Ok(Box::new(UpGrad::new(n_tasks)?)) };

/// The weights of the preferred mean of the projected gradients.
///
/// The residual is the largest one of the projections, each as in [`dual_projection`](super::dual_projection()).
///
/// Errors if there is not one preference for each task, or if the residual is above 1e-4 (the matrix is then not one
/// of products).
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `preference: (tasks,)`, not negative; returns `(tasks,)`.
pub fn up_grad(gram: &Gram, preference: &[f64]) -> Result<Combined, SharingError> {
    check_step(usize::MAX, gram.tasks(), "preferences", preference.len())?;
    let n = gram.n_tasks();
    let scaled = Cosines::of_vectors(gram.values(), n, n as f64 * LEAST_EIGENVALUE);
    let (mut weights, mut worst) = (vec![0.0; n], 0.0_f64);
    for (task, &preferred) in preference.iter().enumerate() {
        let mut alone = vec![0.0; n];
        alone[task] = preferred;
        match scaled.as_ref().and_then(|scaled| project_onto_dual_cone(scaled, &alone)) {
            Some(solution) => {
                weights.iter_mut().zip(solution.values).for_each(|(weight, value)| *weight += value);
                worst = worst.max(solution.residual);
            }
            None => worst = f64::INFINITY,
        }
    }
    Combined::solved(weights, worst).within(GradientKind::UpGrad, TOLERANCE)
}

/// The mean of the projected gradients: [`up_grad`].
#[doc(alias = "UPGrad")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpGrad {
    n_tasks: usize,
}

impl UpGrad {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)? })
    }
}

impl GradientCombining for UpGrad {
    fn kind(&self) -> GradientKind {
        GradientKind::UpGrad
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        up_grad(gram, &vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tasks_give_half_of_pcgrad() {
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[-1.0, 1.0]]).unwrap();
        let combined = UpGrad::new(2).unwrap().weights(0, &gram, &[1.0, 1.0]).unwrap();
        let pcgrad = crate::gradient::pcgrad(&gram, &[vec![0, 1], vec![1, 0]]).unwrap();
        for (got, sum) in combined.weights.iter().zip(pcgrad.weights) {
            assert!((got - 0.5 * sum).abs() < 1e-11, "{combined:?}");
        }
    }

    #[test]
    fn a_zero_gradient_changes_nothing_for_the_others() {
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[0.0, 0.0]]).unwrap();
        assert_eq!(up_grad(&gram, &[0.5, 0.5]).unwrap().weights, [0.5, 0.5]);
    }
}
