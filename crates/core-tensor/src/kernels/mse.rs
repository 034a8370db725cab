//! Squared error over labelled rows.
//!
//! loss = sum over labelled rows of sum over columns of (p - t)^2, gradient 2 (p - t) scale; the caller divides by
//! the number of examples, which it knows for the whole step.

use super::reduce::{rows_per_chunk, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// The sum of squared errors over the rows that `labelled` marks, or all.
///
/// # Shapes
/// `predictions, targets: (rows, width)`, `labelled: (rows,)`.
pub fn forward<E: Float>(
    predictions: &[E],
    targets: &[E::Master],
    width: usize,
    labelled: Option<&[bool]>,
) -> f64 {
    assert_eq!(predictions.len(), targets.len(), "one target per prediction");
    let (width, rows) = (width.max(1), rows_per_chunk(width));
    let chunks = (predictions.par_chunks(rows * width), targets.par_chunks(rows * width)).into_par_iter();
    let sums = chunks.enumerate().map(|(chunk, (p, t))| {
        let pairs = p.chunks_exact(width).zip(t.chunks_exact(width)).enumerate();
        let labelled_rows = pairs.filter(|(i, _)| labelled.is_none_or(|l| l[chunk * rows + i]));
        labelled_rows
            .map(|(_, (p, t))| dispatch!(sum_of_pairs(p, t, |p, t| squared_error::<E>(p, t))).as_f64())
            .sum()
    });
    sums.collect::<Vec<f64>>().iter().sum()
}

#[inline(always)]
fn squared_error<E: Float>(prediction: E, target: E::Master) -> E::Master {
    let error = prediction.widen() - target;
    error * error
}

/// `dp = 2 (p - t) scale` in labelled rows, 0 elsewhere.
///
/// # Shapes
/// `predictions, targets, dp: (rows, width)`, `labelled: (rows,)`.
pub fn backward<E: Float>(
    predictions: &[E],
    targets: &[E::Master],
    width: usize,
    labelled: Option<&[bool]>,
    scale: f64,
    dp: &mut [E],
) {
    assert!([targets.len(), dp.len()] == [predictions.len(); 2], "one target per prediction");
    let (width, factor) = (width.max(1), E::Master::from_f64(2.0 * scale));
    let rows = (predictions.par_chunks(width), targets.par_chunks(width), dp.par_chunks_mut(width));
    let rows = rows.into_par_iter().with_min_len(rows_per_chunk(width)).enumerate();
    rows.for_each(|(row, (p, t, dp))| {
        if labelled.is_none_or(|l| l[row]) {
            dispatch!(backward_row(p, t, factor, dp));
        } else {
            dp.fill(E::default());
        }
    });
}

#[inline(always)]
fn backward_row<E: Float>(p: &[E], t: &[E::Master], factor: E::Master, dp: &mut [E]) {
    for ((dp, p), t) in dp.iter_mut().zip(p).zip(t) {
        *dp = E::narrow((p.widen() - *t) * factor);
    }
}

/// The same arithmetic in `f64`, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::forward`].
    pub fn forward<E: Float>(
        predictions: &[E],
        targets: &[E::Master],
        width: usize,
        labelled: Option<&[bool]>,
    ) -> f64 {
        let rows = (0..targets.len()).filter(|i| labelled.is_none_or(|l| l[i / width]));
        rows.map(|i| (predictions[i].to_f64() - targets[i].as_f64()).powi(2)).sum()
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(
        predictions: &[E],
        targets: &[E::Master],
        width: usize,
        labelled: Option<&[bool]>,
        scale: f64,
        dp: &mut [E],
    ) {
        for i in 0..dp.len() {
            let kept = f64::from(labelled.is_none_or(|l| l[i / width]));
            dp[i] = E::of(kept * 2.0 * (predictions[i].to_f64() - targets[i].as_f64()) * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values};

    fn agrees<E: Float>(rows: usize, width: usize) {
        let (p, t) = (values::<E>(rows * width, 1), values::<E::Master>(rows * width, 2));
        let mask: Vec<bool> = (0..rows).map(|i| i % 3 != 1).collect();
        for labelled in [None, Some(&mask[..])] {
            let want = reference::forward(&p, &t, width, labelled);
            assert_close(&[forward(&p, &t, width, labelled)], &[want], 1e-5);
            let (mut got, mut want) = (vec![E::default(); p.len()], vec![E::default(); p.len()]);
            backward(&p, &t, width, labelled, 0.5, &mut got);
            reference::backward(&p, &t, width, labelled, 0.5, &mut want);
            assert_close(&got, &want, tolerance::<E>());
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        for (rows, width) in [(1, 1), (20_000, 1), (7, 40)] {
            agrees::<f32>(rows, width);
            agrees::<f64>(rows, width);
            agrees::<bf16>(rows, width);
        }
    }

    #[test]
    fn gradient_is_the_differences() {
        let (p, t) = (values::<f64>(6, 3), values::<f64>(6, 4));
        let labelled = Some(&[true, false, true][..]);
        let mut dp = vec![0.0; 6];
        backward(&p, &t, 2, labelled, 1.0, &mut dp);
        assert_gradient(&p, &dp, |p| forward(p, &t, 2, labelled));
    }
}
