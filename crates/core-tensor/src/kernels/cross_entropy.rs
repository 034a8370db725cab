//! Cross-entropy from logits, with ignored rows and label smoothing.
//!
//! With p = softmax z, target t and smoothing s over C classes, the target distribution is
//! q = (1 - s) [c = t] + s / C (Szegedy et al., *Rethinking the Inception Architecture*, 2016, section 7), and
//! -sum q ln p = lse z - (1 - s) z_t - s mean z, with gradient p - q. The forward pass keeps lse z of each row, from
//! which the backward pass has p = e^(z - lse z) in one sweep; no probabilities are kept.

use super::reduce::{rows_per_chunk, sum_of};
use super::softmax::log_sum_exp;
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// What a target means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets<'a> {
    /// The class of each row, below the number of classes, or `ignored`.
    pub classes: &'a [u32],
    /// The value that marks a row without a target: it has no loss and no gradient.
    pub ignored: u32,
    /// The share of the target that is spread over all classes, in [0, 1).
    pub smoothing: f64,
}

/// The loss of each row, 0 where the target is ignored; returns their sum. `lse` receives each row's
/// log-sum-exp, for [`backward`].
///
/// Losses in nats. Panics if a target that is not ignored is no class.
///
/// # Shapes
/// `logits: (rows, classes)`, `losses, lse: (rows,)`.
pub fn forward<E: Float>(
    logits: &[E],
    targets: Targets<'_>,
    losses: &mut [E::Master],
    lse: &mut [E::Master],
) -> f64 {
    let rows = targets.classes.len();
    assert!(losses.len() == rows && lse.len() == rows, "one target per row");
    let width = width(logits, rows);
    let per_chunk = rows_per_chunk(width);
    let chunks = (
        logits.par_chunks(per_chunk * width),
        targets.classes.par_chunks(per_chunk),
        losses.par_chunks_mut(per_chunk),
        lse.par_chunks_mut(per_chunk),
    );
    let sums: Vec<f64> = chunks
        .into_par_iter()
        .map(|(logits, classes, losses, lse)| {
            let targets = Targets { classes, ..targets };
            dispatch!(forward_rows(logits, targets, width, losses, lse))
        })
        .collect();
    sums.iter().sum()
}

/// The number of classes, at least 1 where there are no rows.
fn width<E>(logits: &[E], rows: usize) -> usize {
    let width = (logits.len() / rows.max(1)).max(1);
    assert_eq!(logits.len(), rows * width, "whole rows of logits");
    width
}

#[inline(always)]
fn forward_rows<E: Float>(
    logits: &[E],
    targets: Targets<'_>,
    width: usize,
    losses: &mut [E::Master],
    lse: &mut [E::Master],
) -> f64 {
    let mut scratch = vec![E::Master::ZERO; width];
    let (smoothing, share) =
        (E::Master::from_f64(targets.smoothing), E::Master::from_f64(1.0 / width as f64));
    let mut sum = 0.0;
    let rows = logits.chunks_exact(width).zip(targets.classes);
    for (((z, class), loss), lse) in rows.zip(losses).zip(lse) {
        (*loss, *lse) = (E::Master::ZERO, E::Master::ZERO);
        if *class != targets.ignored {
            *lse = log_sum_exp(z, &mut scratch);
            *loss = *lse - z[*class as usize].widen();
            if targets.smoothing != 0.0 {
                let mean = sum_of(z, E::widen) * share;
                *loss = *loss * (E::Master::ONE - smoothing) + smoothing * (*lse - mean);
            }
            sum += loss.as_f64();
        }
    }
    sum
}

/// `dlogits = (softmax(logits) - q) scale`, zero in ignored rows; `scale` is the gradient of the summed loss, such as
/// a task's weight over its number of examples.
///
/// # Shapes
/// `logits, dlogits: (rows, classes)`, `lse: (rows,)` of [`forward`].
pub fn backward<E: Float>(
    logits: &[E],
    targets: Targets<'_>,
    lse: &[E::Master],
    scale: f64,
    dlogits: &mut [E],
) {
    let rows = targets.classes.len();
    assert!(lse.len() == rows && dlogits.len() == logits.len(), "one target per row");
    let width = width(logits, rows);
    let per_chunk = rows_per_chunk(width);
    let chunks = (
        logits.par_chunks(per_chunk * width),
        targets.classes.par_chunks(per_chunk),
        lse.par_chunks(per_chunk),
        dlogits.par_chunks_mut(per_chunk * width),
    );
    chunks.into_par_iter().for_each(|(logits, classes, lse, dlogits)| {
        let targets = Targets { classes, ..targets };
        dispatch!(backward_rows(logits, targets, width, lse, E::Master::from_f64(scale), dlogits));
    });
}

