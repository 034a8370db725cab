//! Sixteen by sixteen 32-bit units, transposed in AVX-512 registers; and the loads that make such units.
//!
//! Every function here is inlined into one that was compiled for the instructions.

use crate::element::bf16;
use crate::kernels::array;
use crate::kernels::vector::below;
use std::arch::x86_64::*;

/// Writes the transpose of 16 rows of 16 units, given by `row` (absent ones are zero): row j of the transpose to
/// `to[j * stride]` on, the first `width` units of it.
///
/// # Safety
/// The processor must have AVX-512 F. `Unit` must have 32 bits.
#[inline(always)]
pub(super) unsafe fn transposed<Unit>(
    row: impl Fn(usize) -> Option<__m512i>,
    to: &mut [Unit],
    stride: usize,
    width: usize,
) {
    assert!(
        size_of::<Unit>() == 4 && width <= 16 && to.len() >= 15 * stride + width,
        "a block holds its transpose"
    );
    let mask = below(width);
    // SAFETY: the caller has the instructions; the length of `to` is checked above.
    unsafe {
        let zero = _mm512_setzero_si512();
        let rows: [__m512i; 16] = array(
            #[inline(always)]
            |i| row(i).unwrap_or(zero),
        );
        for (j, column) in transpose16(rows).into_iter().enumerate() {
            let to = to.as_mut_ptr().add(j * stride).cast();
            match width {
                16 => _mm512_storeu_epi32(to, column),
                _ => _mm512_mask_storeu_epi32(to, mask, column),
            }
        }
    }
}

/// The transpose, by exchanging ever larger squares: pairs of 1, then 2, then 4, then 8 units.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline(always)]
pub(in crate::kernels) unsafe fn transpose16(r: [__m512i; 16]) -> [__m512i; 16] {
    // SAFETY: the caller has AVX-512 F.
    unsafe {
        let mut a = r;
        for i in 0..8 {
            a[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
            a[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
        }
        // b[4 q + c] holds column c of each 4-column lane, of the rows 4 q to 4 q + 3.
        let mut b = a;
        for q in 0..4 {
            b[4 * q] = _mm512_unpacklo_epi64(a[4 * q], a[4 * q + 2]);
            b[4 * q + 1] = _mm512_unpackhi_epi64(a[4 * q], a[4 * q + 2]);
            b[4 * q + 2] = _mm512_unpacklo_epi64(a[4 * q + 1], a[4 * q + 3]);
            b[4 * q + 3] = _mm512_unpackhi_epi64(a[4 * q + 1], a[4 * q + 3]);
        }
        // The 4 lanes of b[c], b[4 + c], b[8 + c], b[12 + c] are a 4 x 4 matrix of lanes: transpose it.
        let mut t = b;
        for c in 0..4 {
            let low01 = _mm512_shuffle_i32x4::<0x88>(b[c], b[4 + c]);
            let low23 = _mm512_shuffle_i32x4::<0x88>(b[8 + c], b[12 + c]);
            let high01 = _mm512_shuffle_i32x4::<0xdd>(b[c], b[4 + c]);
            let high23 = _mm512_shuffle_i32x4::<0xdd>(b[8 + c], b[12 + c]);
            t[c] = _mm512_shuffle_i32x4::<0x88>(low01, low23);
            t[4 + c] = _mm512_shuffle_i32x4::<0x88>(high01, high23);
            t[8 + c] = _mm512_shuffle_i32x4::<0xdd>(low01, low23);
            t[12 + c] = _mm512_shuffle_i32x4::<0xdd>(high01, high23);
        }
        t
    }
}

/// Units of 64 bits are not transposed here.
///
/// # Safety
/// None needed; the signature is that of the others.
#[inline(always)]
pub(super) unsafe fn none(_from: *const f64) -> Option<__m512i> {
    None
}

/// Sixteen units as they lie.
///
/// # Safety
/// AVX-512 F; 64 bytes at `from`.
#[inline(always)]
pub(super) unsafe fn same<T>(from: *const T) -> Option<__m512i> {
    // SAFETY: passed on.
    Some(unsafe { _mm512_loadu_si512(from.cast()) })
}

/// Sixteen bf16 as f32.
///
/// # Safety
/// AVX-512 F; 16 values at `from`.
#[inline(always)]
pub(super) unsafe fn widened(from: *const bf16) -> Option<__m512i> {
    // SAFETY: passed on.
    Some(unsafe { _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()))) })
}

