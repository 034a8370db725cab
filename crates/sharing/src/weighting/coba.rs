//! CoBa, the convergence balancer: weights from the slopes of the losses on development data.
//!
//! ```text
//! a_t(i)  slope over the last N evaluations of the line through dev loss / first dev loss
//! RCS_t = softmax over t of (  K a_t(i) / sum over u of |a_u(i)| )              who converges slowly counts more
//! ACS_t = softmax over t of ( -N a_t(i) / sum over the last N j of |a_t(j)| )   who diverges counts less
//! DF    = min(1, i * softmax over j <= i of ( -tau i a_max(j) / sum over k of |a_max(k)| ) at j = i )
//! w_t   = DF RCS_t + (1 - DF) ACS_t
//! ```
//!
//! `K` is the number of tasks, `a_max(j)` the largest slope of a task at evaluation `j`, its sign counted. The weights sum
//! to 1, and are `1 / K` until `warmup` evaluations are known.
//!
//! Zi Gong, Hang Yu, Cong Liao, Bingchang Liu, Chaoyu Chen, Jianguo Li: *CoBa: Convergence Balancer for Multitask
//! Finetuning of Large Language Models*, EMNLP 2024, section 3 and Algorithm 1.
//!
//! Differences from the paper: it draws a batch of development data in every step, here `i` counts evaluations on all of
//! them, hence the shorter window. The first evaluation, made before the first step, gives the losses that the others
//! are divided by. Where the slopes of a sum are all zero, so is its quotient. The authors' code, MFTCoder,
//! departs from the paper: its `a_max` is the slope of the largest loss, `DF` has no upper bound, and a further
//! softmax and a smallest weight are applied at the end.
//!
//! All of it hangs on evaluations; which tasks a step shows plays no part.

use mtl_base::Method;

use super::key::settings;
use super::numeric::{scaled, softmax};
use super::present::SMALLEST_LOSS;
use super::restore::Restore;
use super::{LossWeighting, Needs, WeightingKind, WeightingState, check_count, check_losses};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method =
    Method::new("weighting", "coba", "CoBa", "Gong et al. 2024", "crates/sharing/src/weighting/coba.rs")
        .with(CoBaConfig::SETTINGS);

const FIRST: &str = "first_dev_losses";
const RATIOS: &str = "ratios";
const SLOPES: &str = "slopes";
const LARGEST: &str = "largest_slopes";
const EVALUATIONS: &str = "evaluations";
const WEIGHTS: &str = "weights";

settings! {
    /// The settings of [`CoBa`].
    CoBaConfig of CoBa {
        window: u64 = 5, WholeFromTwo, "number N of evaluations through which a slope is fitted";
        warmup: u64 = 2, WholeFromTwo, "evaluations after the first before the weights are more than equal";
        tau: f64 = 5.0, Positive, "temperature of the divergence factor";
    }
}

/// Weights from the slopes of development losses.
#[derive(Debug, Clone, PartialEq)]
pub struct CoBa {
    config: CoBaConfig,
    /// What ratios are relative to; empty before the first evaluation.
    first: Vec<f64>,
    /// Number of evaluations after the first.
    evaluations: u64,
    /// The last `window` evaluations' ratios.
    ratios: Vec<Vec<f64>>,
    /// The last `window` evaluations' slopes.
    slopes: Vec<Vec<f64>>,
    /// The largest slope of every evaluation since the warm-up.
    largest: Vec<f64>,
    weights: Vec<f64>,
}

impl CoBa {
    /// The weighting of `n_tasks` tasks.
    ///
    /// Errors if there is no task or a setting is out of its range.
    pub fn new(n_tasks: usize, config: CoBaConfig) -> Result<Self, SharingError> {
        config.check()?;
        if n_tasks == 0 {
            return Err(SharingError::NoTasks);
        }
        Ok(Self {
            config,
            first: Vec::new(),
            evaluations: 0,
            ratios: Vec::new(),
            slopes: Vec::new(),
            largest: Vec::new(),
            weights: vec![1.0 / n_tasks as f64; n_tasks],
        })
    }

