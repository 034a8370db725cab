//! From scores to probabilities and gradients of scores, in pairs.
//!
//! Scores are (keys, `BLOCK`) with the queries in lanes. Keys are taken two by two, because two neighbouring keys are a
//! pair of the products over keys.

use super::panel::{LANES, Pair, narrow, zip};
use crate::kernels::array;
use crate::kernels::attention::panel::Mask;
use crate::kernels::random::UNITS;
use crate::kernels::vector::exp;
use std::arch::x86_64::*;

/// One row of a block: the queries of one key.
type Row<const VECTORS: usize> = [__m512; VECTORS];

/// Sixteen queries' worth of keep bits for each of the keys that one counter serves.
type Kept<const VECTORS: usize> = [[__mmask16; VECTORS]; UNITS];

/// Writes `exp(score - top)`, masked, in pairs of keys: (keys / 2 rounded up, `BLOCK`); returns each query's top score
/// and its sum of exponentials before the mask.
///
/// # Safety
/// As for the module; `scores` are whole rows of `16 VECTORS`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) unsafe fn forward<const VECTORS: usize>(
    scores: &[f32],
    pairs: &mut [Pair],
    query: usize,
    mask: Option<Mask<f32>>,
) -> (Row<VECTORS>, Row<VECTORS>) {
    let block = VECTORS * LANES;
    let mut top = [_mm512_set1_ps(f32::NEG_INFINITY); VECTORS];
    for row in scores.chunks_exact(block) {
        // SAFETY: the row is whole.
        let row = unsafe { load::<VECTORS>(row) };
        top = array(|v| _mm512_max_ps(top[v], row[v]));
    }
    let mut sums = [_mm512_setzero_ps(); VECTORS];
    let mut kept = [[u16::MAX; VECTORS]; UNITS];
    let scale = _mm512_set1_ps(mask.map_or(1.0, |mask| mask.scale()));
    for (pair, (rows, to)) in scores.chunks(2 * block).zip(pairs.chunks_exact_mut(block)).enumerate() {
        if let Some(mask) = mask.filter(|_| (2 * pair).is_multiple_of(UNITS)) {
            kept = draw(&mask, 2 * pair / UNITS, query);
        }
        let mut masked = [[_mm512_setzero_ps(); VECTORS]; 2];
        for (i, (row, masked)) in rows.chunks_exact(block).zip(&mut masked).enumerate() {
            // SAFETY: the row is whole.
            let row = unsafe { load::<VECTORS>(row) };
            let keep = &kept[(2 * pair + i) % UNITS];
            for v in 0..VECTORS {
                let p = exp(_mm512_sub_ps(row[v], top[v]));
                sums[v] = _mm512_add_ps(sums[v], p);
                masked[v] = _mm512_maskz_mul_ps(keep[v], p, scale);
            }
        }
        for v in 0..VECTORS {
            // SAFETY: `to` is a whole row.
            unsafe { store(to, v, zip(narrow(masked[0][v]), narrow(masked[1][v]))) }
        }
    }
    (top, sums)
}

/// What the softmax of one block of queries is given.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// Scaled scores, whole rows of `16 VECTORS`: (keys, `BLOCK`).
    pub(super) scores: &'a [f32],
    /// Gradients of masked probabilities: (keys, `BLOCK`).
    pub(super) dmasked: &'a [f32],
    /// Each query's log-sum-exp: (`BLOCK`,).
    pub(super) lse: &'a [f32],
    /// Each query's `dO . O`: (`BLOCK`,).
    pub(super) inner: &'a [f32],
    /// The token of the query in lane 0.
    pub(super) query: usize,
    pub(super) mask: Option<Mask<f32>>,
}

