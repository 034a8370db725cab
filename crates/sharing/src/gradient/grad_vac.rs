//! Gradient vaccine (GradVac): gradients are pulled towards the cosine that they usually have.
//!
//! A target cosine `p_st` for each pair follows what is seen: `p <- (1 - beta) p + beta c`. `h_s` starts as `g_s` and
//! meets the other tasks in a random order; where its cosine c with `g_t` is below the target it becomes
//! `h_s + |h_s| (p sqrt(1 - c²) - c sqrt(1 - p²)) / (|g_t| sqrt(1 - p²)) g_t`, whose cosine with `g_t` is p.
//! `d = sum over s of h_s`. With targets held at 0 it is PCGrad.
//!
//! Wang et al. 2021, "Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively Multilingual
//! Models", equation 3 and algorithm 1; targets start at 0 and move by the cosine before the change, as there.
//! Differences: the whole model is one group of parameters. No constant is added to the norms: a pair with a zero
//! gradient is passed over. Adding multiples of `g_t` never reaches a cosine of 1, so targets count as at most
//! 1 - 1e-6. Pairs that miss a step keep their target.
//! The default beta of a configuration, .5, is not the paper's: it is that of LibMTL (`GradVac_beta`) and of TorchJD, in
//! which targets follow the last few steps. The paper's experiments have 1e-2, a memory of about a hundred steps.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::key::number;
use super::registry::Build;
use super::solve::{dot, matvec};
use super::{
    Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_orders, check_step,
    draw_orders, restore_named,
};
use crate::{SharingError, WeightingState};

// LibMTL's and TorchJD's default; the paper's experiments have 1e-2.
const KEYS: &[Key] = &[number("beta", 0.5, "share of a target cosine that a step replaces", Range::Share)];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "grad-vac",
    "gradient vaccine (GradVac)",
    "Wang et al. 2021",
    "crates/sharing/src/gradient/grad_vac.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, seed, values| Ok(Box::new(GradVac::new(n_tasks, values.number("beta")?, seed)?)),
};

/// Beyond this a target cosine cannot be reached.
const LARGEST_TARGET: f64 = 1.0 - 1e-6;

/// The weights when task s meets the others in the order `orders[s]`, and the targets after it, which are changed in
/// place.
///
/// Errors if there is not one order for each task that names each of `0..tasks` once, or if there are not `tasks²`
/// targets.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `orders: (tasks, tasks)`, `targets: (tasks, tasks)`, row-major: cosines; `beta` in [0, 1].
pub fn grad_vac(
    gram: &Gram,
    orders: &[Vec<usize>],
    targets: &mut [f64],
    beta: f64,
) -> Result<Combined, SharingError> {
    check_orders(gram, orders)?;
    let n = gram.n_tasks();
    if targets.len() != n * n {
        return Err(SharingError::TaskCount { what: "target cosines", expected: n * n, got: targets.len() });
    }
    let mut weights = vec![0.0; n];
    for (task, order) in orders.iter().enumerate() {
        let mut shares = vec![0.0; n];
        shares[task] = 1.0;
        for &other in order.iter().filter(|other| **other != task) {
            let target = &mut targets[task * n + other];
            if let Some((cosine, norm_ratio)) = angle(gram, &shares, other) {
                if cosine < *target {
                    shares[other] += norm_ratio * pull(cosine, *target);
                }
                *target = (1.0 - beta) * *target + beta * cosine;
            }
        }
        weights.iter_mut().zip(&shares).for_each(|(weight, share)| *weight += share);
    }
    Ok(Combined::closed(weights))
}

/// The cosine between `h = sum of shares_t g_t` and `g_other`, and `|h|/|g_other|`; `None` if one of them is zero.
fn angle(gram: &Gram, shares: &[f64], other: usize) -> Option<(f64, f64)> {
    let along = matvec(gram.values(), shares);
    let (h, g) = (dot(&along, shares).max(0.0).sqrt(), gram.norm(other));
    (h > 0.0 && g > 0.0).then(|| ((along[other] / h / g).clamp(-1.0, 1.0), h / g))
}

