//! Binary cross-entropy from logits, with missing targets.
//!
//! For a target t in [0, 1]: -t ln s(z) - (1 - t) ln(1 - s(z)) with s the logistic function; since
//! ln s(z) = -ln(1 + e^-z) and ln(1 - s(z)) = -z - ln(1 + e^-z), this is z - z t + ln(1 + e^-z), and by
//! ln(1 + e^-z) = max(-z, 0) + ln(1 + e^-|z|) it is max(z, 0) - z t + ln(1 + e^-|z|): nothing overflows.
//! The gradient is s(z) - t. A target that is NaN is missing: its loss and gradient are 0.

use super::elementwise::sigmoid;
use super::reduce::{CHUNK, sum_of_pairs};
use crate::dispatch;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// The sum of the losses, in nats.
///
/// # Shapes
/// `logits, targets: (values,)`.
pub fn forward<E: Float>(logits: &[E], targets: &[f64]) -> f64 {
    assert_eq!(logits.len(), targets.len(), "one target per logit");
    let chunks = (logits.par_chunks(CHUNK), targets.par_chunks(CHUNK)).into_par_iter();
    let sums = chunks.map(|(z, t)| dispatch!(sum_of_pairs(z, t, |z, t| loss::<E>(z, t))).as_f64());
    sums.collect::<Vec<f64>>().iter().sum()
}

#[inline(always)]
fn loss<E: Float>(logit: E, target: f64) -> E::Master {
    let (z, t) = (logit.widen(), E::Master::from_f64(target));
    let loss = Real::max(z, E::Master::ZERO) - z * t + (E::Master::ONE + (-z.abs()).exp()).ln();
    if target.is_nan() { E::Master::ZERO } else { loss }
}

/// `dz = (s(z) - t) scale`.
///
/// # Shapes
/// `logits, targets, dz: (values,)`.
pub fn backward<E: Float>(logits: &[E], targets: &[f64], scale: f64, dz: &mut [E]) {
    assert!([targets.len(), dz.len()] == [logits.len(); 2], "one target per logit");
    let factor = E::Master::from_f64(scale);
    let chunks = (logits.par_chunks(CHUNK), targets.par_chunks(CHUNK), dz.par_chunks_mut(CHUNK));
    chunks.into_par_iter().for_each(|(z, t, dz)| dispatch!(backward_chunk(z, t, factor, dz)));
}

#[inline(always)]
fn backward_chunk<E: Float>(z: &[E], t: &[f64], factor: E::Master, dz: &mut [E]) {
    for ((dz, z), t) in dz.iter_mut().zip(z).zip(t) {
        let gradient = (sigmoid(z.widen()) - E::Master::from_f64(*t)) * factor;
        *dz = E::narrow(if t.is_nan() { E::Master::ZERO } else { gradient });
    }
}

/// The textbook formula in `f64`, one element after another.
pub mod reference {
    use super::*;

    /// See [`super::forward`].
    pub fn forward<E: Float>(logits: &[E], targets: &[f64]) -> f64 {
        let labelled = logits.iter().zip(targets).filter(|(_, t)| !t.is_nan());
        let losses = labelled.map(|(z, t)| {
            let z = z.to_f64();
            t * softplus(-z) + (1.0 - t) * softplus(z)
        });
        losses.sum()
    }

    /// ln(1 + e^z), also where e^z is beyond all numbers.
    fn softplus(z: f64) -> f64 {
        z.max(0.0) + (-z.abs()).exp().ln_1p()
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(logits: &[E], targets: &[f64], scale: f64, dz: &mut [E]) {
        for i in 0..dz.len() {
            let probability = 1.0 / (1.0 + (-logits[i].to_f64()).exp());
            dz[i] = E::of(if targets[i].is_nan() { 0.0 } else { (probability - targets[i]) * scale });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values};

    /// Soft and hard targets, and some that are missing.
    fn targets(n: usize) -> Vec<f64> {
        (0..n).map(|i| [1.0, 0.1, f64::NAN, 0.0][i % 4]).collect()
    }

    fn agrees<E: Float>(n: usize) {
        let (z, t) = (values::<E>(n, 1), targets(n));
        assert_close(&[forward(&z, &t)], &[reference::forward(&z, &t)], 1e-5);
        let (mut got, mut want) = (vec![E::default(); n], vec![E::default(); n]);
        backward(&z, &t, 0.5, &mut got);
        reference::backward(&z, &t, 0.5, &mut want);
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
        let (z, t) = (values::<f64>(6, 3), targets(6));
        let mut dz = vec![0.0; 6];
        backward(&z, &t, 1.0, &mut dz);
        assert_gradient(&z, &dz, |z| forward(z, &t));
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(forward(&[1000.0f32, -1000.0], &[1.0, 1.0]), 1000.0);
    }
}
