//! Squared error.
//!
//! loss = sum of (p - t)^2, gradient 2 (p - t) scale; the caller divides by the number of examples, which it knows for
//! the whole step.

use super::reduce::{CHUNK, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// The sum of squared errors.
///
/// # Shapes
/// `predictions, targets: (values,)`.
pub fn forward<E: Float>(predictions: &[E], targets: &[f64]) -> f64 {
    assert_eq!(predictions.len(), targets.len(), "one target per prediction");
    let chunks = (predictions.par_chunks(CHUNK), targets.par_chunks(CHUNK)).into_par_iter();
    let sums = chunks.map(|(p, t)| dispatch!(sum_of_pairs(p, t, |p, t| squared_error::<E>(p, t))).as_f64());
    sums.collect::<Vec<f64>>().iter().sum()
}

#[inline(always)]
fn squared_error<E: Float>(prediction: E, target: f64) -> E::Master {
    let error = prediction.widen() - E::Master::from_f64(target);
    error * error
}

/// `dp = 2 (p - t) scale`.
///
/// # Shapes
/// `predictions, targets, dp: (values,)`.
pub fn backward<E: Float>(predictions: &[E], targets: &[f64], scale: f64, dp: &mut [E]) {
    assert!([targets.len(), dp.len()] == [predictions.len(); 2], "one target per prediction");
    let factor = E::Master::from_f64(2.0 * scale);
    let chunks = (predictions.par_chunks(CHUNK), targets.par_chunks(CHUNK), dp.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(p, t, dp)| dispatch!(backward_chunk(p, t, factor, dp)));
}

#[inline(always)]
fn backward_chunk<E: Float>(p: &[E], t: &[f64], factor: E::Master, dp: &mut [E]) {
    for ((dp, p), t) in dp.iter_mut().zip(p).zip(t) {
        *dp = E::narrow((p.widen() - E::Master::from_f64(*t)) * factor);
    }
}

/// The same arithmetic in `f64`, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::forward`].
    pub fn forward<E: Float>(predictions: &[E], targets: &[f64]) -> f64 {
        predictions.iter().zip(targets).map(|(p, t)| (p.to_f64() - t).powi(2)).sum()
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(predictions: &[E], targets: &[f64], scale: f64, dp: &mut [E]) {
        for i in 0..dp.len() {
            dp[i] = E::of(2.0 * scale * (predictions[i].to_f64() - targets[i]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values};

    fn agrees<E: Float>(n: usize) {
        let (p, t) = (values::<E>(n, 1), values::<f64>(n, 2));
        assert_close(&[forward(&p, &t)], &[reference::forward(&p, &t)], 1e-5);
        let (mut got, mut want) = (vec![E::default(); n], vec![E::default(); n]);
        backward(&p, &t, 0.25, &mut got);
        reference::backward(&p, &t, 0.25, &mut want);
        assert_close(&got, &want, tolerance::<E>());
    }

    #[test]
    fn agrees_with_the_reference() {
        for n in [0, 1, 33, CHUNK + 37] {
            agrees::<f32>(n);
            agrees::<f64>(n);
            agrees::<bf16>(n);
        }
    }

    #[test]
    fn gradient_is_the_differences() {
        let (p, t) = (values::<f64>(6, 3), values::<f64>(6, 4));
        let mut dp = vec![0.0; 6];
        backward(&p, &t, 1.0, &mut dp);
        assert_gradient(&p, &dp, |p| forward(p, &t));
    }
}
