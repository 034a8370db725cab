//! Embeddings; three tables are summed in one sweep.

use super::{Cpu, CpuBuffer, made};
use crate::device::{EmbeddingOps, Memory};
use crate::element::{Float, Real};
use crate::kernels::rows::SparseRows;
use crate::kernels::{elementwise, embedding, rows};
use crate::profile::Work;
use std::ops::Range;

impl EmbeddingOps for Cpu {
    fn embedding<E: Float>(&self, lookups: &[(&CpuBuffer<E::Master>, &[u32])], width: usize) -> CpuBuffer<E> {
        let _timer = Work::Embedding.begin();
        let ids = lookups.first().map_or(0, |(_, ids)| ids.len());
        if let [(a, i), (b, j), (c, k)] = lookups {
            let tables = [a.slice(), b.slice(), c.slice()];
            return made(ids * width, |y| embedding::lookup_sum(tables, [i, j, k], width, y));
        }
        let mut sum = self.zeros(ids * width);
        for (table, ids) in lookups {
            let rows = made(ids.len() * width, |y| embedding::lookup(table.slice(), ids, width, y));
            elementwise::axpy(E::Master::ONE, rows.slice(), sum.slice_mut());
        }
        sum
    }

    fn embedding_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, CpuBuffer<E::Master>) {
        let _timer = Work::Embedding.begin();
        from_sparse(embedding::sparse_gradient(ids, dy.slice(), width, std::slice::from_ref(&rows)))
    }

    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &CpuBuffer<M>),
        b: (&[u32], &CpuBuffer<M>),
    ) -> (Vec<u32>, CpuBuffer<M>) {
        let _timer = Work::Embedding.begin();
        let rows = rows::united(a.0, b.0);
        let (x, y) = (a.1.slice(), b.1.slice());
        let values = made(rows.len() * width, |out| rows::add_united(&rows, width, x, y, out));
        (rows.into_iter().map(|(row, _)| row).collect(), values)
    }
}

fn from_sparse<M: Real>(sparse: SparseRows<M>) -> (Vec<u32>, CpuBuffer<M>) {
    let values = Cpu.upload(&sparse.values);
    (sparse.rows, values)
}
