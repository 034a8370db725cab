//! Impartial multi-task learning, gradient part (IMTL-G): the same projection onto every task's gradient.
//!
//! `d = sum over t of w_t g_t` with `sum over t of w_t = 1` and `d · g_t/|g_t|` equal for all t. Weights may be
//! negative.
//!
//! Liu et al. 2021, "Towards Impartial Multi-task Learning", equation 5 (the paper's inverse of T - 1 differences is
//! these T conditions and the sum, written out).
//! Differences: where many weights would do (equal gradients), those of the smallest `|w_t g_t|` are taken; zero
//! gradients get weight 0, and all 1/T if every gradient is zero.

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
    "imtl-g",
    "impartial learning, gradients (IMTL-G)",
    "Liu et al. 2021",
    "crates/sharing/src/gradient/imtl_g.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build =
    Build { needs: Needs::Gram, make: |n_tasks, _seed, _values| Ok(Box::new(ImtlG::new(n_tasks)?)) };

/// Projections that differ by more are not equal: see [`imtl_g`].
const TOLERANCE: f64 = 1e-4;

/// The weights that give equal projections.
///
/// The residual is the largest difference between `d · g_t/|g_t|` and their common value, in units of the shortest
/// gradient. There may be no weights that sum to 1 and do it; the answer is then the mean of the gradients, as a
/// [fallback](Combined::fallback).
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn imtl_g(gram: &Gram) -> Combined {
    let n = gram.n_tasks();
    let scaled = Cosines::new(gram.values(), n);
    let active: Vec<usize> = (0..n).filter(|&i| scaled.norms[i] > 0.0).collect();
    let mean = vec![1.0 / n as f64; n];
    if active.is_empty() {
        return Combined::solved(mean, 0.0);
    }
    let (values, residual) = equal_projections(&scaled, &active);
    if !(residual <= TOLERANCE) {
        return Combined { weights: mean, residual: Some(residual), fallback: true };
    }
    let mut weights = vec![0.0; n];
    active.iter().zip(values).for_each(|(&i, value)| weights[i] = value);
    Combined::solved(weights, residual)
}

fn equal_projections(scaled: &Cosines, active: &[usize]) -> (Vec<f64>, f64) {
    let (n, m) = (scaled.norms.len(), active.len());
    let shortest = active.iter().map(|&i| scaled.norms[i]).fold(f64::INFINITY, f64::min);
    let a: Vec<f64> = active.iter().map(|&i| shortest / scaled.norms[i]).collect();
    let cosines: Vec<f64> =
        active.iter().flat_map(|&i| active.iter().map(move |&j| scaled.cosines[i * n + j])).collect();
    // Unknowns v_t = w_t |g_t| / shortest and the common projection k:  C v - k = 0,  aᵀv = 1.
    let mut matrix = vec![0.0; (m + 1) * (m + 1)];
    for (i, row) in matrix.chunks_exact_mut(m + 1).enumerate() {
        if i < m {
            row[..m].copy_from_slice(&cosines[i * m..(i + 1) * m]);
            row[m] = -1.0;
        } else {
            row[..m].copy_from_slice(&a);
        }
    }
    let mut b = vec![0.0; m + 1];
    b[m] = 1.0;
    let svd = Svd::new(&matrix, m + 1);
    let solution = svd.least_squares(&b, (m + 1) as f64 * RANK_TOLERANCE * svd.largest());
    let v = &solution[..m];
    let apart = matvec(&cosines, v).iter().map(|along| (along - solution[m]).abs()).fold(0.0, f64::max);
    let residual = apart.max((dot(&a, v) - 1.0).abs());
    (v.iter().zip(&a).map(|(v, a)| v * a).collect(), residual)
}

/// Impartial multi-task learning, gradient part: [`imtl_g`].
#[doc(alias = "impartial multi-task learning")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImtlG {
    n_tasks: usize,
}

impl ImtlG {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)? })
    }
}

impl GradientCombining for ImtlG {
    fn kind(&self) -> GradientKind {
        GradientKind::ImtlG
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        Ok(imtl_g(gram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposing_gradients_cancel() {
        // w_0 2 = w_1 1
        let gram = Gram::of_gradients(&[&[2.0], &[-1.0]]).unwrap();
        let combined = imtl_g(&gram);
        assert!((combined.weights[0] - 1.0 / 3.0).abs() < 1e-12, "{combined:?}");
    }

    #[test]
    fn equal_gradients_share_alike() {
        let gram = Gram::of_gradients(&[&[1.0, 2.0], &[1.0, 2.0]]).unwrap();
        assert!(imtl_g(&gram).weights.iter().all(|weight| (weight - 0.5).abs() < 1e-12));
    }

    #[test]
    fn zero_gradients_weigh_nothing() {
        let gram = Gram::of_gradients(&[&[1.0], &[0.0]]).unwrap();
        assert!((imtl_g(&gram).weights[0] - 1.0).abs() < 1e-12);
        let gram = Gram::of_gradients(&[&[0.0], &[0.0]]).unwrap();
        assert_eq!(imtl_g(&gram).weights, [0.5, 0.5]);
    }
}
