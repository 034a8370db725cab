//! The backward pass.
//!
//! With dP = dO V^T, the textbook gradient of the scores is
//! `dS[i][j] = P[i][j] (m[i][j] dP[i][j] - sum over k of P[i][k] m[i][k] dP[i][k])`. The inner sum is
//! `sum over k of P[i][k] m[i][k] (dO[i] . V[k]) = dO[i] . (sum over k of P[i][k] m[i][k] V[k]) = dO[i] . O[i]`,
//! one number a row. Then `dQ = scale dS K`, `dK = dS^T (scale Q)`, `dV = (P m)^T dO`.

use super::forward::{exp_of_difference, hide_future, scores_of};
use super::panel::{Columns, LANES, Mask, Part, QUERY_BLOCK, grow, padded, transpose};
use super::product::Product;
use super::{AttentionShape, Shared, Unit};
#[cfg(target_arch = "x86_64")]
use super::{is_paired, paired};
use crate::dispatch;
use crate::element::{Float, Real};
use crate::kernels::isa::Isa;
use crate::kernels::random::UNITS;
use rayon::prelude::*;

/// The gradient of queries, keys and values.
///
/// Each (sequence, head) is one unit of work, so the sums over queries have one order at any number of threads.
///
/// # Shapes
/// `dqkv`, `qkv`: (tokens, 3, heads * head_size); `dout`, `out`: (tokens, heads * head_size), the gradient of
/// the output and the output itself; `lse`: (tokens, heads), as [`forward`](super::forward) left it.
pub fn backward<E: Float>(
    dqkv: &mut [E],
    dout: &[E],
    out: &[E],
    lse: &[E::Master],
    qkv: &[E],
    shape: &AttentionShape<'_>,
) {
    backward_on(Isa::current(), dqkv, &Given { dout, out, lse, qkv }, shape);
}

/// What a backward pass is given.
pub(super) struct Given<'a, E: Float> {
    pub(super) dout: &'a [E],
    pub(super) out: &'a [E],
    pub(super) lse: &'a [E::Master],
    pub(super) qkv: &'a [E],
}

pub(super) fn backward_on<E: Float>(
    isa: Isa,
    dqkv: &mut [E],
    given: &Given<'_, E>,
    shape: &AttentionShape<'_>,
) {
    shape.check(given.qkv.len(), given.out.len(), Some(given.lse.len()));
    shape.check(dqkv.len(), given.dout.len(), None);
    #[cfg(target_arch = "x86_64")]
    if is_paired::<E>(isa) {
        let given = Given {
            dout: bytemuck::cast_slice(given.dout),
            out: bytemuck::cast_slice(given.out),
            lse: bytemuck::cast_slice(given.lse),
            qkv: bytemuck::cast_slice(given.qkv),
        };
        // SAFETY: the processor has the path `isa`. `E` is bf16: the casts change nothing.
        unsafe { paired::backward(bytemuck::cast_slice_mut(dqkv), &given, shape) }
        return;
    }
    let dqkv = Shared::new(dqkv);
    shape.units(usize::MAX).par_iter().for_each_init(Scratch::default, |scratch, unit| {
        dispatch!(unit_gradient(isa, scratch, &dqkv, given, shape, unit));
    });
}

struct Scratch<M> {
    keys: Vec<M>,
    values: Vec<M>,
    dkeys: Vec<M>,
    dvalues: Vec<M>,
    queries: Vec<M>,
    queries_across: Vec<M>,
    douts: Vec<M>,
    douts_across: Vec<M>,
    dqueries: Vec<M>,
    /// (keys, queries): scores, then masked probabilities.
    scores: Vec<M>,
    /// (keys, queries): gradients of probabilities, then of scores.
    dscores: Vec<M>,
}

impl<M> Default for Scratch<M> {
    fn default() -> Self {
        let [keys, values, dkeys, dvalues, queries, queries_across] = [const { Vec::new() }; 6];
        let [douts, douts_across, dqueries, scores, dscores] = [const { Vec::new() }; 5];
        Scratch {
            keys,
            values,
            dkeys,
            dvalues,
            queries,
            queries_across,
            douts,
            douts_across,
            dqueries,
            scores,
            dscores,
        }
    }
}

#[inline(always)]
fn unit_gradient<E: Float>(
    isa: Isa,
    scratch: &mut Scratch<E::Master>,
    dqkv: &Shared<'_, E>,
    given: &Given<'_, E>,
    shape: &AttentionShape<'_>,
    unit: &Unit,
) {
    let (width, one, length) = (padded(shape.head_size), E::Master::ONE, unit.length);
    let columns = |part| Columns::qkv(shape, unit, part);
    columns(Part::Key).pack(&mut scratch.keys, given.qkv, 0, length, width, one);
    columns(Part::Value).pack(&mut scratch.values, given.qkv, 0, length, width, one);
    for sums in [&mut scratch.dkeys, &mut scratch.dvalues] {
        grow(sums, length * width);
        sums[..length * width].fill(E::Master::ZERO);
    }
    let mask = Mask::of(shape, unit);
    let mut query = 0;
    while query < length {
        let count = QUERY_BLOCK.min(length - query);
        if count > LANES {
            block::<E, QUERY_BLOCK>(isa, scratch, dqkv, given, shape, unit, mask, query, count);
        } else {
            block::<E, LANES>(isa, scratch, dqkv, given, shape, unit, mask, query, count);
        }
        query += count;
    }
    unpack(dqkv, columns(Part::Key), &scratch.dkeys, 0, length, width, one);
    unpack(dqkv, columns(Part::Value), &scratch.dvalues, 0, length, width, one);
}