/// Writes masked probabilities and gradients of scores key by key, in pairs of queries: (keys, `BLOCK` / 2); and
/// gradients of scores in pairs of keys: (keys / 2 rounded up, `BLOCK`).
///
/// # Safety
/// As for the module; `masked`, `by_key` and `pairs` have these sizes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) unsafe fn backward<const VECTORS: usize>(
    given: Given<'_>,
    masked: &mut [Pair],
    by_key: &mut [Pair],
    pairs: &mut [Pair],
) {
    let block = VECTORS * LANES;
    // SAFETY: both are whole rows.
    let (lse, inner) = unsafe { (load::<VECTORS>(given.lse), load::<VECTORS>(given.inner)) };
    let mut kept = [[u16::MAX; VECTORS]; UNITS];
    let scale = _mm512_set1_ps(given.mask.map_or(1.0, |mask| mask.scale()));
    let rows = given.scores.chunks(2 * block).zip(given.dmasked.chunks(2 * block));
    let written = masked.chunks_mut(block).zip(by_key.chunks_mut(block)).zip(pairs.chunks_exact_mut(block));
    for (pair, ((s, dp), ((masked, by_key), to))) in rows.zip(written).enumerate() {
        if let Some(mask) = given.mask.filter(|_| (2 * pair).is_multiple_of(UNITS)) {
            kept = draw(&mask, 2 * pair / UNITS, given.query);
        }
        let mut gradients = [[_mm256_setzero_si256(); VECTORS]; 2];
        for (i, (s, dp)) in s.chunks_exact(block).zip(dp.chunks_exact(block)).enumerate() {
            // SAFETY: the rows are whole.
            let (s, dp) = unsafe { (load::<VECTORS>(s), load::<VECTORS>(dp)) };
            let keep = &kept[(2 * pair + i) % UNITS];
            for v in 0..VECTORS {
                let p = exp(_mm512_sub_ps(s[v], lse[v]));
                let m = _mm512_maskz_mul_ps(keep[v], p, scale);
                let gradient = narrow(_mm512_fmsub_ps(m, dp[v], _mm512_mul_ps(p, inner[v])));
                gradients[i][v] = gradient;
                let at = i * block / 2 + v * LANES / 2;
                // SAFETY: a row of pairs of queries is half a row long.
                unsafe {
                    _mm256_storeu_si256(masked[at..][..LANES / 2].as_mut_ptr().cast(), narrow(m));
                    _mm256_storeu_si256(by_key[at..][..LANES / 2].as_mut_ptr().cast(), gradient);
                }
            }
        }
        for v in 0..VECTORS {
            // SAFETY: `to` is a whole row.
            unsafe { store(to, v, zip(gradients[0][v], gradients[1][v])) }
        }
    }
}

/// # Safety
/// `row` holds `16 VECTORS` elements.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn load<const VECTORS: usize>(row: &[f32]) -> Row<VECTORS> {
    // SAFETY: the contract.
    array(|v| unsafe { _mm512_loadu_ps(row[v * LANES..][..LANES].as_ptr()) })
}

/// # Safety
/// `row` holds the vector `v`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn store(row: &mut [Pair], v: usize, pairs: __m512i) {
    // SAFETY: the contract.
    unsafe { _mm512_storeu_si512(row[v * LANES..][..LANES].as_mut_ptr().cast(), pairs) }
}

/// Which probabilities of the keys `UNITS group ..` are kept, for the queries from `query` on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn draw<const VECTORS: usize>(mask: &Mask<f32>, group: usize, query: usize) -> Kept<VECTORS> {
    let mut kept = [[0; VECTORS]; UNITS];
    let least = _mm512_set1_epi32(mask.threshold() as i32);
    for v in 0..VECTORS {
        let words = mask.words(group, query + v * LANES);
        for (word, words) in words.iter().enumerate() {
            // SAFETY: a word has sixteen lanes.
            let words = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
            let (low, high) =
                (_mm512_and_si512(words, _mm512_set1_epi32(0xffff)), _mm512_srli_epi32::<16>(words));
            kept[2 * word][v] = _mm512_cmpge_epu32_mask(low, least);
            kept[2 * word + 1][v] = _mm512_cmpge_epu32_mask(high, least);
        }
    }
    kept
}
