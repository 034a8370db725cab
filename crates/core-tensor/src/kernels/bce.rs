//! Binary cross-entropy from logits over label sets, with unlabelled rows.
//!
//! For a target t in [0, 1]: -t ln s(z) - (1 - t) ln(1 - s(z)) with s the logistic function; since
//! ln s(z) = -ln(1 + e^-z) and ln(1 - s(z)) = -z - ln(1 + e^-z), this is z - z t + ln(1 + e^-z), and by
//! ln(1 + e^-z) = max(-z, 0) + ln(1 + e^-|z|) it is max(z, 0) - z t + ln(1 + e^-|z|): nothing overflows.
//! The gradient is s(z) - t.

use super::elementwise::sigmoid;
use super::reduce::{rows_per_chunk, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// The sum of the losses over all labels of the rows that `labelled` marks, or of all rows. In nats.
///
/// # Shapes
/// `logits, targets: (rows, labels)`, `labelled: (rows,)`.
pub fn forward<E: Float>(logits: &[E], targets: &[f32], labels: usize, labelled: Option<&[bool]>) -> f64 {
    assert_eq!(logits.len(), targets.len(), "one target per logit");
    let (width, rows) = (labels.max(1), rows_per_chunk(labels));
    let chunks = (logits.par_chunks(rows * width), targets.par_chunks(rows * width)).into_par_iter();
    let sums = chunks.enumerate().map(|(chunk, (z, t))| {
        let pairs = z.chunks_exact(width).zip(t.chunks_exact(width)).enumerate();
        let labelled_rows = pairs.filter(|(i, _)| labelled.is_none_or(|l| l[chunk * rows + i]));
        labelled_rows.map(|(_, (z, t))| dispatch!(sum_of_pairs(z, t, |z, t| loss::<E>(z, t))).as_f64()).sum()
    });
    sums.collect::<Vec<f64>>().iter().sum()
}

#[inline(always)]
fn loss<E: Float>(logit: E, target: f32) -> E::Master {
    let (z, t) = (logit.widen(), E::Master::from_f64(f64::from(target)));
    Real::max(z, E::Master::ZERO) - z * t + (E::Master::ONE + (-z.abs()).exp()).ln()
}

/// `dz = (s(z) - t) scale` in labelled rows, 0 elsewhere.
///
/// # Shapes
/// `logits, targets, dz: (rows, labels)`, `labelled: (rows,)`.
pub fn backward<E: Float>(
    logits: &[E],
    targets: &[f32],
    labels: usize,
    labelled: Option<&[bool]>,
    scale: f64,
    dz: &mut [E],
) {
    assert!([targets.len(), dz.len()] == [logits.len(); 2], "one target per logit");
    let (width, factor) = (labels.max(1), E::Master::from_f64(scale));
    let rows = (logits.par_chunks(width), targets.par_chunks(width), dz.par_chunks_mut(width));
    let rows = rows.into_par_iter().with_min_len(rows_per_chunk(width)).enumerate();
    rows.for_each(|(row, (z, t, dz))| {
        if labelled.is_none_or(|l| l[row]) {
            dispatch!(backward_row(z, t, factor, dz));
        } else {
            dz.fill(E::default());
        }
    });
}

#[inline(always)]
fn backward_row<E: Float>(z: &[E], t: &[f32], factor: E::Master, dz: &mut [E]) {
    for ((dz, z), t) in dz.iter_mut().zip(z).zip(t) {
        *dz = E::narrow((sigmoid(z.widen()) - E::Master::from_f64(f64::from(*t))) * factor);
    }
}

/// The textbook formula in `f64`, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::forward`].
    pub fn forward<E: Float>(logits: &[E], targets: &[f32], labels: usize, labelled: Option<&[bool]>) -> f64 {
        let kept = (0..targets.len()).filter(|i| labelled.is_none_or(|l| l[i / labels]));
        let losses = kept.map(|i| {
            let (z, t) = (logits[i].to_f64(), f64::from(targets[i]));
            t * (-z).exp().ln_1p() + (1.0 - t) * z.exp().ln_1p()
        });
        losses.sum()
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(
        logits: &[E],
        targets: &[f32],
        labels: usize,
        labelled: Option<&[bool]>,
        scale: f64,
        dz: &mut [E],
    ) {
        for i in 0..dz.len() {
            let kept = f64::from(labelled.is_none_or(|l| l[i / labels]));
            let probability = 1.0 / (1.0 + (-logits[i].to_f64()).exp());
            dz[i] = E::of(kept * (probability - f64::from(targets[i])) * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values};

    fn targets(n: usize) -> Vec<f32> {
        (0..n).map(|i| f32::from(u8::from(i % 3 == 0))).collect()
    }

    fn agrees<E: Float>(rows: usize, labels: usize) {
        let (z, t) = (values::<E>(rows * labels, 1), targets(rows * labels));
        let mask: Vec<bool> = (0..rows).map(|i| i % 3 != 1).collect();
        for labelled in [None, Some(&mask[..])] {
            let want = reference::forward(&z, &t, labels, labelled);
            assert_close(&[forward(&z, &t, labels, labelled)], &[want], 1e-5);
            let (mut got, mut want) = (vec![E::default(); z.len()], vec![E::default(); z.len()]);
            backward(&z, &t, labels, labelled, 0.5, &mut got);
            reference::backward(&z, &t, labels, labelled, 0.5, &mut want);
            assert_close(&got, &want, tolerance::<E>());
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        for (rows, labels) in [(1, 1), (9000, 2), (7, 40)] {
            agrees::<f32>(rows, labels);
            agrees::<f64>(rows, labels);
            agrees::<bf16>(rows, labels);
        }
    }

    #[test]
    fn gradient_is_the_differences() {
        let (z, t, labelled) = (values::<f64>(6, 3), targets(6), Some(&[true, false, true][..]));
        let mut dz = vec![0.0; 6];
        backward(&z, &t, 2, labelled, 1.0, &mut dz);
        assert_gradient(&z, &dz, |z| forward(z, &t, 2, labelled));
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(forward(&[1000.0f32, -1000.0], &[1.0, 1.0], 2, None), 1000.0);
    }
}
