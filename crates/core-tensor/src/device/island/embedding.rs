//! Rows looked up and summed one by one.

use super::{Island, IslandBuffer};
use crate::device::EmbeddingOps;
use crate::element::{Float, Real};
use crate::kernels::{embedding, rows};
use std::ops::Range;

impl EmbeddingOps for Island {
    fn embedding<E: Float>(
        &self,
        lookups: &[(&IslandBuffer<E::Master>, &[u32])],
        width: usize,
    ) -> IslandBuffer<E> {
        let ids = lookups.first().map_or(0, |(_, ids)| ids.len());
        let tables: Vec<Vec<f64>> = lookups.iter().map(|(table, _)| table.wide()).collect();
        let lookups: Vec<(&[f64], &[u32])> =
            tables.iter().zip(lookups).map(|(table, (_, ids))| (&table[..], *ids)).collect();
        IslandBuffer::filled(ids * width, |y| embedding::reference::lookup_sum(&lookups, width, y))
    }

    fn embedding_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, IslandBuffer<E::Master>) {
        summed(ids, &dy.wide(), width, rows)
    }

    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &IslandBuffer<M>),
        b: (&[u32], &IslandBuffer<M>),
    ) -> (Vec<u32>, IslandBuffer<M>) {
        let ids: Vec<u32> = a.0.iter().chain(b.0).copied().collect();
        let values: Vec<f64> = [a.1.wide(), b.1.wide()].concat();
        summed(&ids, &values, width, 0..ids.len())
    }
}

/// The sum of the rows of each id, over a range of rows; ids ascending.
fn summed<M: Real>(ids: &[u32], x: &[f64], width: usize, range: Range<usize>) -> (Vec<u32>, IslandBuffer<M>) {
    let sums = rows::reference::sum_by_index(ids, x, width, std::slice::from_ref(&range));
    (sums.rows, IslandBuffer::rounded(sums.values))
}
