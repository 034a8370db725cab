//! The backward pass.

use super::panel::{LANES, Pair, Tokens, room, write};
use super::product::{Into, Product};
use super::softmax;
use crate::element::bf16;
use crate::kernels::attention::backward::Given;
use crate::kernels::attention::forward::hide_future;
use crate::kernels::attention::panel::{Columns, Mask, Part, QUERY_BLOCK, padded};
use crate::kernels::attention::{AttentionShape, Shared, Unit};
use rayon::prelude::*;

/// As [`backward`](crate::kernels::attention::backward()).
///
/// # Safety
/// As for the module.
pub(in super::super) unsafe fn backward(
    dqkv: &mut [bf16],
    given: &Given<'_, bf16>,
    shape: &AttentionShape<'_>,
) {
    let dqkv = Shared::new(dqkv);
    shape.units(usize::MAX).par_iter().for_each_init(Scratch::default, |scratch, unit| {
        // SAFETY: the caller has the instructions.
        unsafe { Pass { dqkv: &dqkv, given, shape, unit }.gradient(scratch) }
    });
}

#[derive(Default)]
struct Scratch {
    keys: Vec<Pair>,
    key_pairs: Vec<Pair>,
    values: Vec<Pair>,
    dkeys: Vec<f32>,
    dvalues: Vec<f32>,
    queries: Vec<Pair>,
    query_pairs: Vec<Pair>,
    douts: Vec<Pair>,
    dout_pairs: Vec<Pair>,
    dqueries: Vec<f32>,
    /// (keys, queries).
    scores: Vec<f32>,
    dmasked: Vec<f32>,
    /// Key by key, in pairs of queries.
    masked: Vec<Pair>,
    dscores: Vec<Pair>,
    /// In pairs of keys.
    dscore_pairs: Vec<Pair>,
}

/// One unit of work: a sequence in one head.
struct Pass<'a> {
    dqkv: &'a Shared<'a, bf16>,
    given: &'a Given<'a, bf16>,
    shape: &'a AttentionShape<'a>,
    unit: &'a Unit,
}

impl Pass<'_> {
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn gradient(&self, scratch: &mut Scratch) {
        let (width, length) = (padded(self.shape.head_size), self.unit.length);
        for sums in [&mut scratch.dkeys, &mut scratch.dvalues] {
            room(sums, length * width).fill(0.0);
        }
        // SAFETY: the caller has the instructions; a unit writes only the rows of its own sequence in the columns of
        // its own head, part by part.
        unsafe {
            let keys = self.part(Part::Key, 0, length);
            keys.along(&mut scratch.keys);
            keys.side_by_side(&mut scratch.key_pairs);
            self.part(Part::Value, 0, length).along(&mut scratch.values);
            for query in (0..length).step_by(QUERY_BLOCK) {
                match QUERY_BLOCK.min(length - query) {
                    count @ 0..=LANES => self.block::<1, LANES>(scratch, query, count),
                    count => self.block::<2, QUERY_BLOCK>(scratch, query, count),
                }
            }
            let all = length * width;
            self.write(Part::Key, 0, &scratch.dkeys[..all], self.shape.scale as f32);
            self.write(Part::Value, 0, &scratch.dvalues[..all], 1.0);
        }
    }

    /// What the queries `query..query + count`, in `BLOCK = 16 VECTORS` lanes, contribute.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn block<const VECTORS: usize, const BLOCK: usize>(
        &self,
        s: &mut Scratch,
        query: usize,
        count: usize,
    ) {
        let Pass { shape, unit, .. } = *self;
        let (width, scale) = (padded(shape.head_size), shape.scale as f32);
        let keys = if shape.causal { query + count } else { unit.length };
        let key_pairs = keys.div_ceil(2);
        // SAFETY: the caller has the instructions; the buffers have the sizes that are asked for.
        unsafe {
            let (queries, douts) = (self.part(Part::Query, query, count), self.dout(query, count));
            queries.across::<BLOCK>(&mut s.queries);
            queries.side_by_side(&mut s.query_pairs);
            douts.across::<BLOCK>(&mut s.douts);
            douts.side_by_side(&mut s.dout_pairs);
            let (scores, dmasked) = (room(&mut s.scores, keys * BLOCK), room(&mut s.dmasked, keys * BLOCK));
            let by_column = Product {
                b: &s.keys,
                row_stride: width / 2,
                step: 1,
                x: &s.queries,
                rows: keys,
                depth: shape.head_size.div_ceil(2),
                width: BLOCK,
            };
            by_column.into(scores, Into::Scaled(scale));
            Product { b: &s.values, x: &s.douts, ..by_column }.into(dmasked, Into::Scaled(1.0));
            if shape.causal {
                hide_future(scores.as_chunks_mut::<BLOCK>().0, query);
            }
            let (mut lse, mut inner) = ([0.0; BLOCK], [0.0; BLOCK]);
            for (lane, lse) in lse.iter_mut().enumerate().take(count) {
                *lse = self.given.lse[(unit.first + query + lane) * shape.heads + unit.head];
            }
            douts.dots(&Tokens { data: self.given.out, ..douts }, &mut inner);
            let masked = room(&mut s.masked, keys * BLOCK / 2);
            let dscores = room(&mut s.dscores, keys * BLOCK / 2);
            let pairs = room(&mut s.dscore_pairs, key_pairs * BLOCK);
            let mask = Mask::of(shape, unit);
            let given = softmax::Given { scores, dmasked, lse: &lse, inner: &inner, query, mask };
            softmax::backward::<VECTORS>(given, masked, dscores, pairs);
            let by_query = Product {
                b: masked,
                row_stride: BLOCK / 2,
                step: 1,
                x: &s.dout_pairs,
                rows: keys,
                depth: count.div_ceil(2),
                width,
            };
            by_query.into(&mut s.dvalues, Into::Added);
            Product { b: dscores, x: &s.query_pairs, ..by_query }.into(&mut s.dkeys, Into::Added);
            let dqueries = room(&mut s.dqueries, count * width);
            let by_key = Product {
                b: pairs,
                row_stride: 1,
                step: BLOCK,
                x: &s.key_pairs,
                rows: count,
                depth: key_pairs,
                width,
            };
            by_key.into(dqueries, Into::Scaled(1.0));
            self.write(Part::Query, query, dqueries, scale);
        }
    }

    fn part(&self, part: Part, first: usize, count: usize) -> Tokens<'_> {
        let columns = Columns::qkv(self.shape, self.unit, part);
        Tokens { data: self.given.qkv, columns, first, count, width: padded(self.shape.head_size) }
    }

    fn dout(&self, first: usize, count: usize) -> Tokens<'_> {
        let columns = Columns::out(self.shape, self.unit);
        Tokens { data: self.given.dout, columns, first, count, width: padded(self.shape.head_size) }
    }

    /// Writes rows of one part, scaled, to the tokens from `first` on.
    ///
    /// # Safety
    /// As for [`write`].
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn write(&self, part: Part, first: usize, rows: &[f32], scale: f32) {
        let columns = Columns::qkv(self.shape, self.unit, part);
        let width = padded(self.shape.head_size);
        // SAFETY: passed on.
        unsafe { write(self.dqkv, columns, first, rows, width, std::iter::repeat(scale)) }
    }
}
