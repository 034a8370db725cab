//! Philox over eight counters in the lanes of AVX-512 registers: left to the compiler, the lanes become scalars.
//!
//! A word is the low half of a 64-bit lane; the high half is noise, which the multiplication of low halves ignores.

use super::{LANES, MULTIPLIERS, ROUNDS, RowKey, Stream, UNITS, WEYL};
use std::arch::x86_64::*;

/// As [`Stream::fill_row`] for one group of `8 LANES` units, that of the counters from `counter` on.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn row(stream: Stream, row: RowKey, counter: u32) -> [u16; UNITS * LANES] {
    // In this order, the even lanes hold the first four counters and the odd ones the last four.
    let order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    let counters = _mm512_add_epi64(order, same(counter));
    let [a, b, c, d] = rounds([counters, same(row.token), same(row.sequence), same(0)], stream.key);
    let (low, high) = (join(a, b), join(c, d));
    let mut draws = [0; UNITS * LANES];
    let (first, last) = draws.split_at_mut(UNITS * LANES / 2);
    // SAFETY: each half is as long as a vector.
    unsafe {
        _mm512_storeu_si512(first.as_mut_ptr().cast(), _mm512_unpacklo_epi64(low, high));
        _mm512_storeu_si512(last.as_mut_ptr().cast(), _mm512_unpackhi_epi64(low, high));
    }
    draws
}

/// As [`Stream::fill_column`].
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn column(
    stream: Stream,
    out: &mut [[u32; 2 * LANES]; 4],
    counter: u32,
    first_token: u32,
    sequence: u32,
    part: u32,
) {
    let even = _mm512_add_epi64(_mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), same(first_token));
    let odd = _mm512_add_epi64(even, same(1));
    let words = |tokens| rounds([same(counter), tokens, same(sequence), same(part)], stream.key);
    for (out, (even, odd)) in out.iter_mut().zip(words(even).into_iter().zip(words(odd))) {
        // SAFETY: `out` is as long as a vector.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), join(even, odd)) }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn same(word: u32) -> __m512i {
    _mm512_set1_epi64(i64::from(word))
}

/// The words of two vectors side by side, those of the first below.
#[inline]
#[target_feature(enable = "avx512f")]
fn join(first: __m512i, second: __m512i) -> __m512i {
    _mm512_mask_blend_epi32(0xaaaa, first, _mm512_slli_epi64::<32>(second))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rounds(mut words: [__m512i; 4], key: [u32; 2]) -> [__m512i; 4] {
    let by = MULTIPLIERS.map(|by| same(by));
    for round in 0..ROUNDS {
        let keys = [0, 1].map(|i| same(key[i].wrapping_add(WEYL[i].wrapping_mul(round))));
        let (a, c) = (_mm512_mul_epu32(words[0], by[0]), _mm512_mul_epu32(words[2], by[1]));
        // 0x96 is the exclusive or of three.
        let high = |product, other, key| {
            _mm512_ternarylogic_epi64::<0x96>(_mm512_srli_epi64::<32>(product), other, key)
        };
        words = [high(c, words[1], keys[0]), c, high(a, words[3], keys[1]), a];
    }
    words
}