/// Sixteen f32 rounded to bf16, as f32.
///
/// # Safety
/// AVX-512 F; 16 values at `from`.
#[inline(always)]
pub(super) unsafe fn rounded(from: *const f32) -> Option<__m512i> {
    // SAFETY: passed on.
    unsafe {
        use crate::element::Float;
        let values = from.cast::<[f32; 16]>().read_unaligned();
        let rounded = values.map(
            #[inline(always)]
            |x| bf16::narrow(x).widen(),
        );
        Some(_mm512_loadu_si512(rounded.as_ptr().cast()))
    }
}

/// Sixteen pairs of f32, rounded to pairs of bf16.
///
/// # Safety
/// AVX-512 F and its bf16 instructions; 32 values at `from`.
#[inline(always)]
pub(super) unsafe fn paired(from: *const f32) -> Option<__m512i> {
    // SAFETY: passed on; the two vector types hold the same bits.
    unsafe {
        let (low, high) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16)));
        Some(std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low)))
    }
}

/// Units of 64 bits are not taken across lines here.
///
/// # Safety
/// None needed; the signature is that of the others.
#[inline(always)]
pub(super) unsafe fn across_none(_first: *const f64, _second: *const f64, _mask: u16) -> Option<__m512i> {
    None
}

/// Lanes as they lie.
///
/// # Safety
/// AVX-512 F; the lanes in `mask` at `first`.
#[inline(always)]
pub(super) unsafe fn across_same(first: *const f32, _second: *const f32, mask: u16) -> Option<__m512i> {
    // SAFETY: passed on.
    Some(unsafe { _mm512_maskz_loadu_epi32(mask, first.cast()) })
}

/// Lanes rounded to bf16, as f32.
///
/// # Safety
/// AVX-512 F; the lanes in `mask` at `first`.
#[inline(always)]
pub(super) unsafe fn across_rounded(first: *const f32, _second: *const f32, mask: u16) -> Option<__m512i> {
    // SAFETY: the lanes are passed on; the array is whole.
    unsafe {
        let mut values = [0f32; 16];
        _mm512_storeu_ps(values.as_mut_ptr(), _mm512_maskz_loadu_ps(mask, first));
        rounded(values.as_ptr())
    }
}

/// Lanes of bf16 as f32.
///
/// # Safety
/// AVX-512 F, BW and VL; the lanes in `mask` at `from`.
#[inline(always)]
pub(super) unsafe fn widened_lanes(from: *const bf16, mask: u16) -> __m512i {
    // SAFETY: passed on.
    unsafe { _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from.cast()))) }
}

/// [`widened_lanes`] of a line.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn across_widened(first: *const bf16, _second: *const bf16, mask: u16) -> Option<__m512i> {
    // SAFETY: passed on.
    Some(unsafe { widened_lanes(first, mask) })
}

/// Pairs of bf16, one of each line.
///
/// # Safety
/// AVX-512 F, BW and VL; the lanes in `mask` at `first` and `second`.
#[inline(always)]
pub(super) unsafe fn across_pairs(first: *const bf16, second: *const bf16, mask: u16) -> Option<__m512i> {
    // SAFETY: passed on.
    unsafe {
        let low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, first.cast()));
        let high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, second.cast()));
        Some(_mm512_or_si512(low, _mm512_slli_epi32::<16>(high)))
    }
}

/// Pairs of f32, one of each line, rounded to pairs of bf16.
///
/// # Safety
/// AVX-512 F and its bf16 instructions; the lanes in `mask` at `first` and `second`.
#[inline(always)]
pub(super) unsafe fn across_paired(first: *const f32, second: *const f32, mask: u16) -> Option<__m512i> {
    // SAFETY: passed on; the vector types hold the same bits.
    unsafe {
        let (first, second) = (_mm512_maskz_loadu_ps(mask, first), _mm512_maskz_loadu_ps(mask, second));
        let low = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(first));
        let high = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(second));
        let (low, high) = (_mm512_cvtepu16_epi32(low), _mm512_cvtepu16_epi32(high));
        Some(_mm512_or_si512(low, _mm512_slli_epi32::<16>(high)))
    }
}
