//! The way of a block of sums to its place by AVX-512: each vector is loaded once, and bias, trace, activation and
//! rounding are done to it in registers.

use super::{Output, Trace};
use crate::element::{DType, Float};
use crate::kernels::activation::{Activation, gelu16};
use crate::kernels::gemm::transpose::widened_lanes;
use crate::kernels::vector::{LANES, below};
use std::arch::x86_64::*;

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

#[cfg(test)]
mod tests {
    use super::super::Epilogue;
    use super::*;
    use crate::element::bf16;
    use crate::kernels::activation::{activate, with_slopes};
    use crate::kernels::check::values;
    use crate::kernels::gemm::pack::Pair;
    use crate::kernels::gemm::tile::Avx512;
    use crate::kernels::isa::Isa;

    const ROWS: usize = 4;
    const LDC: usize = 70;
    /// The block's place and its width in sums.
    const AT: (usize, usize) = (1, 32);
    const WIDTH: usize = 32;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
    fn finished<C: Float<Master = f32>>(out: &Output<'_, C>, sums: &mut [f32]) {
        // SAFETY: this function is compiled for the kernel's instructions; there is one thread.
        unsafe { out.finish::<Avx512<Pair>>(sums, AT.0, AT.1) }
    }

    #[target_feature(enable = "avx512f")]
    fn activated(activation: Activation, values: &mut [f32], slopes: &mut [f32]) {
        // SAFETY: this function is compiled for AVX-512.
        unsafe {
            with_slopes::<_, true>(&mut values.to_vec(), slopes, activation);
            activate::<_, true>(values, activation);
        }
    }

    /// The block goes to its place as if each step were done by itself, and nothing else is written.
    fn is_done_step_by_step<C: Float<Master = f32>>(
        cols: usize,
        accumulate: bool,
        with_bias: bool,
        activation: Activation,
        trace: Option<Trace>,
    ) {
        let (block, total) = (ROWS - AT.0, AT.1 + cols);
        let (old, bias) = (values::<C>(ROWS * LDC, 1), values::<f32>(total, 2));
        let sums = values::<f32>(12 * WIDTH, 3);
        let (mut want, mut want_trace) = (old.clone(), old.clone());
        for i in 0..block {
            let at = (AT.0 + i) * LDC + AT.1;
            let mut u: Vec<f32> = sums[i * WIDTH..][..cols].to_vec();
            for (j, u) in u.iter_mut().enumerate() {
                *u += if accumulate { old[at + j].widen() } else { 0.0 };
                *u += if with_bias { bias[AT.1 + j] } else { 0.0 };
            }
            let (mut y, mut slopes) = (u.clone(), vec![0.0; cols]);
            // SAFETY: the caller has detected the instructions.
            unsafe { activated(activation, &mut y, &mut slopes) }
            for j in 0..cols {
                want[at + j] = C::narrow(y[j]);
                match trace {
                    Some(Trace::Argument) => want_trace[at + j] = C::narrow(u[j]),
                    Some(Trace::Slope) => want_trace[at + j] = C::narrow(slopes[j]),
                    None => {}
                }
            }
        }
        let (mut got, mut got_trace, mut sums) = (old.clone(), old.clone(), sums);
        let epilogue = Epilogue {
            bias: with_bias.then_some(&bias[..]),
            activation,
            trace: trace.map(|kind| (kind, &mut got_trace[..])),
        };
        let out = Output::<C>::new(&mut got, LDC, ROWS, total, accumulate, epilogue);
        assert!(out.goes_wide(true));
        // SAFETY: as above.
        unsafe { finished(&out, &mut sums) }
        let case = (cols, accumulate, with_bias, activation, trace);
        assert!(got == want && got_trace == want_trace, "{} {case:?}", C::DTYPE);
    }

    #[test]
    fn what_is_done_in_registers_is_what_is_done_step_by_step_to_the_bit() {
        if Isa::detect() != Isa::Avx512Bf16 {
            return;
        }
        for cols in [WIDTH, 20, 16, 5] {
            for bits in 0..4 {
                let (accumulate, with_bias) = (bits & 1 == 1, bits & 2 == 2);
                for activation in [Activation::None, Activation::Gelu] {
                    for trace in [None, Some(Trace::Argument), Some(Trace::Slope)] {
                        is_done_step_by_step::<f32>(cols, accumulate, with_bias, activation, trace);
                        is_done_step_by_step::<bf16>(cols, accumulate, with_bias, activation, trace);
                    }
                }
            }
        }
    }
}
