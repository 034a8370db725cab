//! What the kernels' tests share: repeatable inputs, comparisons, finite differences.

use mtl_base::draws::{Draws, GAMMA};

use crate::element::Float;

/// `n` repeatable values in [-2, 2), different for each seed.
pub(crate) fn values<E: Float>(n: usize, seed: u64) -> Vec<E> {
    let draws = Draws::from_key(seed.wrapping_mul(GAMMA));
    (0..n as u64).map(|index| E::of(4.0 * draws.uniform(index) - 2.0)).collect()
}

/// Panics unless the slices agree within `tolerance`, absolute below 1 and relative above.
pub(crate) fn assert_close<E: Float>(got: &[E], want: &[E], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let (g, w) = (g.to_f64(), w.to_f64());
        assert!((g - w).abs() <= tolerance * w.abs().max(1.0), "element {i}: {g}, expected {w}");
    }
}

/// The tolerance that two orders of the same arithmetic need in `E`.
pub(crate) fn tolerance<E: Float>() -> f64 {
    match E::DTYPE {
        crate::element::DType::F64 => 1e-12,
        crate::element::DType::F32 => 1e-5,
        _ => 1.6e-2,
    }
}

/// Panics unless `gradient` is the gradient of `f` at `x`, by central differences.
pub(crate) fn assert_gradient(x: &[f64], gradient: &[f64], f: impl Fn(&[f64]) -> f64) {
    assert_eq!(x.len(), gradient.len());
    let h = 1e-5;
    for i in 0..x.len() {
        let shifted = |by: f64| {
            let mut x = x.to_vec();
            x[i] += by;
            f(&x)
        };
        let numeric = (shifted(h) - shifted(-h)) / (2.0 * h);
        let error = (numeric - gradient[i]).abs();
        assert!(
            error <= 1e-7 * numeric.abs().max(1.0),
            "element {i}: {}, differences {numeric}",
            gradient[i]
        );
    }
}

/// The weighted sum that turns an output into a scalar whose gradient is `weights`.
pub(crate) fn weighted(y: &[f64], weights: &[f64]) -> f64 {
    y.iter().zip(weights).map(|(y, w)| y * w).sum()
}