    fn update(&mut self) {
        let n_tasks = self.weights.len();
        let of_task = |rows: &[Vec<f64>], task_idx: usize| -> Vec<f64> {
            rows.iter().map(|row| row[task_idx]).collect()
        };
        let slopes: Vec<f64> = (0..n_tasks).map(|task_idx| slope(&of_task(&self.ratios, task_idx))).collect();
        self.largest.push(slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        keep_last(&mut self.slopes, slopes.clone(), self.config.window);
        let histories: Vec<Vec<f64>> = (0..n_tasks).map(|task_idx| of_task(&self.slopes, task_idx)).collect();
        let factor = divergence_factor(&self.largest, self.config.tau);
        self.weights = weights(&relative_scores(&slopes), &absolute_scores(&histories), factor);
    }
}

impl LossWeighting for CoBa {
    fn kind(&self) -> WeightingKind {
        WeightingKind::CoBa
    }

    fn needs(&self) -> Needs {
        Needs { dev_losses: true, ..Needs::default() }
    }

    fn weights(&mut self, step: u64, losses: &[Option<f64>]) -> Result<Vec<f64>, SharingError> {
        check_losses(self.weights.len(), step, losses)?;
        if self.first.is_empty() {
            let weighting = self.kind().name();
            return Err(SharingError::Untold { weighting, what: "dev losses", step });
        }
        Ok(self.weights.clone())
    }

    fn dev_losses(&mut self, losses: &[f64]) -> Result<(), SharingError> {
        check_dev_losses(self.weights.len(), losses)?;
        if self.first.is_empty() {
            self.first = losses.iter().map(|loss| loss.max(SMALLEST_LOSS)).collect();
            return Ok(());
        }
        let ratios = losses.iter().zip(&self.first).map(|(loss, first)| loss / first).collect();
        keep_last(&mut self.ratios, ratios, self.config.window);
        self.evaluations += 1;
        if self.evaluations >= self.config.warmup {
            self.update();
        }
        Ok(())
    }

    fn state(&self) -> WeightingState {
        WeightingState::of([
            (FIRST, self.first.clone()),
            (EVALUATIONS, vec![self.evaluations as f64]),
            (RATIOS, self.ratios.concat()),
            (SLOPES, self.slopes.concat()),
            (LARGEST, self.largest.clone()),
            (WEIGHTS, self.weights.clone()),
        ])
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        let restore = Restore { kind: self.kind(), state };
        restore.only(&[&[FIRST, EVALUATIONS, RATIOS, SLOPES, LARGEST, WEIGHTS]])?;
        let n_tasks = self.weights.len();
        *self = Self {
            config: self.config,
            first: restore.rows(FIRST, n_tasks)?.concat(),
            evaluations: restore.number(EVALUATIONS)? as u64,
            ratios: restore.rows(RATIOS, n_tasks)?,
            slopes: restore.rows(SLOPES, n_tasks)?,
            largest: restore.values(LARGEST)?,
            weights: restore.vector(WEIGHTS, n_tasks)?,
        };
        Ok(())
    }
}

/// The slope of the line of least squares through `values` at 0, 1, 2, ...; 0 through fewer than two.
pub fn slope(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let centred = values.iter().enumerate().map(|(i, value)| (i as f64 - middle, value - mean));
    let (product, square) = centred.fold((0.0, 0.0), |(p, s), (x, y)| (p + x * y, s + x * x));
    if square > 0.0 { product / square } else { 0.0 }
}

/// Relative convergence scores: `softmax over t of (K a_t / sum over u of |a_u|)`.
///
/// # Shapes
///
/// `slopes: (tasks,)`, of one evaluation; returns `(tasks,)`.
pub fn relative_scores(slopes: &[f64]) -> Vec<f64> {
    softmax(&scaled(slopes, slopes.len() as f64, magnitude(slopes)))
}

/// Absolute convergence scores: `softmax over t of (-N a_t(i) / sum over j of |a_t(j)|)`.
///
/// # Shapes
///
/// `histories: (tasks, evaluations)`, each task's slopes of the last N evaluations, the newest last; returns `(tasks,)`.
pub fn absolute_scores(histories: &[Vec<f64>]) -> Vec<f64> {
    let newest = histories.iter().map(|history| {
        let scaled = scaled(history, -(history.len() as f64), magnitude(history));
        scaled.last().copied().unwrap_or(0.0)
    });
    softmax(&newest.collect::<Vec<_>>())
}

/// The divergence factor, in 0..=1: near 1 while the largest slopes fall as they did, smaller when one turns upward.
///
/// # Shapes
///
/// `largest: (evaluations,)`, the largest slope at every evaluation, the newest last.
pub fn divergence_factor(largest: &[f64], tau: f64) -> f64 {
    let n = largest.len() as f64;
    let shares = softmax(&scaled(largest, -tau * n, magnitude(largest)));
    shares.last().map_or(1.0, |share| (n * share).min(1.0))
}

/// `factor * relative + (1 - factor) * absolute`.
///
/// # Shapes
///
/// `relative: (tasks,)`, `absolute: (tasks,)`, returns `(tasks,)`.
pub fn weights(relative: &[f64], absolute: &[f64], factor: f64) -> Vec<f64> {
    relative.iter().zip(absolute).map(|(r, a)| factor * r + (1.0 - factor) * a).collect()
}

fn magnitude(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).sum()
}

