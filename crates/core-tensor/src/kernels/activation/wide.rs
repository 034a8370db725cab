//! GELU and its slope, sixteen lanes at a time: what the epilogue of a product does most, by AVX-512.
//!
//! The formulas are those of [`special::normal`](crate::special::normal). Three things make them cheaper here than
//! what the compiler makes of the scalar form: products and sums are fused, the exponential is one of base two whose
//! integer part goes into the exponent by one instruction (`scalef`, which also handles results too small), and
//! nothing is done for arguments that cannot occur.

use crate::kernels::vector::{below, exp2};
use std::arch::x86_64::*;
use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Values before GELU become values after it, and `slopes`, where there are some, receive the slope there. Absolute
/// error at most 4e-7 of the probability; see `special::normal`.
///
/// # Safety
/// The processor must have AVX-512 F, and the caller must be compiled for it.
///
/// # Panics
/// If there are slopes, but not as many as values.
#[inline(always)]
pub(in crate::kernels) unsafe fn gelu(values: &mut [f32], mut slopes: Option<&mut [f32]>) {
    if let Some(slopes) = &slopes {
        assert_eq!(slopes.len(), values.len(), "a slope for each value");
    }
    for from in (0..values.len()).step_by(16) {
        let mask = below(values.len() - from);
        // SAFETY: the caller has the instructions; `mask` names lanes inside the slices.
        unsafe {
            let at = values.as_mut_ptr().add(from);
            let (y, slope) = gelu16(_mm512_maskz_loadu_ps(mask, at));
            _mm512_mask_storeu_ps(at, mask, y);
            if let Some(slopes) = &mut slopes {
                _mm512_mask_storeu_ps(slopes.as_mut_ptr().add(from), mask, slope);
            }
        }
    }
}

/// `u P(u)` and `P(u) + u p(u)`, with P and p the normal distribution and its density.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline(always)]
pub(in crate::kernels) unsafe fn gelu16(u: __m512) -> (__m512, __m512) {
    // SAFETY: the caller has the instructions.
    unsafe {
        let all = |x: f32| _mm512_set1_ps(x);
        // 7.1.26 of Abramowitz and Stegun at a = |u| / sqrt 2.
        let a = _mm512_abs_ps(u);
        let t = _mm512_div_ps(all(1.0), _mm512_fmadd_ps(all(0.327_591_1 * FRAC_1_SQRT_2), a, all(1.0)));
        let p = all(1.061_405_4);
        let p = _mm512_fmadd_ps(p, t, all(-1.453_152_1));
        let p = _mm512_fmadd_ps(p, t, all(1.421_413_8));
        let p = _mm512_fmadd_ps(p, t, all(-0.284_496_72));
        let p = _mm512_fmadd_ps(p, t, all(0.254_829_6));
        let e = exp2(_mm512_mul_ps(_mm512_mul_ps(u, u), all(-0.5 * LOG2_E)));
        let tail = _mm512_mul_ps(_mm512_mul_ps(_mm512_mul_ps(p, t), all(0.5)), e);
        let positive = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(u, _mm512_setzero_ps());
        let probability = _mm512_mask_sub_ps(tail, positive, all(1.0), tail);
        let density = _mm512_mul_ps(e, all(0.398_942_3));
        (_mm512_mul_ps(u, probability), _mm512_fmadd_ps(u, density, probability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::activation::{Activation, reference};

    #[target_feature(enable = "avx512f")]
    fn compiled(values: &mut [f32], slopes: Option<&mut [f32]>) {
        // SAFETY: this function is compiled for AVX-512.
        unsafe { gelu(values, slopes) }
    }

    #[test]
    fn is_close_to_the_reference_everywhere() {
        if !is_x86_feature_detected!("avx512f") {
            return;
        }
        let us: Vec<f32> = (-200_003..=200_003).map(|i| i as f32 * 1e-4).collect();
        let (mut ys, mut slopes, mut alone) = (us.clone(), vec![0.0; us.len()], us.clone());
        // SAFETY: the instructions were detected.
        unsafe {
            compiled(&mut ys, Some(&mut slopes));
            compiled(&mut alone, None);
        }
        assert_eq!(ys, alone, "a slope does not change the value");
        for ((&u, y), slope) in us.iter().zip(ys).zip(slopes) {
            let exact = f64::from(u);
            let (value, tangent) =
                (reference::value(Activation::Gelu, exact), reference::slope(Activation::Gelu, exact));
            assert!(
                (f64::from(y) - value).abs() <= 4e-7 * exact.abs().max(1.0),
                "gelu({u}) = {y} not {value}"
            );
            assert!((f64::from(slope) - tangent).abs() <= 2e-6, "slope at {u}: {slope} not {tangent}");
        }
    }

    #[test]
    fn the_ends_are_exact_and_nan_stays() {
        if !is_x86_feature_detected!("avx512f") {
            return;
        }
        let (mut ys, mut slopes) = ([-1e30, -60.0, 0.0, 60.0, 1e30, f32::NAN], [0.0; 6]);
        // SAFETY: the instructions were detected.
        unsafe { compiled(&mut ys, Some(&mut slopes)) }
        assert_eq!(ys[..5], [0.0, 0.0, 0.0, 60.0, 1e30]);
        assert_eq!(slopes[..5], [0.0, 0.0, 0.5, 1.0, 1.0]);
        assert!(ys[5].is_nan() && slopes[5].is_nan());
    }
}