/// Writes `count` rows of scratch, scaled, to the tokens from `first` on.
#[inline(always)]
fn unpack<E: Float>(
    to: &Shared<'_, E>,
    columns: Columns,
    from: &[E::Master],
    first: usize,
    count: usize,
    width: usize,
    scale: E::Master,
) {
    for (token, from) in from.chunks_exact(width).take(count).enumerate() {
        // SAFETY: a unit writes only the rows of its own sequence in the columns of its own head, part by part.
        let to = unsafe { to.slice(columns.at(first + token), columns.size()) };
        for (to, &from) in to.iter_mut().zip(from) {
            *to = E::narrow(from * scale);
        }
    }
}

/// What the queries `query..query + count`, in `BLOCK` lanes, contribute.
#[inline(always)]
fn block<E: Float, const BLOCK: usize>(
    isa: Isa,
    scratch: &mut Scratch<E::Master>,
    dqkv: &Shared<'_, E>,
    given: &Given<'_, E>,
    shape: &AttentionShape<'_>,
    unit: &Unit,
    mask: Option<Mask<E::Master>>,
    query: usize,
    count: usize,
) {
    let (size, width) = (shape.head_size, padded(shape.head_size));
    let keys = if shape.causal { query + count } else { unit.length };
    let (scale, one) = (E::Master::from_f64(shape.scale), E::Master::ONE);
    let s = scratch;
    let columns = Columns::qkv(shape, unit, Part::Query);
    columns.pack(&mut s.queries, given.qkv, query, count, width, scale);
    Columns::out(shape, unit).pack(&mut s.douts, given.dout, query, count, width, one);
    transpose::<_, BLOCK>(&mut s.queries_across, &s.queries, count, width);
    transpose::<_, BLOCK>(&mut s.douts_across, &s.douts, count, width);
    grow(&mut s.scores, keys * BLOCK);
    grow(&mut s.dscores, keys * BLOCK);
    scores_of::<_, BLOCK>(isa, &mut s.scores, &s.keys, &s.queries_across, keys, size, width);
    scores_of::<_, BLOCK>(isa, &mut s.dscores, &s.values, &s.douts_across, keys, size, width);
    let (p, _) = s.scores[..keys * BLOCK].as_chunks_mut::<BLOCK>();
    let (dp, _) = s.dscores[..keys * BLOCK].as_chunks_mut::<BLOCK>();
    if shape.causal {
        hide_future(p, query);
    }
    let (lse, inner) = row_sums::<E, BLOCK>(given, shape, unit, query, count);
    softmax_gradient(isa, p, dp, &lse, &inner, query, mask);
    let by_key = Product {
        b: &s.scores[..],
        row_stride: BLOCK,
        step: 1,
        x: &s.douts[..],
        rows: keys,
        depth: count,
        width,
        add: true,
    };
    by_key.into(isa, &mut s.dvalues);
    Product { b: &s.dscores, x: &s.queries, ..by_key }.into(isa, &mut s.dkeys);
    grow(&mut s.dqueries, count * width);
    let by_query = Product {
        b: &s.dscores[..],
        row_stride: 1,
        step: BLOCK,
        x: &s.keys[..],
        rows: count,
        depth: keys,
        width,
        add: false,
    };
    by_query.into(isa, &mut s.dqueries);
    unpack(dqkv, columns, &s.dqueries, query, count, width, scale);
}

/// Each query's log-sum-exp and `dO . O`; 0 in lanes without a query.
#[inline(always)]
fn row_sums<E: Float, const BLOCK: usize>(
    given: &Given<'_, E>,
    shape: &AttentionShape<'_>,
    unit: &Unit,
    query: usize,
    count: usize,
) -> ([E::Master; BLOCK], [E::Master; BLOCK]) {
    let columns = Columns::out(shape, unit);
    let (mut lse, mut inner) = ([E::Master::ZERO; BLOCK], [E::Master::ZERO; BLOCK]);
    for lane in 0..count {
        let at = columns.at(query + lane);
        lse[lane] = given.lse[(unit.first + query + lane) * shape.heads + unit.head];
        inner[lane] = dot(&given.dout[at..at + shape.head_size], &given.out[at..at + shape.head_size]);
    }
    (lse, inner)
}

/// The inner product, summed in lanes.
#[inline(always)]
fn dot<E: Float>(a: &[E], b: &[E]) -> E::Master {
    let mut sums = [E::Master::ZERO; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a.widen() * b.widen();
        }
    }
    sums.into_iter().fold(E::Master::ZERO, |total, sum| total + sum)
}

/// From scores and gradients of masked probabilities to masked probabilities and gradients of scores.
#[inline(always)]
fn softmax_gradient<M: Real, const BLOCK: usize>(
    isa: Isa,
    scores: &mut [[M; BLOCK]],
    dscores: &mut [[M; BLOCK]],
    lse: &[M; BLOCK],
    inner: &[M; BLOCK],
    query: usize,
    mask: Option<Mask<M>>,
) {
    let mut scales = [[M::ONE; BLOCK]; UNITS];
    for (group, (p, dp)) in scores.chunks_mut(UNITS).zip(dscores.chunks_mut(UNITS)).enumerate() {
        if let Some(mask) = &mask {
            mask.scales(&mut scales, group, query);
        }
        for ((p, dp), scales) in p.iter_mut().zip(dp).zip(&scales) {
            let probability = exp_of_difference(isa, p, lse);
            for lane in 0..BLOCK {
                p[lane] = probability[lane] * scales[lane];
                dp[lane] = p[lane] * dp[lane] - probability[lane] * inner[lane];
            }
        }
    }
}
