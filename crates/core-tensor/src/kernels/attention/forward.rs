//! The forward pass.

use super::panel::{Columns, LANES, Mask, Part, QUERY_BLOCK, grow, padded, transpose};
use super::product::Product;
use super::{AttentionShape, Shared, Unit};
#[cfg(target_arch = "x86_64")]
use super::{is_paired, paired};
use crate::dispatch;
#[cfg(target_arch = "x86_64")]
use crate::element::DType;
use crate::element::{Float, Real};
use crate::kernels::isa::Isa;
use crate::kernels::random::UNITS;
#[cfg(target_arch = "x86_64")]
use crate::kernels::vector;
use rayon::prelude::*;

/// At most so many queries are one unit of work: what is read of the keys is copied once for all of them.
pub(super) const CHUNK: usize = 8 * QUERY_BLOCK;

/// Attends: `out = (softmax(scale Q K^T) m) V` for each sequence and head.
///
/// # Shapes
/// `qkv`: (tokens, 3, heads * head_size), queries, keys, values; `out`: (tokens, heads * head_size); `lse`:
/// (tokens, heads), the logarithm of each row's sum of exponentials, for [`backward`](super::backward).
pub fn forward<E: Float>(
    out: &mut [E],
    lse: Option<&mut [E::Master]>,
    qkv: &[E],
    shape: &AttentionShape<'_>,
) {
    forward_on(Isa::current(), out, lse, qkv, shape);
}

pub(super) fn forward_on<E: Float>(
    isa: Isa,
    out: &mut [E],
    mut lse: Option<&mut [E::Master]>,
    qkv: &[E],
    shape: &AttentionShape<'_>,
) {
    shape.check(qkv.len(), out.len(), lse.as_ref().map(|lse| lse.len()));
    #[cfg(target_arch = "x86_64")]
    if is_paired::<E>(isa) {
        let lse = lse.map(bytemuck::cast_slice_mut);
        // SAFETY: the processor has the path `isa`. `E` is bf16: the casts change nothing.
        unsafe { paired::forward(bytemuck::cast_slice_mut(out), lse, bytemuck::cast_slice(qkv), shape) }
        return;
    }
    let out = Shared::new(out);
    let lse = lse.as_mut().map(|lse| Shared::new(lse));
    shape.units(CHUNK).par_iter().for_each_init(Scratch::default, |scratch, unit| {
        dispatch!(attend(isa, scratch, &out, lse.as_ref(), qkv, shape, unit));
    });
}

struct Scratch<M> {
    keys: Vec<M>,
    values: Vec<M>,
    queries: Vec<M>,
    queries_across: Vec<M>,
    /// (keys, queries).
    scores: Vec<M>,
    out: Vec<M>,
}

impl<M> Default for Scratch<M> {
    fn default() -> Self {
        let [keys, values, queries, queries_across, scores, out] = [const { Vec::new() }; 6];
        Scratch { keys, values, queries, queries_across, scores, out }
    }
}

#[inline(always)]
fn attend<E: Float>(
    isa: Isa,
    scratch: &mut Scratch<E::Master>,
    out: &Shared<'_, E>,
    lse: Option<&Shared<'_, E::Master>>,
    qkv: &[E],
    shape: &AttentionShape<'_>,
    unit: &Unit,
) {
    let (width, one) = (padded(shape.head_size), E::Master::ONE);
    let seen = if shape.causal { unit.to } else { unit.length };
    Columns::qkv(shape, unit, Part::Key).pack(&mut scratch.keys, qkv, 0, seen, width, one);
    Columns::qkv(shape, unit, Part::Value).pack(&mut scratch.values, qkv, 0, seen, width, one);
    let mask = Mask::of(shape, unit);
    let mut query = unit.from;
    while query < unit.to {
        let count = QUERY_BLOCK.min(unit.to - query);
        if count > LANES {
            block::<E, QUERY_BLOCK>(isa, scratch, out, lse, qkv, shape, unit, mask, query, count);
        } else {
            block::<E, LANES>(isa, scratch, out, lse, qkv, shape, unit, mask, query, count);
        }
        query += count;
    }
}

