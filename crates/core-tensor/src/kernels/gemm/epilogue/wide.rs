//! The way of a block of sums to its place by AVX-512: each vector is loaded once, and bias, trace, activation and
//! rounding are done to it in registers.

use super::{Output, Trace};
use crate::element::{DType, Float};
use crate::kernels::activation::{Activation, gelu16};
use crate::kernels::gemm::transpose::widened_lanes;
use std::arch::x86_64::*;

/// Values of a vector.
const LANES: usize = 16;

impl<C: Float> Output<'_, C> {
    /// Whether [`finish_wide`](Self::finish_wide) knows the way. `rounds` says whether the kernel has the instruction that
    /// rounds to bf16.
    #[inline(always)]
    pub(super) fn goes_wide(&self, rounds: bool) -> bool {
        let stored = match C::DTYPE {
            DType::F32 => true,
            DType::Bf16 => rounds,
            _ => false,
        };
        stored && matches!(self.activation, Activation::None | Activation::Gelu)
    }

    /// [`finish`](Self::finish), to the bit, where [`goes_wide`](Self::goes_wide). `width` is that of the block.
    ///
    /// # Safety
    /// As for [`finish`](Self::finish), with AVX-512 F, BW and VL and, if the result is bf16, the instructions for that;
    /// `sums` must hold `rows` rows, which with `cols` columns must lie within the result.
    #[inline(always)]
    pub(super) unsafe fn finish_wide(
        &self,
        sums: *const f32,
        width: usize,
        (row, rows): (usize, usize),
        (col, cols): (usize, usize),
    ) {
        // SAFETY: passed on.
        unsafe {
            match (cols == width, self.activation == Activation::Gelu) {
                (true, true) => self.rows::<true, true>(sums, width, (row, rows), (col, cols)),
                (true, false) => self.rows::<true, false>(sums, width, (row, rows), (col, cols)),
                (false, true) => self.rows::<false, true>(sums, width, (row, rows), (col, cols)),
                (false, false) => self.rows::<false, false>(sums, width, (row, rows), (col, cols)),
            }
        }
    }

    /// [`finish_wide`](Self::finish_wide) for whole rows of the block, or for parts of them, with GELU or without.
    ///
    /// # Safety
    /// As for [`finish_wide`](Self::finish_wide).
    #[inline(always)]
    unsafe fn rows<const WHOLE: bool, const GELU: bool>(
        &self,
        sums: *const f32,
        width: usize,
        (row, rows): (usize, usize),
        (col, cols): (usize, usize),
    ) {
        for i in 0..rows {
            for from in (0..cols).step_by(LANES) {
                let mask = if WHOLE { u16::MAX } else { below(cols - from) };
                let at = (row + i) * self.ldc + col + from;
                // SAFETY: the caller has the instructions; `mask` names lanes inside the block, the result and the bias.
                unsafe {
                    let mut u = _mm512_loadu_ps(sums.add(i * width + from));
                    if self.accumulate {
                        u = _mm512_add_ps(u, load::<C>(self.c.add(at), mask));
                    }
                    if let Some(bias) = self.bias {
                        let bias = bias.as_ptr().add(col + from).cast();
                        u = _mm512_add_ps(u, _mm512_maskz_loadu_ps(mask, bias));
                    }
                    if let Some((Trace::Argument, arguments)) = self.trace {
                        store::<C, WHOLE>(arguments.add(at), mask, u);
                    }
                    let slope = if GELU {
                        let (y, slope) = gelu16(u);
                        u = y;
                        slope
                    } else {
                        _mm512_set1_ps(1.0)
                    };
                    if let Some((Trace::Slope, slopes)) = self.trace {
                        store::<C, WHOLE>(slopes.add(at), mask, slope);
                    }
                    store::<C, WHOLE>(self.c.add(at), mask, u);
                }
            }
        }
    }
}

/// The lanes below `count`.
#[inline(always)]
fn below(count: usize) -> __mmask16 {
    (0xffff_u32 >> (LANES - count.min(LANES))) as u16
}

/// c = u rounded, as [`store`] does.
///
/// # Safety
/// As for [`store`].
#[inline(always)]
pub(super) unsafe fn round<C: Float>(c: &mut [C], u: &[f32]) {
    debug_assert!(u.len() >= c.len(), "a value for each place");
    for from in (0..c.len()).step_by(LANES) {
        let mask = below(c.len() - from);
        // SAFETY: the caller has the instructions; `mask` names lanes inside both slices.
        unsafe {
            let u = _mm512_maskz_loadu_ps(mask, u.as_ptr().add(from));
            store::<C, false>(c.as_mut_ptr().add(from), mask, u);
        }
    }
}

/// The lanes in `mask` from `from` on.
///
/// # Safety
/// AVX-512 F, BW and VL; those lanes must lie there; `C` is f32 or bf16.
#[inline(always)]
unsafe fn load<C: Float>(from: *const C, mask: __mmask16) -> __m512 {
    // SAFETY: passed on.
    unsafe {
        match C::DTYPE {
            DType::Bf16 => _mm512_castsi512_ps(widened_lanes(from.cast(), mask)),
            _ => _mm512_maskz_loadu_ps(mask, from.cast()),
        }
    }
}

/// Writes the lanes in `mask`, which are all if `WHOLE`, to `to`; to bf16 rounded to nearest, ties to even, by the
/// instruction for it, which takes denormal numbers for zeros.
///
/// # Safety
/// As for [`load`], with the instructions for bf16 where that is stored.
#[inline(always)]
unsafe fn store<C: Float, const WHOLE: bool>(to: *mut C, mask: __mmask16, u: __m512) {
    // SAFETY: passed on. The vector types of bf16 and of integers hold the same bits.
    unsafe {
        if C::DTYPE == DType::Bf16 {
            let rounded = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(u));
            match WHOLE {
                true => _mm256_storeu_si256(to.cast(), rounded),
                false => _mm256_mask_storeu_epi16(to.cast(), mask, rounded),
            }
        } else {
            match WHOLE {
                true => _mm512_storeu_ps(to.cast(), u),
                false => _mm512_mask_storeu_ps(to.cast(), mask, u),
            }
        }
    }
}
