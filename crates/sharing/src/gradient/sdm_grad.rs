//! Stochastic direction-oriented multi-objective gradient descent (SDMGrad): MGDA for noisy gradients, drawn towards
//! the mean.
//!
//! `d = (sum over t of w_t g_t + lambda g_0)/(1 + lambda)` on a third batch, `g_0` the mean of its gradients, where w
//! follows `w <- P(w - rate A (w + lambda/T))`, P the projection onto the simplex, for some iterations in every step.
//! `A_st = g_s(batch 1) · g_t(batch 2)`: with independent batches that gradient of the objective is unbiased. w stays
//! from step to step.
//!
//! Xiao et al. 2023, "Direction-oriented Multi-objective Learning: Simple and Provable Stochastic Algorithms",
//! algorithm 1 (the objective is equation 5). As in the released code A is divided by the square of the mean norm,
//! `(mean over t of sqrt(A_tt))²` with negative `A_tt` as 0, and the iterations have a momentum that starts anew in
//! each step.
//! Differences: no constant is added to the mean norm. If it is 0 the batches say nothing on the scale: w stays.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::key::number;
use super::registry::Build;
use super::solve::matvec;
use super::{
    Combined, CrossGram, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step,
    project_onto_simplex, restore_named,
};
use crate::{SharingError, WeightingState};

const KEYS: &[Key] = &[
    number("lambda", 0.3, "how strongly the mean gradient draws", Range::AtLeastZero),
    number("iterations", 20.0, "iterations in a step", Range::WholeFrom(1)),
    number("rate", 10.0, "length of an iteration", Range::Positive),
    number("momentum", 0.5, "share of the last change made again", Range::Rate),
];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "sdmgrad",
    "direction-oriented descent (SDMGrad)",
    "Xiao et al. 2023",
    "crates/sharing/src/gradient/sdm_grad.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::ThreeBatches,
    make: |n_tasks, _seed, values| {
        Ok(Box::new({
            let rule = SdmGradRule {
                lambda: values.number("lambda")?,
                iterations: values.count("iterations")?,
                rate: values.number("rate")?,
                momentum: values.number("momentum")?,
            };
            SdmGrad::new(n_tasks, rule)?
        }))
    },
};

/// The numbers of SDMGrad's iterations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SdmGradRule {
    /// How strongly the mean gradient draws, at least 0.
    pub lambda: f64,
    /// Iterations in a step, at least 1.
    pub iterations: u32,
    /// Length of an iteration on the scaled matrix, positive.
    pub rate: f64,
    /// Share of the last change that is made again, in [0, 1).
    pub momentum: f64,
}

impl Default for SdmGradRule {
    /// The numbers of the released code's experiments.
    fn default() -> Self {
        Self { lambda: 0.3, iterations: 20, rate: 10.0, momentum: 0.5 }
    }
}

impl SdmGradRule {
    /// Errors if a number is out of its range.
    fn check(self) -> Result<Self, SharingError> {
        let kind = GradientKind::SdmGrad;
        kind.check_number("lambda", self.lambda, self.lambda >= 0.0)?;
        kind.check_number("iterations", f64::from(self.iterations), self.iterations > 0)?;
        kind.check_number("rate", self.rate, self.rate > 0.0)?;
        kind.check_number("momentum", self.momentum, (0.0..1.0).contains(&self.momentum))?;
        Ok(self)
    }
}

/// Moves `w`, on the simplex, and gives the weights of the third batch's gradients: `(w + lambda/T)/(1 + lambda)`.
///
/// Errors if there is not one w for each task.
///
/// # Shapes
///
/// `cross: (tasks, tasks)`, `w: (tasks,)`, returns `(tasks,)`.
pub fn sdm_grad(cross: &CrossGram, w: &mut [f64], rule: SdmGradRule) -> Result<Combined, SharingError> {
    check_step(usize::MAX, cross.tasks(), "weights", w.len())?;
    let mean = 1.0 / w.len() as f64;
    if let Some(scaled) = scaled(cross) {
        let mut velocity = vec![0.0; w.len()];
        for iteration in 0..rule.iterations {
            let drawn: Vec<f64> = w.iter().map(|w| w + rule.lambda * mean).collect();
            for (velocity, slope) in velocity.iter_mut().zip(matvec(&scaled, &drawn)) {
                *velocity = if iteration == 0 { slope } else { rule.momentum * *velocity + slope };
            }
            let moved: Vec<f64> =
                w.iter().zip(&velocity).map(|(w, velocity)| w - rule.rate * velocity).collect();
            w.copy_from_slice(&project_onto_simplex(&moved));
        }
    }
    Ok(Combined::closed(w.iter().map(|w| (w + rule.lambda * mean) / (1.0 + rule.lambda)).collect()))
}