/// How much of `g_t`, in units of `|h|/|g_t|`, turns h from one cosine with it to another.
fn pull(cosine: f64, target: f64) -> f64 {
    let target = target.min(LARGEST_TARGET);
    let sine = |cosine: f64| (1.0 - cosine * cosine).max(0.0).sqrt();
    target * sine(cosine) / sine(target) - cosine
}

/// Gradient vaccine: [`grad_vac`] with orders drawn from the seed and the step, and the targets as its state.
#[doc(alias = "gradient vaccine")]
#[derive(Debug, Clone, PartialEq)]
pub struct GradVac {
    n_tasks: usize,
    beta: f64,
    seed: u64,
    targets: Vec<f64>,
}

impl GradVac {
    /// The combining of `n_tasks` tasks; `beta`, in [0, 1], is the share of a target that one step replaces: .5 in LibMTL
    /// and TorchJD, 1e-2 in the paper's experiments.
    ///
    /// Errors if there is no task, or if `beta` is out of its range.
    pub fn new(n_tasks: usize, beta: f64, seed: u64) -> Result<Self, SharingError> {
        GradientKind::GradVac.check_number("beta", beta, (0.0..=1.0).contains(&beta))?;
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, beta, seed, targets: vec![0.0; n_tasks * n_tasks] })
    }
}

impl GradientCombining for GradVac {
    fn kind(&self) -> GradientKind {
        GradientKind::GradVac
    }

    fn weights(&mut self, step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        let orders = draw_orders(self.seed, step, self.n_tasks, gram.tasks());
        let n_tasks = self.n_tasks;
        let places: Vec<usize> =
            gram.tasks().iter().flat_map(|s| gram.tasks().iter().map(move |t| s * n_tasks + t)).collect();
        let mut targets: Vec<f64> = places.iter().map(|&place| self.targets[place]).collect();
        let combined = grad_vac(gram, &orders, &mut targets, self.beta)?;
        for (place, target) in places.into_iter().zip(targets) {
            self.targets[place] = target;
        }
        Ok(combined)
    }

    fn state(&self) -> WeightingState {
        WeightingState { values: [("targets".to_owned(), self.targets.clone())].into() }
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        restore_named(GradientKind::GradVac, state, &mut [("targets", &mut self.targets)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulled_gradient_has_the_target_cosine() {
        // g_0 = (1, 0), g_1 = (0, 2), target .6: h_0 = (1, .75)
        let gram = Gram::of_gradients(&[&[1.0, 0.0], &[0.0, 2.0]]).unwrap();
        let mut targets = [0.0, 0.6, -0.2, 0.0];
        let orders = [vec![0, 1], vec![1, 0]];
        let combined = grad_vac(&gram, &orders, &mut targets, 0.25).unwrap();
        assert!((combined.weights[1] - 1.375).abs() < 1e-12 && combined.weights[0] == 1.0, "{combined:?}");
        for (got, expected) in targets.iter().zip([0.0, 0.45, -0.15, 0.0]) {
            assert!((got - expected).abs() < 1e-12, "{targets:?}");
        }
    }

    #[test]
    fn an_absent_task_keeps_its_targets() {
        let mut combining = GradVac::new(3, 0.5, 1).unwrap();
        let gram = Gram::new(vec![1.0, -0.5, -0.5, 1.0], vec![0, 2]).unwrap();
        combining.weights(0, &gram, &[1.0, 1.0]).unwrap();
        assert_eq!(combining.targets, [0.0, 0.0, -0.25, 0.0, 0.0, 0.0, -0.25, 0.0, 0.0]);
    }

    #[test]
    fn beta_is_a_share() {
        let error = GradVac::new(2, 1.5, 0).unwrap_err();
        assert_eq!(error.to_string(), "`beta` of grad-vac combining must be from 0 to 1, got 1.5");
    }
}
