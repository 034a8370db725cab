//! Smooth Tchebycheff scalarization: a smooth form of minimizing the task that is worst off.
//!
//! ```text
//! g = mu ln( sum over t of exp(lambda_t (f_t - z_t) / mu) )        dg / df_t = lambda_t softmax_t
//! ```
//!
//! Xi Lin, Xiaoyuan Zhang, Zhiyuan Yang, Fei Liu, Zhenkun Wang, Qingfu Zhang: *Smooth Tchebycheff Scalarization for
//! Multi-Objective Optimization*, ICML 2024, its definition of the scalarization: `lambda` are preferences, `z` is the
//! ideal point, and g tends to the largest `lambda_t (f_t - z_t)` as `mu` tends to 0. [`value`] and [`gradient`] are these.
//!
//! For multi-task learning, where losses have different units, the weighting is what the authors' code does: the
//! objectives are `f_t = ln(L_t / n_t + 1e-20)` with ideal point 0 and equal preferences, and the step loss is `T g`. The
//! reference `n_t` is the task's mean loss over the epoch after `warmup_epochs` epochs; until the end of that epoch the
//! step loss is `sum over t of ln L_t`, so `w_t = 1 / L_t`.
//!
//! Differences: the authors warm up for 4 of 200 epochs; fine-tuning would end before that, so the default is 0, and
//! with `interval` above 0 so many steps count as an epoch. T is the number of tasks in the step, those that are absent
//! have weight 0. A task that the reference epoch does not show takes the first loss that it shows later.

use mtl_base::Method;

use super::epoch::{self, EpochMeans};
use super::key::settings;
use super::numeric::{log_sum_exp, softmax};
use super::present::{Present, SMALLEST_LOSS};
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "weighting",
    "smooth-tchebycheff",
    "smooth Tchebycheff scalarization",
    "Lin et al. 2024",
    "crates/sharing/src/weighting/smooth_tchebycheff.rs",
)
.with(SmoothTchebycheffConfig::SETTINGS);

const REFERENCE: &str = "reference";
const EPOCHS: &str = "epochs";
/// Added to a loss before its logarithm.
const SMALLEST_RATIO: f64 = 1e-20;

settings! {
    /// The settings of [`SmoothTchebycheff`].
    SmoothTchebycheffConfig of SmoothTchebycheff {
        mu: f64 = 1.0, Positive, "smoothness: the smaller, the more the worst task counts";
        warmup_epochs: u64 = 0, Whole, "epochs before the one whose mean losses are the reference";
        interval: u64 = 0, Whole, "steps that count as an epoch, 0 for the epochs of training";
    }
}

/// Weights that make the weighted sum's gradient that of the smooth worst logarithmic loss.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "STCH")]
pub struct SmoothTchebycheff {
    mu: f64,
    warmup_epochs: u64,
    means: EpochMeans,
    /// Number of epochs that have ended.
    epochs: u64,
    /// `n_t`; 0 if there is none yet.
    reference: Vec<f64>,
}

impl SmoothTchebycheff {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: SmoothTchebycheffConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self {
            mu: config.mu,
            warmup_epochs: config.warmup_epochs,
            means: EpochMeans::new(n_tasks, config.interval),
            epochs: 0,
            reference: vec![0.0; n_tasks],
        })
    }

    fn is_warm(&self) -> bool {
        self.epochs > self.warmup_epochs
    }

    fn roll(&mut self, means: &[Option<f64>]) {
        if self.epochs == self.warmup_epochs {
            let mean = |mean: &Option<f64>| mean.map_or(0.0, |mean| mean.max(SMALLEST_LOSS));
            self.reference = means.iter().map(mean).collect();
        }
        self.epochs += 1;
    }

    fn complete_reference(&mut self, present: &Present) {
        for (task_idx, loss) in present.iter() {
            if self.reference[task_idx] == 0.0 {
                self.reference[task_idx] = loss.max(SMALLEST_LOSS);
            }
        }
    }
}

impl LossWeighting for SmoothTchebycheff {
    fn kind(&self) -> WeightingKind {
        WeightingKind::SmoothTchebycheff
    }

    fn needs(&self) -> Needs {
        Needs { losses: true, epochs: self.means.asks(), ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        let n_tasks = self.reference.len();
        let present = Present::losses(self.kind(), n_tasks, step, losses)?;
        let weights = if self.is_warm() {
            self.complete_reference(&present);
            weights(&present.values, &present.gather(&self.reference), self.mu)
        } else {
            warmup_weights(&present.values)
        };
        if let Some(means) = self.means.add(&present) {
            self.roll(&means);
        }
        Ok(present.scatter(&weights, n_tasks))
    }

    fn end_epoch(&mut self) {
        if let Some(means) = self.means.end() {
            self.roll(&means);
        }
    }

    fn state(&self) -> WeightingState {
        let epochs = vec![self.epochs as f64];
        let mut state = WeightingState::of([(REFERENCE, self.reference.clone()), (EPOCHS, epochs)]);
        self.means.save(&mut state);
        state
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[REFERENCE, EPOCHS], &epoch::KEYS])?;
        let reference = restore.vector(REFERENCE, self.reference.len())?;
        let epochs = restore.number(EPOCHS)? as u64;
        self.means.restore(self.kind(), state)?;
        (self.reference, self.epochs) = (reference, epochs);
        Ok(())
    }
}