fn keep_last(rows: &mut Vec<Vec<f64>>, row: Vec<f64>, window: u64) {
    rows.push(row);
    if rows.len() as u64 > window {
        rows.remove(0);
    }
}

fn check_dev_losses(n_tasks: usize, losses: &[f64]) -> Result<(), SharingError> {
    check_count("dev losses", n_tasks, losses.len())?;
    match losses.iter().position(|loss| !(*loss >= 0.0 && loss.is_finite())) {
        None => Ok(()),
        Some(task_idx) => Err(SharingError::InvalidDevLoss { task_idx, loss: losses[task_idx] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_line() {
        assert_eq!(slope(&[3.0, 2.5, 2.0]), -0.5);
        assert_eq!(slope(&[1.0, 1.0]), 0.0);
        assert_eq!(slope(&[1.0]), 0.0);
        // By hand: middle 1, mean 2; (-1)(-1) + 0 * 2 + 1 * (-1) = 0.
        assert_eq!(slope(&[1.0, 4.0, 1.0]), 0.0);
    }

    #[test]
    fn the_slow_task_counts_more_and_the_diverging_one_less() {
        let relative = relative_scores(&[-0.3, -0.1]);
        // softmax(2 * [-.75, -.25])
        assert!((relative[1] / relative[0] - 1.0_f64.exp()).abs() < 1e-12, "{relative:?}");
        let absolute = absolute_scores(&[vec![-0.2, -0.2], vec![-0.3, 0.1]]);
        // softmax([1, -.5])
        assert!((absolute[0] / absolute[1] - 1.5_f64.exp()).abs() < 1e-12, "{absolute:?}");
    }

    #[test]
    fn the_divergence_factor_falls_when_a_slope_turns() {
        assert_eq!(divergence_factor(&[-0.2, -0.2, -0.2], 5.0), 1.0);
        assert_eq!(divergence_factor(&[-0.1, -0.2], 5.0), 1.0);
        // 2 softmax(-10 [-.5, .5]) at the newest.
        let expected = 2.0 / (1.0 + 10.0_f64.exp());
        assert!((divergence_factor(&[-0.2, 0.2], 5.0) - expected).abs() < 1e-15);
    }

    #[test]
    fn weights_are_equal_until_the_warm_up_is_over() {
        let mut weighting = CoBa::new(2, CoBaConfig::default()).unwrap();
        for losses in [[2.0, 1.0], [1.0, 0.9]] {
            weighting.dev_losses(&losses).unwrap();
            assert_eq!(weighting.weights(0, &[None, Some(1.0)]), Ok(vec![0.5, 0.5]));
        }
        weighting.dev_losses(&[0.8, 0.85]).unwrap();
        let weights = weighting.weights(1, &[None, Some(1.0)]).unwrap();
        // Ratios .5 and .9, then .4 and .85.
        for (weight, expected) in weights.iter().zip(relative_scores(&[-0.1, -0.05])) {
            assert!((weight - expected).abs() < 1e-12, "{weights:?}");
        }
    }

    #[test]
    fn the_first_evaluation_comes_before_the_first_step() {
        let error = CoBa::new(1, CoBaConfig::default()).unwrap().weights(0, &[Some(1.0)]).unwrap_err();
        assert_eq!(error.to_string(), "coba weighting needs dev losses before the weights of step 0");
    }

    #[test]
    fn a_dev_loss_that_is_no_loss_is_an_error() {
        let mut weighting = CoBa::new(2, CoBaConfig::default()).unwrap();
        let error = weighting.dev_losses(&[1.0, f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "the dev loss of task 1 must be at least 0 and finite, got NaN");
        let error = weighting.dev_losses(&[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "expected 2 dev losses, one for each task, got 1");
    }
}
