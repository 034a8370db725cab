//! Rows by index and means of sequences: memory alone.

use super::{Count, CountBuffer};
use crate::device::RowOps;
use crate::element::Float;

impl RowOps for Count {
    fn gather_rows<E: Float>(&self, _x: &CountBuffer<E>, indices: &[u32], width: usize) -> CountBuffer<E> {
        self.buffer(indices.len() * width)
    }

    fn scatter_add<E: Float>(
        &self,
        _target: &mut CountBuffer<E>,
        _source: &CountBuffer<E>,
        _indices: &[u32],
        _width: usize,
    ) {
    }

    fn mean_pool<E: Float>(&self, _x: &CountBuffer<E>, boundaries: &[usize], width: usize) -> CountBuffer<E> {
        self.buffer(boundaries.len().saturating_sub(1) * width)
    }

    fn mean_pool_backward<E: Float>(
        &self,
        _dy: &CountBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> CountBuffer<E> {
        self.buffer(boundaries.last().copied().unwrap_or(0) * width)
    }
}