/// The matrix over the square of the mean norm; `None` if that is 0.
fn scaled(cross: &CrossGram) -> Option<Vec<f64>> {
    let n = cross.n_tasks();
    let norm: f64 = (0..n).map(|i| cross.values()[i * n + i].max(0.0).sqrt()).sum::<f64>() / n as f64;
    (norm > 0.0).then(|| cross.values().iter().map(|value| value / norm / norm).collect())
}

/// Direction-oriented multi-objective gradient descent: [`sdm_grad`], with w as its state.
#[doc(alias = "direction-oriented multi-objective")]
#[derive(Debug, Clone, PartialEq)]
pub struct SdmGrad {
    rule: SdmGradRule,
    w: Vec<f64>,
}

impl SdmGrad {
    /// The combining of `n_tasks` tasks; w starts with equal entries.
    ///
    /// Errors if there is no task, or if a number of the rule is out of its range.
    pub fn new(n_tasks: usize, rule: SdmGradRule) -> Result<Self, SharingError> {
        Ok(Self { rule: rule.check()?, w: vec![1.0 / check_n_tasks(n_tasks)? as f64; n_tasks] })
    }

    /// The weights of the third batch's gradients. The w of the tasks that take part are scaled to sum to 1 for the
    /// step, and back to the sum that they had.
    ///
    /// Errors if the matrix names a task that this combining does not have.
    ///
    /// # Shapes
    ///
    /// `cross: (tasks, tasks)`, of the tasks that take part.
    pub fn cross_weights(&mut self, cross: &CrossGram) -> Result<Combined, SharingError> {
        check_step(self.w.len(), cross.tasks(), "tasks", cross.n_tasks())?;
        let mut w: Vec<f64> = cross.tasks().iter().map(|&task_idx| self.w[task_idx]).collect();
        let share: f64 = w.iter().sum();
        if share > 0.0 {
            w.iter_mut().for_each(|w| *w /= share);
        } else {
            w.fill(1.0 / cross.n_tasks() as f64);
        }
        let combined = sdm_grad(cross, &mut w, self.rule)?;
        for (&task_idx, w) in cross.tasks().iter().zip(w) {
            self.w[task_idx] = share * w;
        }
        Ok(combined)
    }
}

impl GradientCombining for SdmGrad {
    fn kind(&self) -> GradientKind {
        GradientKind::SdmGrad
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.w.len(), gram.tasks(), "losses", losses.len())?;
        let needs = Needs::ThreeBatches.describe();
        Err(SharingError::NotFromGram { combining: self.kind().name(), needs })
    }

    fn three_batches(&mut self) -> Option<&mut SdmGrad> {
        Some(self)
    }

    fn state(&self) -> WeightingState {
        WeightingState { values: [("w".to_owned(), self.w.clone())].into() }
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        restore_named(GradientKind::SdmGrad, state, &mut [("w", &mut self.w)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_iteration_by_hand() {
        // A = diag(4, 1), norm² = (3/2)²; slope = A(w + .1)/2.25 = (.6 · 4, .6)/2.25; w - .5 slope, projected.
        let cross = CrossGram::new(vec![4.0, 0.0, 0.0, 1.0], vec![0, 1]).unwrap();
        let rule = SdmGradRule { lambda: 0.2, iterations: 1, rate: 0.5, momentum: 0.5 };
        let mut w = [0.5, 0.5];
        let combined = sdm_grad(&cross, &mut w, rule).unwrap();
        assert!((w[0] - 0.3).abs() < 1e-12, "{w:?}");
        assert!(
            (combined.weights[0] - 0.4 / 1.2).abs() < 1e-12
                && (combined.weights[1] - 0.8 / 1.2).abs() < 1e-12
        );
    }

    #[test]
    fn without_a_scale_w_stays() {
        let cross = CrossGram::new(vec![-1.0, 5.0, 3.0, 0.0], vec![0, 1]).unwrap();
        let combined = SdmGrad::new(2, SdmGradRule::default()).unwrap().cross_weights(&cross).unwrap();
        assert_eq!(combined.weights, [0.5, 0.5]);
    }

    #[test]
    fn an_absent_task_keeps_its_w() {
        let mut combining = SdmGrad::new(4, SdmGradRule::default()).unwrap();
        let cross = CrossGram::new(vec![4.0, 0.0, 0.0, 1.0], vec![1, 3]).unwrap();
        combining.cross_weights(&cross).unwrap();
        assert!(combining.w[0] == 0.25 && combining.w[2] == 0.25);
        assert_ne!(combining.w[1], combining.w[3]);
        assert!((combining.w.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
