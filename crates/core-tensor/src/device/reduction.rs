//! Sums and dot products.

use super::Memory;
use crate::element::Float;

/// Sums and dot products, each in a fixed order.
pub trait ReductionOps: Memory {
    /// The sum of each row, (rows,).
    fn row_sums<E: Float>(&self, x: &Self::Buffer<E>, width: usize) -> Self::Buffer<E>;
    /// The sum of all elements, in a fixed order.
    fn sum<E: Float>(&self, x: &Self::Buffer<E>) -> f64;
    /// The dot product, in a fixed order.
    fn dot<E: Float>(&self, a: &Self::Buffer<E>, b: &Self::Buffer<E>) -> f64;
}
