//! GradNorm: weights that bring the tasks' gradient norms to a common scale, larger for tasks that lag behind.
//!
//! ```text
//! G_t = w_t |gradient of L_t|      G = mean of the G_t      r_t = (L_t / L_t(0)) / mean of the L_u / L_u(0)
//! minimize over w:  sum over t of | G_t - G r_t^alpha |,  the targets G r_t^alpha held constant
//! ```
//!
//! Zhao Chen, Vijay Badrinarayanan, Chen-Yu Lee, Andrew Rabinovich: *GradNorm: Gradient Normalization for Adaptive Loss
//! Balancing in Deep Multitask Networks*, ICML 2018, equation (2) and Algorithm 1. The norms are those at the last
//! shared layer. Weights start at 1, take a step of Adam at learning rate .025 (section 5.1), and are rescaled to the
//! sum T; a step trains with the weights from before its update. Since `G_t` is linear in `w_t`, its derivative is the
//! norm itself, and no second derivative is needed.
//!
//! Differences from the paper: a weight that the update would bring below 1e-3 is set to that, because nothing in the
//! paper keeps weights positive; an initial loss below 1e-8 counts as 1e-8. `L_t(0)` is the loss of the first step that
//! shows the task. Absent tasks take no part in `G`, `r` and the update, but in the rescaling. (LibMTL learns the
//! logarithms of the weights through a softmax instead, and counts from the first epoch's mean.)

use mtl_base::Method;

use super::adam::{self, Adam};
use super::key::settings;
use super::numeric::scaled;
use super::present::{Pending, Present, SMALLEST_LOSS};
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState, check_count};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "gradnorm",
    "GradNorm",
    "Chen et al. 2018",
    "crates/sharing/src/weighting/gradnorm.rs",
)
.with(GradNormConfig::SETTINGS);

const WEIGHTS: &str = "weights";
const INITIAL: &str = "initial_losses";
const SMALLEST_WEIGHT: f64 = 1e-3;

settings! {
    /// The settings of [`GradNorm`].
    GradNormConfig of GradNorm {
        alpha: f64 = 1.5, AtLeastZero, "strength with which tasks that lag behind are pulled to the common rate";
        learning_rate: f64 = 0.025, Positive, "learning rate of the weights (Adam)";
    }
}

/// Weights learned from gradient norms at the last shared layer.
#[derive(Debug, Clone, PartialEq)]
pub struct GradNorm {
    alpha: f64,
    weights: Vec<f64>,
    /// The first loss of each task; 0 if there is none yet.
    initial: Vec<f64>,
    adam: Adam,
    /// The step whose weights were asked for last, and its losses.
    pending: Pending,
}

impl GradNorm {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: GradNormConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self {
            alpha: config.alpha,
            weights: vec![1.0; n_tasks],
            initial: vec![0.0; n_tasks],
            adam: Adam::new(n_tasks, config.learning_rate, 0.0),
            pending: Pending::default(),
        })
    }

    fn rescale(&mut self) {
        for weight in &mut self.weights {
            *weight = weight.max(SMALLEST_WEIGHT);
        }
        let (n_tasks, total) = (self.weights.len() as f64, self.weights.iter().sum());
        self.weights = scaled(&self.weights, n_tasks, total);
    }
}

impl LossWeighting for GradNorm {
    fn kind(&self) -> WeightingKind {
        WeightingKind::GradNorm
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, gradient_norms: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        self.pending.check(self.kind(), step, "the gradient norms of the last step")?;
        let present = Present::losses(self.kind(), self.weights.len(), step, losses)?;
        for (task_idx, loss) in present.iter() {
            if self.initial[task_idx] == 0.0 {
                self.initial[task_idx] = loss.max(SMALLEST_LOSS);
            }
        }
        self.pending.keep(step, present);
        Ok(self.weights.clone())
    }

    fn gradient_norms(&mut self, step: u64, norms: &[Option<f64>]) -> Result<(), SharingError> {
        check_norms(self.weights.len(), step, norms)?;
        let norms = Present::of(norms);
        let losses = self.pending.take(step, &norms.tasks, "gradient norms")?;
        let rates = relative_rates(&losses.values, &losses.gather(&self.initial));
        let gradient = gradient(&norms.gather(&self.weights), &norms.values, &rates, self.alpha);
        self.adam.update(&norms.tasks, &gradient, &mut self.weights);
        self.rescale();
        Ok(())
    }

    fn state(&self) -> WeightingState {
        let mut state =
            WeightingState::of([(WEIGHTS, self.weights.clone()), (INITIAL, self.initial.clone())]);
        self.adam.save(&mut state);
        state
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[WEIGHTS, INITIAL], &adam::KEYS])?;
        let n_tasks = self.weights.len();
        let (weights, initial) = (restore.vector(WEIGHTS, n_tasks)?, restore.vector(INITIAL, n_tasks)?);
        self.adam.restore(self.kind(), state)?;
        (self.weights, self.initial, self.pending) = (weights, initial, Pending::default());
        Ok(())
    }
}

