//! Elementary functions by AVX-512, sixteen lanes of `f32` at a time.

use std::arch::x86_64::*;

/// Lanes of a vector of `f32`.
pub(super) const LANES: usize = 16;

/// The mask of the lanes below `count`; all if there are so many.
#[inline(always)]
pub(super) fn below(count: usize) -> __mmask16 {
    (0xffff_u32 >> (LANES - count.min(LANES))) as u16
}

/// `e^x` by lanes, within 3e-7 of itself, as [`special::exp`](crate::special::exp); 0 below -110, where it is less than
/// the least `f32`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn exp(x: __m512) -> __m512 {
    let constant = |value: f32| _mm512_set1_ps(value);
    // In this order of arguments a NaN stays one.
    let x = _mm512_max_ps(constant(-110.0), x);
    let n = _mm512_roundscale_ps::<0>(_mm512_mul_ps(x, constant(std::f32::consts::LOG2_E)));
    let r = _mm512_fnmadd_ps(n, constant(0.693_359_4), x);
    let r = _mm512_fnmadd_ps(n, constant(-2.121_944_4e-4), r);
    let p = constant(1.987_569_2e-4);
    let p = _mm512_fmadd_ps(p, r, constant(1.398_199_9e-3));
    let p = _mm512_fmadd_ps(p, r, constant(8.333_452e-3));
    let p = _mm512_fmadd_ps(p, r, constant(4.166_579_6e-2));
    let p = _mm512_fmadd_ps(p, r, constant(0.166_666_65));
    let p = _mm512_fmadd_ps(p, r, constant(0.5));
    let series = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r), constant(1.0));
    _mm512_scalef_ps(series, n)
}

/// `2^z` for z at most 0, within 2 units in the last place; 0 below -150. Cheaper than [`exp`], whose argument is
/// reduced in two parts to stay as exact far from 0.
///
/// With n = round(z), |z - n| is at most 1/2, where the six terms after the first of e^((z - n) ln 2) suffice.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline(always)]
pub(super) unsafe fn exp2(z: __m512) -> __m512 {
    // SAFETY: the caller has the instructions.
    unsafe {
        // The second operand is the result where one is NaN.
        let z = _mm512_max_ps(_mm512_set1_ps(-160.0), z);
        let n = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(z);
        let r = _mm512_sub_ps(z, n);
        // (ln 2)^k / k!
        let mut series = _mm512_set1_ps(1.540_353e-4);
        for term in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, std::f32::consts::LN_2, 1.0] {
            series = _mm512_fmadd_ps(series, r, _mm512_set1_ps(term));
        }
        _mm512_scalef_ps(series, n)
    }
}

/// `to[i] = e^(a[i] - b[i])`; all have one length, a multiple of 16.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn exp_of_difference(a: &[f32], b: &[f32], to: &mut [f32]) {
    let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
    for ((a, b), to) in a.iter().zip(b).zip(to.as_chunks_mut::<LANES>().0) {
        // SAFETY: each chunk is a vector.
        unsafe {
            let difference = _mm512_sub_ps(_mm512_loadu_ps(a.as_ptr()), _mm512_loadu_ps(b.as_ptr()));
            _mm512_storeu_ps(to.as_mut_ptr(), exp(difference));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_that_of_a_double() {
        if !is_x86_feature_detected!("avx512f") {
            return;
        }
        let of = |x: f32| {
            let mut lanes = [0f32; LANES];
            // SAFETY: the instructions were detected.
            unsafe { exp_of_difference(&[x; LANES], &[0.0; LANES], &mut lanes) }
            lanes[0]
        };
        for x in (-87_000..=10_000).map(|i| i as f32 * 1e-3) {
            let exact = f64::from(x).exp();
            assert!((f64::from(of(x)) - exact).abs() <= 3e-7 * exact, "exp({x}) = {}", of(x));
        }
        assert_eq!((of(f32::NEG_INFINITY), of(-1e30), of(0.0)), (0.0, 0.0, 1.0));
        assert!(of(f32::NAN).is_nan());
    }
}
