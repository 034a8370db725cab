//! Projecting conflicting gradients (PCGrad): each gradient loses what points against another's.
//!
//! `d = sum over t of h_t`, where `h_t` starts as `g_t` and meets the other tasks in a random order; wherever
//! `h_t · g_s < 0` it becomes `h_t - (h_t · g_s / |g_s|²) g_s`.
//!
//! Yu et al. 2020, "Gradient Surgery for Multi-Task Learning", algorithm 1. Each h stays a sum of the g, so its
//! products with them follow from the Gram matrix.

use mtl_base::Method;

use super::registry::Build;
use super::solve::dot;
use super::{
    Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_orders, check_step,
    draw_orders,
};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "pcgrad",
    "projecting conflicting gradients (PCGrad)",
    "Yu et al. 2020",
    "crates/sharing/src/gradient/pcgrad.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, seed, _values| Ok(Box::new(PcGrad::new(n_tasks, seed)?)) };

/// The weights when task t meets the others in the order `orders[t]`; its own place in it is skipped.
///
/// Errors if there is not one order for each task that names each of `0..tasks` once.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `orders: (tasks, tasks)`, returns `(tasks,)`.
///
/// ```
/// use mtl_sharing::gradient::{Gram, pcgrad};
///
/// let gram = Gram::of_gradients(&[&[1.0, 0.0], &[-1.0, 1.0]])?;
/// // h_0 = (1, 0) + (-1, 1)/2 and h_1 = (-1, 1) + (1, 0)
/// assert_eq!(pcgrad(&gram, &[vec![0, 1], vec![0, 1]])?.weights, [2.0, 1.5]);
/// # Ok::<(), mtl_sharing::SharingError>(())
/// ```
pub fn pcgrad(gram: &Gram, orders: &[Vec<usize>]) -> Result<Combined, SharingError> {
    check_orders(gram, orders)?;
    let n = gram.n_tasks();
    let mut weights = vec![0.0; n];
    for (task, order) in orders.iter().enumerate() {
        let mut shares = vec![0.0; n];
        shares[task] = 1.0;
        for &other in order.iter().filter(|other| **other != task) {
            let product = dot(&gram.values()[other * n..(other + 1) * n], &shares);
            if product < 0.0 && gram.get(other, other) > 0.0 {
                shares[other] -= product / gram.get(other, other);
            }
        }
        weights.iter_mut().zip(&shares).for_each(|(weight, share)| *weight += share);
    }
    Ok(Combined::closed(weights))
}

/// Projecting conflicting gradients: [`pcgrad`] with orders drawn from the seed and the step.
#[doc(alias = "gradient surgery")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PcGrad {
    n_tasks: usize,
    seed: u64,
}

impl PcGrad {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize, seed: u64) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, seed })
    }
}

impl GradientCombining for PcGrad {
    fn kind(&self) -> GradientKind {
        GradientKind::PcGrad
    }

    fn weights(&mut self, step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        pcgrad(gram, &draw_orders(self.seed, step, self.n_tasks, gram.tasks()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_matters() {
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[-1.0, 1.0], &[-1.0, -2.0]]).unwrap();
        let others = [vec![0, 1, 2], vec![0, 1, 2]];
        let with = |order: Vec<usize>| {
            pcgrad(&gram, &[order, others[0].clone(), others[1].clone()]).unwrap().weights
        };
        // h_0: (1, 0) -> (.5, .5) -> (.5, .5) + 1.5/5 (-1, -2), or (1, 0) -> (.8, -.4) -> + 1.2/2 (-1, 1)
        let difference: Vec<f64> =
            with(vec![0, 1, 2]).iter().zip(with(vec![0, 2, 1])).map(|(a, b)| a - b).collect();
        for (got, expected) in difference.iter().zip([0.0, 0.5 - 0.6, 0.3 - 0.2]) {
            assert!((got - expected).abs() < 1e-12, "{difference:?}");
        }
    }

    #[test]
    fn opposing_gradients_cancel_and_a_zero_one_does_no_harm() {
        let gram = Gram::of_gradients(&[&[2.0], &[-1.0], &[0.0]]).unwrap();
        let combined = PcGrad::new(3, 0).unwrap().weights(0, &gram, &[1.0; 3]).unwrap();
        assert_eq!(gram.norm_of(&combined.weights), 0.0);
    }

    #[test]
    fn orders_change_with_the_step_and_not_with_the_call() {
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[-1.0, 1.0], &[-1.0, -2.0]]).unwrap();
        let mut combining = PcGrad::new(3, 5).unwrap();
        let first: Vec<_> = (0..8).map(|step| combining.weights(step, &gram, &[1.0; 3]).unwrap()).collect();
        assert_eq!(first[2], combining.weights(2, &gram, &[1.0; 3]).unwrap());
        assert!(first.iter().any(|combined| *combined != first[0]));
    }
}