#[inline(always)]
fn backward_rows<E: Float>(
    logits: &[E],
    targets: Targets<'_>,
    width: usize,
    lse: &[E::Master],
    scale: E::Master,
    dlogits: &mut [E],
) {
    let spread = E::Master::from_f64(targets.smoothing / width as f64);
    let peak = E::Master::from_f64(1.0 - targets.smoothing) + spread;
    let rows = logits.chunks_exact(width).zip(targets.classes).zip(lse);
    for (((z, class), lse), dz) in rows.zip(dlogits.chunks_exact_mut(width)) {
        if *class == targets.ignored {
            dz.fill(E::default());
            continue;
        }
        for (dz, z) in dz.iter_mut().zip(z) {
            *dz = E::narrow(((z.widen() - *lse).exp() - spread) * scale);
        }
        let class = *class as usize;
        dz[class] = E::narrow(((z[class].widen() - *lse).exp() - peak) * scale);
    }
}

/// The same arithmetic in `f64`, class by class.
pub mod reference {
    use super::*;
    use crate::kernels::softmax::reference::log_sum_exp;

    /// The target distribution's share of a class.
    fn share(targets: &Targets<'_>, row: usize, class: usize, width: usize) -> f64 {
        let hit = f64::from(targets.classes[row] as usize == class);
        (1.0 - targets.smoothing) * hit + targets.smoothing / width as f64
    }

    /// See [`super::forward`].
    pub fn forward<E: Float>(
        logits: &[E],
        targets: Targets<'_>,
        losses: &mut [E::Master],
        lse: &mut [E::Master],
    ) -> f64 {
        let width = width(logits, losses.len());
        let mut sum = 0.0;
        for row in 0..losses.len() {
            let z = &logits[row * width..][..width];
            let (mut loss, mut total) = (0.0, 0.0);
            if targets.classes[row] != targets.ignored {
                total = log_sum_exp(z);
                loss = (0..width).map(|c| share(&targets, row, c, width) * (total - z[c].to_f64())).sum();
            }
            sum += loss;
            (losses[row], lse[row]) = (E::Master::from_f64(loss), E::Master::from_f64(total));
        }
        sum
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(
        logits: &[E],
        targets: Targets<'_>,
        lse: &[E::Master],
        scale: f64,
        dlogits: &mut [E],
    ) {
        let width = width(logits, lse.len());
        for i in 0..dlogits.len() {
            let (row, class) = (i / width, i % width);
            let probability = (logits[i].to_f64() - lse[row].as_f64()).exp();
            let kept = f64::from(targets.classes[row] != targets.ignored);
            dlogits[i] = E::of(kept * (probability - share(&targets, row, class, width)) * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values};

    const IGNORED: u32 = u32::MAX;

    fn classes(rows: usize, width: usize) -> Vec<u32> {
        (0..rows).map(|i| if i % 4 == 1 { IGNORED } else { (i * i % width) as u32 }).collect()
    }

    fn agrees<E: Float>(rows: usize, width: usize, smoothing: f64) {
        let (z, classes) = (values::<E>(rows * width, 1), classes(rows, width));
        let targets = Targets { classes: &classes, ignored: IGNORED, smoothing };
        let zeros =
            || (vec![E::Master::ZERO; rows], vec![E::Master::ZERO; rows], vec![E::default(); rows * width]);
        let (mut got, mut want) = (zeros(), zeros());
        let sum = forward(&z, targets, &mut got.0, &mut got.1);
        let slow = reference::forward(&z, targets, &mut want.0, &mut want.1);
        assert_close(&[sum], &[slow], 1e-5);
        assert_close(&got.0, &want.0, 1e-5);
        assert_close(&got.1, &want.1, 1e-5);
        backward(&z, targets, &got.1, 0.25, &mut got.2);
        reference::backward(&z, targets, &want.1, 0.25, &mut want.2);
        assert_close(&got.2, &want.2, tolerance::<E>());
    }

    #[test]
    fn agrees_with_the_reference() {
        for (rows, width, smoothing) in
            [(0, 3, 0.0), (5, 1, 0.0), (9, 3, 0.1), (70, 300, 0.0), (3, 20_000, 0.1)]
        {
            agrees::<f32>(rows, width, smoothing);
            agrees::<f64>(rows, width, smoothing);
            agrees::<bf16>(rows, width, smoothing);
        }
    }

    #[test]
    fn gradient_is_the_differences() {
        let (z, classes) = (values::<f64>(20, 2), classes(4, 5));
        for smoothing in [0.0, 0.2] {
            let targets = Targets { classes: &classes, ignored: IGNORED, smoothing };
            let (mut losses, mut lse, mut dz) = (vec![0.0; 4], vec![0.0; 4], vec![0.0; 20]);
            forward(&z, targets, &mut losses, &mut lse);
            backward(&z, targets, &lse, 1.0, &mut dz);
            assert_gradient(&z, &dz, |z| forward(z, targets, &mut [0.0; 4], &mut [0.0; 4]));
        }
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_their_number() {
        let targets = Targets { classes: &[2, 9], ignored: 9, smoothing: 0.0 };
        let sum = forward(&[1.0f64; 8], targets, &mut [0.0; 2], &mut [0.0; 2]);
        assert_close(&[sum], &[4f64.ln()], 1e-15);
    }
}