/// `r_t`: how far each loss has fallen, divided by the mean of that. All 1 if every loss is zero.
///
/// # Shapes
///
/// `losses: (tasks,)`, `initial: (tasks,)`, above 0; returns `(tasks,)`.
pub fn relative_rates(losses: &[f64], initial: &[f64]) -> Vec<f64> {
    let ratios: Vec<f64> = losses.iter().zip(initial).map(|(loss, initial)| loss / initial).collect();
    let total: f64 = ratios.iter().sum();
    if total > 0.0 { scaled(&ratios, ratios.len() as f64, total) } else { vec![1.0; ratios.len()] }
}

/// The gradient in the weights: the norm, with the sign of what the weighted norm exceeds its target by.
///
/// # Shapes
///
/// `weights`, `norms` (of the unweighted losses' gradients), `rates`: `(tasks,)`, returns `(tasks,)`.
pub fn gradient(weights: &[f64], norms: &[f64], rates: &[f64], alpha: f64) -> Vec<f64> {
    let weighted: Vec<f64> = weights.iter().zip(norms).map(|(weight, norm)| weight * norm).collect();
    let mean = weighted.iter().sum::<f64>() / weighted.len() as f64;
    let excess = weighted.iter().zip(rates).map(|(norm, rate)| norm - mean * rate.powf(alpha));
    // Not `signum`, for which the sign of 0 is 1: at its target a weight rests.
    let sign = |excess: f64| if excess == 0.0 { 0.0 } else { excess.signum() };
    excess.zip(norms).map(|(excess, norm)| sign(excess) * norm).collect()
}

fn check_norms(n_tasks: usize, step: u64, norms: &[Option<f64>]) -> Result<(), SharingError> {
    check_count("gradient norms", n_tasks, norms.len())?;
    match Present::of(norms).iter().find(|(_, norm)| !(*norm >= 0.0 && norm.is_finite())) {
        None => Ok(()),
        Some((task_idx, norm)) => Err(SharingError::InvalidGradientNorm { task_idx, step, norm }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_norm_is_pulled_down_and_the_smaller_up() {
        // Weighted norms 1 and 3, mean 2, both losses fell alike.
        assert_eq!(gradient(&[1.0, 1.0], &[1.0, 3.0], &[1.0, 1.0], 1.5), vec![-1.0, 3.0]);
        assert_eq!(gradient(&[1.0, 1.0], &[2.0, 2.0], &[1.0, 1.0], 1.5), vec![0.0, 0.0]);
    }

    #[test]
    fn rates_are_relative_to_their_mean() {
        assert_eq!(relative_rates(&[1.0, 6.0], &[2.0, 4.0]), vec![0.5, 1.5]);
        assert_eq!(relative_rates(&[0.0, 0.0], &[2.0, 4.0]), vec![1.0, 1.0]);
    }

    #[test]
    fn a_step_trains_with_the_weights_from_before_its_update() {
        let mut weighting = GradNorm::new(2, GradNormConfig::default()).unwrap();
        let losses = [Some(1.0), Some(1.0)];
        assert_eq!(weighting.weights(0, &losses), Ok(vec![1.0, 1.0]));
        weighting.gradient_norms(0, &[Some(1.0), Some(3.0)]).unwrap();
        let weights = weighting.weights(1, &losses).unwrap();
        assert!((weights[0] - 1.025).abs() < 1e-6 && (weights[1] - 0.975).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn a_weight_stays_positive() {
        let mut weighting = GradNorm::new(2, GradNormConfig { learning_rate: 5.0, alpha: 0.0 }).unwrap();
        weighting.weights(0, &[Some(1.0), Some(1.0)]).unwrap();
        weighting.gradient_norms(0, &[Some(1.0), Some(3.0)]).unwrap();
        assert!((weighting.weights[1] - 2.0 * 1e-3 / 6.001).abs() < 1e-9, "{:?}", weighting.weights);
    }

    #[test]
    fn norms_that_belong_to_no_losses_are_errors() {
        let mut weighting = GradNorm::new(2, GradNormConfig::default()).unwrap();
        weighting.weights(4, &[Some(1.0), None]).unwrap();
        let error = weighting.gradient_norms(4, &[Some(1.0), Some(2.0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "gradient norms of step 4 came without the losses of the same tasks before them"
        );
        let error = weighting.gradient_norms(4, &[Some(f64::NAN), None]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the gradient norm of task 0 must be at least 0 and finite, got NaN in step 4"
        );
    }
}
