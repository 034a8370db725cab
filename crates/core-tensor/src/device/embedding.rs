//! Looking up embeddings, and gradients of a few rows of a table.

use super::Memory;
use crate::element::{Float, Real};
use std::ops::Range;

/// Embedding tables: looking up, and gradients that hold only the rows that were looked up.
pub trait EmbeddingOps: Memory {
    /// The sum of the looked-up rows of each table, (ids, width).
    fn embedding<E: Float>(
        &self,
        lookups: &[(&Self::Buffer<E::Master>, &[u32])],
        width: usize,
    ) -> Self::Buffer<E>;
    /// The rows that a range of ids looked up, ascending and unique, and the sum of each one's gradients.
    fn embedding_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        ids: &[u32],
        rows: Range<usize>,
        width: usize,
    ) -> (Vec<u32>, Self::Buffer<E::Master>);
    /// The union of two sets of rows, where both have a row their sum.
    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &Self::Buffer<M>),
        b: (&[u32], &Self::Buffer<M>),
    ) -> (Vec<u32>, Self::Buffer<M>);
}
