//! Embeddings: the rows are true, their values are none.

use super::{Count, CountBuffer};
use crate::device::EmbeddingOps;
use crate::element::{Float, Real};
use crate::kernels::rows::united;
use std::ops::Range;

impl EmbeddingOps for Count {
    fn embedding<E: Float>(
        &self,
        lookups: &[(&CountBuffer<E::Master>, &[u32])],
        width: usize,
    ) -> CountBuffer<E> {
        self.buffer(lookups.first().map_or(0, |(_, ids)| ids.len()) * width)
    }

    fn embedding_backward<E: Float>(
        &self,
        _dy: &CountBuffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, CountBuffer<E::Master>) {
        let mut rows = ids[rows].to_vec();
        rows.sort_unstable();
        rows.dedup();
        let values = self.buffer(rows.len() * width);
        (rows, values)
    }

    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &CountBuffer<M>),
        b: (&[u32], &CountBuffer<M>),
    ) -> (Vec<u32>, CountBuffer<M>) {
        let rows: Vec<u32> = united(a.0, b.0).into_iter().map(|(row, _)| row).collect();
        let values = self.buffer(rows.len() * width);
        (rows, values)
    }
}
