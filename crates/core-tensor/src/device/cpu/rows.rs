//! Rows by index, and means of sequences.

use super::{Cpu, CpuBuffer, made};
use crate::device::RowOps;
use crate::element::Float;
use crate::kernels::rows;

impl RowOps for Cpu {
    fn gather_rows<E: Float>(&self, x: &CpuBuffer<E>, indices: &[u32], width: usize) -> CpuBuffer<E> {
        made(indices.len() * width, |y| rows::gather(x.slice(), indices, width, y))
    }

    fn scatter_add<E: Float>(
        &self,
        target: &mut CpuBuffer<E>,
        source: &CpuBuffer<E>,
        indices: &[u32],
        width: usize,
    ) {
        rows::scatter_add(source.slice(), indices, width, target.slice_mut());
    }

    fn mean_pool<E: Float>(&self, x: &CpuBuffer<E>, boundaries: &[usize], width: usize) -> CpuBuffer<E> {
        let sequences = boundaries.len().saturating_sub(1);
        made(sequences * width, |y| rows::mean_pool(x.slice(), boundaries, width, y))
    }

    fn mean_pool_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> CpuBuffer<E> {
        let tokens = boundaries.last().copied().unwrap_or(0);
        made(tokens * width, |dx| rows::mean_pool_backward(dy.slice(), boundaries, width, dx))
    }
}
