//! Rows by index and means of sequences, element by element.

use super::{Island, IslandBuffer};
use crate::device::RowOps;
use crate::element::Float;
use crate::kernels::rows::reference;

impl RowOps for Island {
    fn gather_rows<E: Float>(&self, x: &IslandBuffer<E>, indices: &[u32], width: usize) -> IslandBuffer<E> {
        let mut rows = vec![E::default(); indices.len() * width];
        reference::gather(&x.0, indices, width, &mut rows);
        IslandBuffer(rows)
    }

    fn scatter_add<E: Float>(
        &self,
        target: &mut IslandBuffer<E>,
        source: &IslandBuffer<E>,
        indices: &[u32],
        width: usize,
    ) {
        target.update(|target| reference::scatter_add(&source.wide(), indices, width, target));
    }

    fn mean_pool<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> IslandBuffer<E> {
        let sequences = boundaries.len().saturating_sub(1);
        IslandBuffer::filled(sequences * width, |y| reference::mean_pool(&x.wide(), boundaries, width, y))
    }

    fn mean_pool_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> IslandBuffer<E> {
        let tokens = boundaries.last().copied().unwrap_or(0);
        IslandBuffer::filled(tokens * width, |dx| {
            reference::mean_pool_backward(&dy.wide(), boundaries, width, dx);
        })
    }
}
