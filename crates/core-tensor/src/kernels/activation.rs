//! Activations of a linear layer, each with its slope.
//!
//! GELU: Hendrycks and Gimpel, *Gaussian Error Linear Units*, 2016: x P(x) with P the normal distribution function,
//! and the approximation by tanh of its section 2.

#[cfg(target_arch = "x86_64")]
mod wide;
#[cfg(target_arch = "x86_64")]
pub(super) use wide::gelu16;

use super::reduce::CHUNK;
use crate::dispatch;
#[cfg(target_arch = "x86_64")]
use crate::element::DType;
use crate::element::{Float, Real};
use rayon::prelude::*;

/// What is applied to each element after a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// `max(0, u)`; its slope at 0 is 0.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `u/2 (1 + erf(u / sqrt 2))`.
    Gelu,
    /// `u/2 (1 + tanh(sqrt(2/pi) (u + 0.044715 u^3)))`.
    GeluTanh,
}

const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;
/// See [`gelu_tanh`].
const FAR: f64 = 20.0;

/// `max(0, u)` and its slope. In this order of arguments a NaN stays one.
#[inline(always)]
pub fn relu<M: Real>(u: M) -> (M, M) {
    (Real::max(M::ZERO, u), if u > M::ZERO { M::ONE } else { M::ZERO })
}

/// `tanh u` and its slope.
#[inline(always)]
pub fn tanh<M: Real>(u: M) -> (M, M) {
    let y = u.tanh();
    (y, M::ONE - y * y)
}

/// GELU, u P(u), and its slope, P(u) + u p(u), with P and p the normal distribution and its density.
#[inline(always)]
pub fn gelu<M: Real>(u: M) -> (M, M) {
    let (probability, density) = u.normal();
    (u * probability, probability + u * density)
}

/// GELU by tanh and its slope.
#[inline(always)]
pub fn gelu_tanh<M: Real>(u: M) -> (M, M) {
    let (half, c) = (M::from_f64(0.5), M::from_f64(SQRT_2_OVER_PI));
    // Beyond this t is 1 or -1 to the last bit, and the square of u need not be a number.
    let near = Real::max(M::from_f64(-FAR), Real::min(M::from_f64(FAR), u));
    let square = M::from_f64(CUBIC) * near * near;
    let t = (c * near * (M::ONE + square)).tanh();
    let inner_slope = c * (M::ONE + M::from_f64(3.0) * square);
    let share = half * (M::ONE + t);
    (u * share, share + half * near * (M::ONE - t * t) * inner_slope)
}

/// Values before the activation become values after it. One loop for each activation, its function called by name:
/// passed as an argument it would be called through a shim that is not always inlined, and the loop would not become a
/// vector loop.
///
/// # Safety
/// If `WIDE`, the processor must have AVX-512, and the caller must be compiled for it.
#[inline(always)]
pub(super) unsafe fn activate<M: Real, const WIDE: bool>(values: &mut [M], activation: Activation) {
    #[cfg(target_arch = "x86_64")]
    if WIDE && activation == Activation::Gelu && M::DTYPE == DType::F32 {
        // SAFETY: passed on.
        return unsafe { wide::gelu(bytemuck::cast_slice_mut(values), None) };
    }
    macro_rules! each {
        ($function:path) => {
            for u in values {
                *u = $function(*u).0;
            }
        };
    }
    match activation {
        Activation::None => {}
        Activation::Relu => each!(relu),
        Activation::Tanh => each!(tanh),
        Activation::Gelu => each!(gelu),
        Activation::GeluTanh => each!(gelu_tanh),
    }
}

/// [`activate`], and the slopes: as many as values.
///
/// # Safety
/// As for [`activate`].
#[inline(always)]
pub(super) unsafe fn with_slopes<M: Real, const WIDE: bool>(
    values: &mut [M],
    slopes: &mut [M],
    activation: Activation,
) {
    #[cfg(target_arch = "x86_64")]
    if WIDE && activation == Activation::Gelu && M::DTYPE == DType::F32 {
        let (values, slopes) = (bytemuck::cast_slice_mut(values), bytemuck::cast_slice_mut(slopes));
        // SAFETY: passed on.
        return unsafe { wide::gelu(values, Some(slopes)) };
    }
    macro_rules! each {
        ($function:path) => {
            for (u, slope) in values.iter_mut().zip(slopes) {
                (*u, *slope) = $function(*u);
            }
        };
    }
    match activation {
        Activation::None => slopes.fill(M::ONE),
        Activation::Relu => each!(relu),
        Activation::Tanh => each!(tanh),
        Activation::Gelu => each!(gelu),
        Activation::GeluTanh => each!(gelu_tanh),
    }
}

/// How many values are widened, worked on and rounded at a time.
const BLOCK: usize = 256;

/// `y = act(u)`, elementwise: to the bit what the epilogue of a product makes of `u`, where `E` is its own master.
pub fn forward<E: Float>(activation: Activation, u: &[E], y: &mut [E]) {
    assert_eq!(u.len(), y.len(), "slices of one length");
    let chunks = (u.par_chunks(CHUNK), y.par_chunks_mut(CHUNK)).into_par_iter();
    chunks.for_each(|(u, y)| dispatch!(WIDE, forward_body::<E, WIDE>(activation, u, y)));
}

/// Only for `dispatch`, which says `WIDE` where it compiles for AVX-512.
#[inline(always)]
fn forward_body<E: Float, const WIDE: bool>(activation: Activation, u: &[E], y: &mut [E]) {
    let mut values = [E::Master::ZERO; BLOCK];
    for (u, y) in u.chunks(BLOCK).zip(y.chunks_mut(BLOCK)) {
        let values = &mut values[..u.len()];
        values.iter_mut().zip(u).for_each(|(value, u)| *value = u.widen());
        // SAFETY: `dispatch` compiles this for what the processor has.
        unsafe { activate::<_, WIDE>(values, activation) };
        y.iter_mut().zip(values).for_each(|(y, value)| *y = E::narrow(*value));
    }
}

