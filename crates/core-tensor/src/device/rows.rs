//! Rows picked, rows added by index, and the mean of each sequence.

use super::Memory;
use crate::element::Float;

/// Rows picked and added by index, and means of sequences.
pub trait RowOps: Memory {
    /// The rows at these indices.
    fn gather_rows<E: Float>(&self, x: &Self::Buffer<E>, indices: &[u32], width: usize) -> Self::Buffer<E>;
    /// Adds each row of `source` to the row of `target` at its index, in order.
    fn scatter_add<E: Float>(
        &self,
        target: &mut Self::Buffer<E>,
        source: &Self::Buffer<E>,
        indices: &[u32],
        width: usize,
    );
    /// The mean row of each sequence; zero for an empty one.
    fn mean_pool<E: Float>(&self, x: &Self::Buffer<E>, boundaries: &[usize], width: usize)
    -> Self::Buffer<E>;
    /// The gradient of [`mean_pool`](Self::mean_pool).
    fn mean_pool_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> Self::Buffer<E>;
}
