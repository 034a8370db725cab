//! Softmax of rows, and the logarithm of a row's sum of exponentials.
//!
//! softmax z = e^(z - max z) / sum e^(z - max z) and lse z = max z + ln sum e^(z - max z): no exponential overflows.
//! Backward, from softmax's output y: dz = y (dy - sum dy y).

use super::reduce::{max_of, rows_per_chunk, sum_of, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// The logarithm of the sum of the exponentials of a row. `scratch` has the row's length.
#[inline(always)]
pub(crate) fn log_sum_exp<E: Float>(z: &[E], scratch: &mut [E::Master]) -> E::Master {
    let max = max_of(z);
    for (e, z) in scratch.iter_mut().zip(z) {
        *e = (z.widen() - max).exp();
    }
    max + sum_of(scratch, |e| e).ln()
}

/// `y = softmax(z)` for each row.
///
/// # Shapes
/// `z, y: (rows, width)`.
pub fn softmax<E: Float>(z: &[E], width: usize, y: &mut [E]) {
    assert_eq!(z.len(), y.len(), "slices of one length");
    let (width, rows) = (width.max(1), rows_per_chunk(width));
    let chunks = (z.par_chunks(rows * width), y.par_chunks_mut(rows * width)).into_par_iter();
    chunks.for_each(|(z, y)| dispatch!(softmax_rows(z, width, y)));
}

#[inline(always)]
fn softmax_rows<E: Float>(z: &[E], width: usize, y: &mut [E]) {
    let mut scratch = vec![E::Master::ZERO; width];
    for (z, y) in z.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
        let max = max_of(z);
        for (e, z) in scratch.iter_mut().zip(z) {
            *e = (z.widen() - max).exp();
        }
        let share = E::Master::ONE / sum_of(&scratch, |e| e);
        for (y, e) in y.iter_mut().zip(&scratch) {
            *y = E::narrow(*e * share);
        }
    }
}

/// The gradient of [`softmax`] from its output `y`.
///
/// # Shapes
/// `y, dy, dz: (rows, width)`.
pub fn softmax_backward<E: Float>(y: &[E], dy: &[E], width: usize, dz: &mut [E]) {
    assert!([y.len(), dz.len()] == [dy.len(); 2], "slices of one length");
    let (width, elements) = (width.max(1), rows_per_chunk(width) * width.max(1));
    let chunks = (y.par_chunks(elements), dy.par_chunks(elements), dz.par_chunks_mut(elements));
    chunks.into_par_iter().for_each(|(y, dy, dz)| {
        let rows = y.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dz.chunks_exact_mut(width));
        rows.for_each(|((y, dy), dz)| dispatch!(softmax_backward_row(y, dy, dz)));
    });
}

#[inline(always)]
fn softmax_backward_row<E: Float>(y: &[E], dy: &[E], dz: &mut [E]) {
    let along = sum_of_pairs(y, dy, |y: E, dy: E| y.widen() * dy.widen());
    for ((dz, y), dy) in dz.iter_mut().zip(y).zip(dy) {
        *dz = E::narrow(y.widen() * (dy.widen() - along));
    }
}

/// The same arithmetic in `f64`, row by row.
pub mod reference {
    use super::*;

    /// The logarithm of the sum of the exponentials of a row.
    pub fn log_sum_exp<E: Float>(z: &[E]) -> f64 {
        let max = z.iter().map(|z| z.to_f64()).fold(f64::NEG_INFINITY, f64::max);
        max + z.iter().map(|z| (z.to_f64() - max).exp()).sum::<f64>().ln()
    }

    /// See [`super::softmax`].
    pub fn softmax<E: Float>(z: &[E], width: usize, y: &mut [E]) {
        for i in 0..y.len() {
            let row = &z[i / width * width..][..width];
            y[i] = E::of((z[i].to_f64() - log_sum_exp(row)).exp());
        }
    }

    /// See [`super::softmax_backward`].
    pub fn softmax_backward<E: Float>(y: &[E], dy: &[E], width: usize, dz: &mut [E]) {
        for i in 0..dz.len() {
            let row = i / width * width..(i / width + 1) * width;
            let along: f64 = row.map(|k| y[k].to_f64() * dy[k].to_f64()).sum();
            dz[i] = E::of(y[i].to_f64() * (dy[i].to_f64() - along));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    fn agrees<E: Float>(rows: usize, width: usize) {
        let n = rows * width;
        let (z, dy) = (values::<E>(n, 1), values::<E>(n, 2));
        let (mut got, mut want, mut y) =
            (vec![E::default(); n], vec![E::default(); n], vec![E::default(); n]);
        let tolerance = 4.0 * tolerance::<E>();
        softmax(&z, width, &mut got);
        reference::softmax(&z, width, &mut y);
        assert_close(&got, &y, tolerance);
        softmax_backward(&y, &dy, width, &mut got);
        reference::softmax_backward(&y, &dy, width, &mut want);
        assert_close(&got, &want, tolerance);
    }

    #[test]
    fn agrees_with_the_reference() {
        for (rows, width) in [(1, 1), (50, 3), (9, 130)] {
            agrees::<f32>(rows, width);
            agrees::<f64>(rows, width);
            agrees::<bf16>(rows, width);
        }
    }

    #[test]
    fn gradients_are_the_differences() {
        let (z, dy) = (values::<f64>(12, 3), values::<f64>(12, 4));
        let run = |z: &[f64]| {
            let mut y = vec![0.0; 12];
            softmax(z, 4, &mut y);
            y
        };
        let mut dz = vec![0.0; 12];
        softmax_backward(&run(&z), &dy, 4, &mut dz);
        assert_gradient(&z, &dz, |z| weighted(&run(z), &dy));
    }

    #[test]
    fn large_values_do_not_overflow() {
        let mut y = [0.0f32; 2];
        softmax(&[1000.0, 1000.0], 2, &mut y);
        assert_eq!(y, [0.5, 0.5]);
    }
}