/// `d` becomes `d act'(u)`: from the gradient of the values that of the argument `u`, in its place.
pub fn backward<E: Float>(activation: Activation, u: &[E], d: &mut [E]) {
    assert_eq!(u.len(), d.len(), "slices of one length");
    let chunks = (u.par_chunks(CHUNK), d.par_chunks_mut(CHUNK)).into_par_iter();
    chunks.for_each(|(u, d)| dispatch!(WIDE, backward_body::<E, WIDE>(activation, u, d)));
}

/// Only for `dispatch`, as [`forward_body`].
#[inline(always)]
fn backward_body<E: Float, const WIDE: bool>(activation: Activation, u: &[E], d: &mut [E]) {
    let (mut values, mut slopes) = ([E::Master::ZERO; BLOCK], [E::Master::ZERO; BLOCK]);
    for (u, d) in u.chunks(BLOCK).zip(d.chunks_mut(BLOCK)) {
        let (values, slopes) = (&mut values[..u.len()], &mut slopes[..u.len()]);
        values.iter_mut().zip(u).for_each(|(value, u)| *value = u.widen());
        // SAFETY: `dispatch` compiles this for what the processor has.
        unsafe { with_slopes::<_, WIDE>(values, slopes, activation) };
        for (d, slope) in d.iter_mut().zip(slopes) {
            *d = E::narrow(d.widen() * *slope);
        }
    }
}

/// The same functions, one element after another, in `f64`.
pub mod reference {
    use super::*;
    use crate::special::erf_f64;

    pub(crate) fn value(activation: Activation, u: f64) -> f64 {
        match activation {
            Activation::None => u,
            Activation::Relu => u.max(0.0),
            Activation::Tanh => u.tanh(),
            Activation::Gelu => 0.5 * u * (1.0 + erf_f64(u / 2f64.sqrt())),
            Activation::GeluTanh => {
                0.5 * u * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (u + 0.044_715 * u.powi(3))).tanh())
            }
        }
    }

    pub(crate) fn slope(activation: Activation, u: f64) -> f64 {
        let c = (2.0 / std::f64::consts::PI).sqrt();
        match activation {
            Activation::None => 1.0,
            Activation::Relu => f64::from(u > 0.0),
            Activation::Tanh => 1.0 - u.tanh().powi(2),
            Activation::Gelu => 0.5 * (1.0 + erf_f64(u / 2f64.sqrt())) + u * 0.5 * c * (-0.5 * u * u).exp(),
            Activation::GeluTanh => {
                let t = (c * (u + 0.044_715 * u.powi(3))).tanh();
                0.5 * (1.0 + t) + 0.5 * u * (1.0 - t * t) * c * (1.0 + 3.0 * 0.044_715 * u * u)
            }
        }
    }

    /// See [`super::forward`].
    #[cfg(test)]
    pub fn forward<E: Float>(activation: Activation, u: &[E], y: &mut [E]) {
        for i in 0..y.len() {
            y[i] = E::of(value(activation, u[i].to_f64()));
        }
    }

    /// See [`super::backward`].
    pub fn backward<E: Float>(activation: Activation, u: &[E], d: &mut [E]) {
        for i in 0..d.len() {
            d[i] = E::of(d[i].to_f64() * slope(activation, u[i].to_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bf16;
    use crate::kernels::check::{assert_close, assert_gradient, tolerance, values, weighted};

    const ALL: [Activation; 5] =
        [Activation::None, Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh];

    fn agrees<E: Float>() {
        let n = 20_011;
        let u: Vec<E> = values::<f64>(n, 1).into_iter().map(|u| E::of(3.0 * u)).collect();
        let dy = values::<E>(n, 2);
        let (mut got, mut want) = (vec![E::default(); n], vec![E::default(); n]);
        for activation in ALL {
            forward(activation, &u, &mut got);
            reference::forward(activation, &u, &mut want);
            assert_close(&got, &want, tolerance::<E>());
            (got, want) = (dy.clone(), dy.clone());
            backward(activation, &u, &mut got);
            reference::backward(activation, &u, &mut want);
            assert_close(&got, &want, tolerance::<E>());
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        agrees::<f32>();
        agrees::<f64>();
        agrees::<bf16>();
    }

    #[test]
    fn slopes_are_the_differences() {
        let (u, dy) = (values::<f64>(50, 3), values::<f64>(50, 4));
        for activation in ALL {
            let mut du = dy.clone();
            backward(activation, &u, &mut du);
            assert_gradient(&u, &du, |u| {
                let mut y = vec![0.0; 50];
                forward(activation, u, &mut y);
                weighted(&y, &dy)
            });
        }
    }

    #[test]
    fn slopes_far_from_zero_are_those_of_a_line() {
        for activation in [Activation::Gelu, Activation::GeluTanh] {
            let (u, mut y, mut du) = ([-1e30f32, -25.0, 25.0, 1e30], [0.0; 4], [1.0; 4]);
            forward(activation, &u, &mut y);
            backward(activation, &u, &mut du);
            assert_eq!((y, du), ([0.0, 0.0, 25.0, 1e30], [0.0, 0.0, 1.0, 1.0]), "{activation:?}");
        }
    }

    #[test]
    fn gelu_has_its_published_values() {
        let mut y = [0.0f64; 3];
        forward(Activation::Gelu, &[-1.0, 0.0, 1.0], &mut y);
        assert_close(&y, &[-0.158_655_253_931_457, 0.0, 0.841_344_746_068_543], 1e-14);
    }
}