/// The queries `query..query + count`, in `BLOCK` lanes.
#[inline(always)]
fn block<E: Float, const BLOCK: usize>(
    isa: Isa,
    scratch: &mut Scratch<E::Master>,
    out: &Shared<'_, E>,
    lse: Option<&Shared<'_, E::Master>>,
    qkv: &[E],
    shape: &AttentionShape<'_>,
    unit: &Unit,
    mask: Option<Mask<E::Master>>,
    query: usize,
    count: usize,
) {
    let (size, width) = (shape.head_size, padded(shape.head_size));
    let keys = if shape.causal { query + count } else { unit.length };
    let Scratch { keys: k, values: v, queries, queries_across, scores, out: o } = scratch;
    let scale = E::Master::from_f64(shape.scale);
    Columns::qkv(shape, unit, Part::Query).pack(queries, qkv, query, count, width, scale);
    transpose::<_, BLOCK>(queries_across, queries, count, width);
    grow(scores, keys * BLOCK);
    scores_of::<_, BLOCK>(isa, scores, k, queries_across, keys, size, width);
    let (rows, _) = scores[..keys * BLOCK].as_chunks_mut::<BLOCK>();
    let (top, sums) = softmax(isa, rows, shape.causal.then_some(query), query, mask);
    grow(o, count * width);
    let product = Product {
        b: &scores[..],
        row_stride: 1,
        step: BLOCK,
        x: v,
        rows: count,
        depth: keys,
        width,
        add: false,
    };
    product.into(isa, o);
    let columns = Columns::out(shape, unit);
    for (i, o) in o.chunks_exact(width).take(count).enumerate() {
        let factor = E::Master::ONE / sums[i];
        // SAFETY: a unit writes only its own rows in the columns of its own head.
        let out = unsafe { out.slice(columns.at(query + i), size) };
        for (out, &o) in out.iter_mut().zip(o) {
            *out = E::narrow(o * factor);
        }
        if let Some(lse) = lse {
            // SAFETY: as above: one element for each row and head.
            let lse = unsafe { lse.slice((unit.first + query + i) * shape.heads + unit.head, 1) };
            lse[0] = top[i] + sums[i].ln();
        }
    }
}

/// `scores = K (scale Q)^T`: (keys, `BLOCK`), from `k`: (keys, width) and `queries`: (width, `BLOCK`).
#[inline(always)]
pub(super) fn scores_of<M: Real, const BLOCK: usize>(
    isa: Isa,
    scores: &mut [M],
    k: &[M],
    queries: &[M],
    keys: usize,
    size: usize,
    width: usize,
) {
    let sizes = Product {
        b: k,
        row_stride: width,
        step: 1,
        x: queries,
        rows: keys,
        depth: size,
        width: BLOCK,
        add: false,
    };
    sizes.into(isa, scores);
}

/// Hides from each query the keys after it; `first` is the token of the query in lane 0.
#[inline(always)]
pub(super) fn hide_future<M: Real, const BLOCK: usize>(scores: &mut [[M; BLOCK]], first: usize) {
    for (key, row) in scores.iter_mut().enumerate().skip(first + 1) {
        let hidden = (key - first).min(BLOCK);
        row[..hidden].fill(M::NEG_INFINITY);
    }
}

/// Turns scores into `exp(score - top)`, masked; returns each query's top score and its sum of exponentials
/// before the mask.
#[inline(always)]
fn softmax<M: Real, const BLOCK: usize>(
    isa: Isa,
    scores: &mut [[M; BLOCK]],
    causal_from: Option<usize>,
    query: usize,
    mask: Option<Mask<M>>,
) -> ([M; BLOCK], [M; BLOCK]) {
    if let Some(first) = causal_from {
        hide_future(scores, first);
    }
    let mut top = [M::NEG_INFINITY; BLOCK];
    for row in scores.iter() {
        for lane in 0..BLOCK {
            top[lane] = top[lane].max(row[lane]);
        }
    }
    let mut sums = [M::ZERO; BLOCK];
    let mut scales = [[M::ONE; BLOCK]; UNITS];
    for (group, rows) in scores.chunks_mut(UNITS).enumerate() {
        if let Some(mask) = &mask {
            mask.scales(&mut scales, group, query);
        }
        for (row, scales) in rows.iter_mut().zip(&scales) {
            let p = exp_of_difference(isa, row, &top);
            for lane in 0..BLOCK {
                sums[lane] += p[lane];
                row[lane] = p[lane] * scales[lane];
            }
        }
    }
    (top, sums)
}

/// `exp(a - b)` by lanes. Its own loop over its own array: then nothing stands in the way of vectors.
#[inline(always)]
pub(super) fn exp_of_difference<M: Real, const BLOCK: usize>(
    isa: Isa,
    a: &[M; BLOCK],
    b: &[M; BLOCK],
) -> [M; BLOCK] {
    let mut result = [M::ZERO; BLOCK];
    #[cfg(target_arch = "x86_64")]
    if M::DTYPE == DType::F32 && isa >= Isa::Avx512 {
        let (a, b) = (bytemuck::cast_slice(&a[..]), bytemuck::cast_slice(&b[..]));
        // SAFETY: the processor has the path `isa`.
        unsafe { vector::exp_of_difference(a, b, bytemuck::cast_slice_mut(&mut result[..])) }
        return result;
    }
    let _ = isa;
    for lane in 0..BLOCK {
        result[lane] = (a[lane] - b[lane]).exp();
    }
    result
}
