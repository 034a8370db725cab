//! The forward pass.

use super::panel::{LANES, Pair, Tokens, room, write};
use super::product::{Into, Product};
use super::softmax;
use crate::element::bf16;
use crate::kernels::attention::forward::{CHUNK, hide_future};
use crate::kernels::attention::panel::{Columns, Mask, Part, QUERY_BLOCK, padded};
use crate::kernels::attention::{AttentionShape, Shared, Unit};
use rayon::prelude::*;
use std::arch::x86_64::*;

/// As [`forward`](crate::kernels::attention::forward()).
///
/// # Safety
/// As for the module.
pub(in super::super) unsafe fn forward(
    out: &mut [bf16],
    lse: Option<&mut [f32]>,
    qkv: &[bf16],
    shape: &AttentionShape<'_>,
) {
    let (out, lse) = (Shared::new(out), lse.map(Shared::new));
    shape.units(CHUNK).par_iter().for_each_init(Scratch::default, |scratch, unit| {
        let pass = Pass { out: &out, lse: lse.as_ref(), qkv, shape, unit };
        // SAFETY: the caller has the instructions.
        unsafe { pass.attend(scratch) }
    });
}

#[derive(Default)]
struct Scratch {
    keys: Vec<Pair>,
    values: Vec<Pair>,
    queries: Vec<Pair>,
    /// (keys, queries).
    scores: Vec<f32>,
    /// In pairs of keys.
    probabilities: Vec<Pair>,
    out: Vec<f32>,
}

/// One unit of work.
struct Pass<'a> {
    out: &'a Shared<'a, bf16>,
    lse: Option<&'a Shared<'a, f32>>,
    qkv: &'a [bf16],
    shape: &'a AttentionShape<'a>,
    unit: &'a Unit,
}

impl Pass<'_> {
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn attend(&self, scratch: &mut Scratch) {
        let Unit { from, to, length, .. } = *self.unit;
        let seen = if self.shape.causal { to } else { length };
        // SAFETY: the caller has the instructions.
        unsafe {
            self.tokens(Part::Key, 0, seen).along(&mut scratch.keys);
            self.tokens(Part::Value, 0, seen).side_by_side(&mut scratch.values);
            for query in (from..to).step_by(QUERY_BLOCK) {
                match QUERY_BLOCK.min(to - query) {
                    count @ 0..=LANES => self.block::<1, LANES>(scratch, query, count),
                    count => self.block::<2, QUERY_BLOCK>(scratch, query, count),
                }
            }
        }
    }

    fn tokens(&self, part: Part, first: usize, count: usize) -> Tokens<'_> {
        let columns = Columns::qkv(self.shape, self.unit, part);
        Tokens { data: self.qkv, columns, first, count, width: padded(self.shape.head_size) }
    }

    /// The queries `query..query + count`, in `BLOCK = 16 VECTORS` lanes.
    ///
    /// # Safety
    /// As for the module.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn block<const VECTORS: usize, const BLOCK: usize>(
        &self,
        scratch: &mut Scratch,
        query: usize,
        count: usize,
    ) {
        let Pass { shape, unit, .. } = *self;
        let width = padded(shape.head_size);
        let keys = if shape.causal { query + count } else { unit.length };
        // SAFETY: the caller has the instructions; the buffers have the sizes that are asked for.
        unsafe {
            self.tokens(Part::Query, query, count).across::<BLOCK>(&mut scratch.queries);
            let scores = room(&mut scratch.scores, keys * BLOCK);
            let by_column = Product {
                b: &scratch.keys,
                row_stride: width / 2,
                step: 1,
                x: &scratch.queries,
                rows: keys,
                depth: shape.head_size.div_ceil(2),
                width: BLOCK,
            };
            by_column.into(scores, Into::Scaled(shape.scale as f32));
            if shape.causal {
                hide_future(scores.as_chunks_mut::<BLOCK>().0, query);
            }
            let pairs = room(&mut scratch.probabilities, keys.div_ceil(2) * BLOCK);
            let (top, sums) = softmax::forward::<VECTORS>(scores, pairs, query, Mask::of(shape, unit));
            let out = room(&mut scratch.out, count * width);
            let by_key = Product {
                b: pairs,
                row_stride: 1,
                step: BLOCK,
                x: &scratch.values,
                rows: count,
                depth: keys.div_ceil(2),
                width,
            };
            by_key.into(out, Into::Scaled(1.0));
            let (top, sums) = (lanes::<VECTORS, BLOCK>(top), lanes::<VECTORS, BLOCK>(sums));
            let factors = sums.iter().map(|sum| 1.0 / sum);
            write(self.out, Columns::out(shape, unit), query, out, width, factors);
            for i in 0..if self.lse.is_some() { count } else { 0 } {
                let lse = self.lse.expect("asked for by the range").slice(self.row(query + i), 1);
                lse[0] = top[i] + sums[i].ln();
            }
        }
    }

    /// Where a query's number lies in (tokens, heads).
    fn row(&self, query: usize) -> usize {
        (self.unit.first + query) * self.shape.heads + self.unit.head
    }
}

/// The elements of vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn lanes<const VECTORS: usize, const BLOCK: usize>(vectors: [__m512; VECTORS]) -> [f32; BLOCK] {
    let mut lanes = [0.0; BLOCK];
    for (lanes, vector) in lanes.as_chunks_mut::<LANES>().0.iter_mut().zip(vectors) {
        // SAFETY: as long as the vector.
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), vector) }
    }
    lanes
}