/// `mu ln( sum over t of exp(lambda_t (f_t - z_t) / mu) )`.
///
/// # Shapes
///
/// `objectives` (f), `preferences` (lambda), `ideal` (z): `(tasks,)`; `mu` above 0.
pub fn value(objectives: &[f64], preferences: &[f64], ideal: &[f64], mu: f64) -> f64 {
    mu * log_sum_exp(&exponents(objectives, preferences, ideal, mu))
}

/// The gradient of [`value`] in the objectives: `lambda_t softmax_t(lambda (f - z) / mu)`.
///
/// # Shapes
///
/// `objectives` (f), `preferences` (lambda), `ideal` (z): `(tasks,)`, returns `(tasks,)`; `mu` above 0.
pub fn gradient(objectives: &[f64], preferences: &[f64], ideal: &[f64], mu: f64) -> Vec<f64> {
    let shares = softmax(&exponents(objectives, preferences, ideal, mu));
    shares.into_iter().zip(preferences).map(|(share, preference)| share * preference).collect()
}

/// The weights after the warm-up: the gradient in the losses of `T g(ln(L / n + 1e-20))`.
///
/// # Shapes
///
/// `losses: (tasks,)`, `reference` (n): `(tasks,)`, above 0; returns `(tasks,)`; `mu` above 0.
pub fn weights(losses: &[f64], reference: &[f64], mu: f64) -> Vec<f64> {
    let n_tasks = losses.len();
    let ratios: Vec<f64> = losses.iter().zip(reference).map(|(loss, n)| loss / n + SMALLEST_RATIO).collect();
    let logarithms: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let outer = gradient(&logarithms, &vec![1.0; n_tasks], &vec![0.0; n_tasks], mu);
    let inner = ratios.iter().zip(reference).map(|(ratio, n)| 1.0 / (ratio * n));
    outer.iter().zip(inner).map(|(outer, inner)| n_tasks as f64 * outer * inner).collect()
}

/// The weights during the warm-up: `1 / (L_t + 1e-20)`.
///
/// # Shapes
///
/// `losses: (tasks,)`, returns `(tasks,)`.
pub fn warmup_weights(losses: &[f64]) -> Vec<f64> {
    losses.iter().map(|loss| 1.0 / (loss + SMALLEST_RATIO)).collect()
}

fn exponents(objectives: &[f64], preferences: &[f64], ideal: &[f64], mu: f64) -> Vec<f64> {
    let triples = objectives.iter().zip(preferences).zip(ideal);
    triples.map(|((objective, preference), ideal)| preference * (objective - ideal) / mu).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// methods.md, fixed values: two equal zero losses, mu 1. Lin 2024, definition of the scalarization.
    #[test]
    fn two_equal_zero_losses_at_mu_1_are_ln_2() {
        assert_eq!(value(&[0.0, 0.0], &[1.0, 1.0], &[0.0, 0.0], 1.0), std::f64::consts::LN_2);
        assert_eq!(gradient(&[0.0, 0.0], &[1.0, 1.0], &[0.0, 0.0], 1.0), vec![0.5, 0.5]);
    }

    #[test]
    fn a_small_mu_leaves_the_worst_task() {
        let (objectives, preferences) = ([1.0, 3.0], [0.5, 0.25]);
        assert!((value(&objectives, &preferences, &[0.0, 0.0], 1e-3) - 0.75).abs() < 1e-9);
        assert_eq!(gradient(&objectives, &preferences, &[0.0, 0.0], 1e-4), vec![0.0, 0.25]);
    }

    #[test]
    fn the_epoch_after_the_warm_up_is_the_reference() {
        let config = SmoothTchebycheffConfig { warmup_epochs: 1, ..Default::default() };
        let mut weighting = SmoothTchebycheff::new(2, config).unwrap();
        for (losses, expected) in [([4.0, 2.0], [0.25, 0.5]), ([2.0, 0.5], [0.5, 2.0])] {
            assert_eq!(weighting.weights(0, &losses.map(Some)), Ok(expected.to_vec()));
            weighting.end_epoch();
        }
        assert_eq!(weighting.reference, vec![2.0, 0.5]);
        // Ratios 1 and 3 at mu 1: softmax (1/4, 3/4); 2 * 1/4 / (1 * 2) and 2 * 3/4 / (3 * .5).
        for (weight, expected) in weights(&[2.0, 1.5], &[2.0, 0.5], 1.0).iter().zip([0.25, 1.0]) {
            assert!((weight - expected).abs() < 1e-15);
        }
        assert_eq!(weighting.weights(2, &[Some(2.0), Some(1.5)]), Ok(weights(&[2.0, 1.5], &[2.0, 0.5], 1.0)));
    }

    #[test]
    fn a_task_that_comes_late_begins_with_its_first_loss() {
        let config = SmoothTchebycheffConfig { interval: 1, ..Default::default() };
        let mut weighting = SmoothTchebycheff::new(2, config).unwrap();
        weighting.weights(0, &[Some(1.0), None]).unwrap();
        assert_eq!(weighting.weights(1, &[None, Some(5.0)]), Ok(vec![0.0, 0.2]));
        assert_eq!(weighting.reference, vec![1.0, 5.0]);
    }
}
