//! How the operands of one unit lie in pairs, and how results leave.

use crate::element::bf16;
use crate::kernels::attention::Shared;
use crate::kernels::attention::panel::Columns;
use crate::kernels::gemm::transpose16;
use crate::kernels::vector::below;
use std::arch::x86_64::*;

/// Two neighbours along the depth, the first in the low half.
pub(super) type Pair = u32;

/// Elements of a vector of `f32` or of pairs.
pub(super) const LANES: usize = crate::kernels::attention::panel::LANES;

/// A buffer of at least `len` elements, whose content is whatever was last there.
#[inline(always)]
pub(super) fn room<T: Copy + Default>(buffer: &mut Vec<T>, len: usize) -> &mut [T] {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
    &mut buffer[..len]
}

/// Some tokens of one part of a pack, in one head.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) data: &'a [bf16],
    pub(super) columns: Columns,
    pub(super) first: usize,
    pub(super) count: usize,
    /// The head's width in scratch, whole vectors.
    pub(super) width: usize,
}

impl Tokens<'_> {
    /// Pairs along the columns, token by token: (count, width / 2). Columns beyond the head are zero.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) unsafe fn along(&self, to: &mut Vec<Pair>) {
        let pairs = self.width / 2;
        for (token, row) in room(to, self.count * pairs).chunks_exact_mut(pairs).enumerate() {
            for (c, to) in row.chunks_mut(LANES).enumerate() {
                // SAFETY: the mask is that of the lanes in `to`.
                unsafe {
                    let pairs = self.pairs(token, 2 * c * LANES);
                    _mm512_mask_storeu_epi32(to.as_mut_ptr().cast(), below(to.len()), pairs);
                }
            }
        }
    }

    /// Pairs along the columns, column by column: (width / 2, `BLOCK`) with the tokens in lanes. Lanes from `count` on
    /// are zero.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) unsafe fn across<const BLOCK: usize>(&self, to: &mut Vec<Pair>) {
        let pairs = self.width / 2;
        let to = room(to, pairs * BLOCK);
        for first in (0..pairs).step_by(LANES) {
            for lanes in (0..BLOCK).step_by(LANES) {
                let mut rows = [_mm512_setzero_si512(); LANES];
                for (i, row) in rows.iter_mut().enumerate().take(self.count.saturating_sub(lanes)) {
                    // SAFETY: the token exists.
                    *row = unsafe { self.pairs(lanes + i, 2 * first) };
                }
                // SAFETY: the processor has the instructions.
                let columns = unsafe { transpose16(rows) };
                let to = to[first * BLOCK..].chunks_exact_mut(BLOCK);
                for (column, to) in columns.into_iter().zip(to) {
                    // SAFETY: `BLOCK` is a multiple of the lanes.
                    unsafe { _mm512_storeu_si512(to[lanes..].as_mut_ptr().cast(), column) }
                }
            }
        }
    }

    /// Pairs of neighbouring tokens: (count / 2 rounded up, width). A missing token is zero.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) unsafe fn side_by_side(&self, to: &mut Vec<Pair>) {
        let rows = self.count.div_ceil(2);
        for (pair, row) in room(to, rows * self.width).chunks_exact_mut(self.width).enumerate() {
            for (c, to) in row.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let lane = |token: usize| {
                    if token >= self.count {
                        return _mm256_setzero_si256();
                    }
                    let from = self.row(token).get(c * LANES..).unwrap_or(&[]);
                    // SAFETY: the mask is that of the elements there.
                    unsafe { _mm256_maskz_loadu_epi16(below(from.len()), from.as_ptr().cast()) }
                };
                let pairs = zip(lane(2 * pair), lane(2 * pair + 1));
                // SAFETY: `to` is as long as the vector.
                unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs) }
            }
        }
    }

    /// The inner product of each token with the same token of `other`, in `out`; their counts and widths are equal.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    pub(super) unsafe fn dots(&self, other: &Tokens<'_>, out: &mut [f32]) {
        for (token, out) in out.iter_mut().enumerate().take(self.count) {
            let mut sums = _mm512_setzero_ps();
            for column in (0..self.width).step_by(2 * LANES) {
                // SAFETY: the token exists.
                let (a, b) = unsafe { (self.pairs(token, column), other.pairs(token, column)) };
                sums = multiply_add(sums, a, b);
            }
            *out = _mm512_reduce_add_ps(sums);
        }
    }

    /// A token's columns in this head.
    #[inline(always)]
    fn row(&self, token: usize) -> &[bf16] {
        self.columns.look_ahead(self.data, self.first + token);
        &self.data[self.columns.at(self.first + token)..][..self.columns.size()]
    }

    /// Sixteen pairs of a token from a column on; zero beyond the head.
    ///
    /// # Safety
    /// As for the module.
    #[inline(always)]
    unsafe fn pairs(&self, token: usize, column: usize) -> __m512i {
        let from = self.row(token).get(column..).unwrap_or(&[]);
        let mask = u32::MAX.checked_shr(32 - from.len().min(32) as u32).unwrap_or(0);
        // SAFETY: the mask is that of the elements there.
        unsafe { _mm512_maskz_loadu_epi16(mask, from.as_ptr().cast()) }
    }
}

/// `sums` and, lane by lane, the two products of a pair of `a` with a pair of `b`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn multiply_add(sums: __m512, a: __m512i, b: __m512i) -> __m512 {
    // SAFETY: the vectors of pairs and of integers hold the same bits.
    let pairs = |vector| unsafe { std::mem::transmute::<__m512i, __m512bh>(vector) };
    _mm512_dpbf16_ps(sums, pairs(a), pairs(b))
}

/// Pairs of the elements of two vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn zip(first: __m256i, second: __m256i) -> __m512i {
    let (low, high) = (_mm512_cvtepu16_epi32(first), _mm512_cvtepu16_epi32(second));
    _mm512_or_si512(low, _mm512_slli_epi32::<16>(high))
}

/// Sixteen values rounded to bf16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn narrow(values: __m512) -> __m256i {
    // SAFETY: the two vector types hold the same bits.
    unsafe { std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(values)) }
}

/// Writes `count` rows of `width`, each scaled by its factor, to the tokens from `first` on.
///
/// # Safety
/// As for the module; no other thread reaches these tokens in these columns.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) unsafe fn write(
    to: &Shared<'_, bf16>,
    columns: Columns,
    first: usize,
    from: &[f32],
    width: usize,
    factors: impl Iterator<Item = f32>,
) {
    for (token, (from, factor)) in from.chunks_exact(width).zip(factors).enumerate() {
        // SAFETY: passed on.
        let to = unsafe { to.slice(columns.at(first + token), columns.size()) };
        for (to, from) in to.chunks_mut(LANES).zip(from.as_chunks::<LANES>().0) {
            // SAFETY: the mask is that of the elements in `to`.
            unsafe {
                let scaled = _mm512_mul_ps(_mm512_loadu_ps(from.as_ptr()), _mm512_set1_ps(factor));
                _mm256_mask_storeu_epi16(to.as_mut_ptr().cast(), below(to.len()), narrow(scaled));
            }
        }
    }
}
