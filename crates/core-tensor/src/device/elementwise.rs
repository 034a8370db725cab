//! Elementwise functions of one and two tensors.

use super::{Activation, Binary, Memory, Trace, Unary};
use crate::element::Float;

/// How a row vector meets each row of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// Added to each row.
    Add,
    /// Multiplied with each row.
    Mul,
}

/// Elementwise functions, their gradients, and sums of tensors.
pub trait ElementwiseOps: Memory {
    /// An elementwise function.
    fn unary<E: Float>(&self, x: &Self::Buffer<E>, f: Unary) -> Self::Buffer<E>;
    /// dx = dy f'(x), from the input x and the output y.
    fn unary_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        x: &Self::Buffer<E>,
        y: &Self::Buffer<E>,
        f: Unary,
    ) -> Self::Buffer<E>;
    /// The gradient of an activation's argument from that of its values, `dy`, whose place it takes. `trace` is what
    /// [`linear`](super::LinearOps::linear) gave, of that kind.
    fn activation_backward<E: Float>(
        &self,
        dy: Self::Buffer<E>,
        trace: (Trace, &Self::Buffer<E>),
        activation: Activation,
    ) -> Self::Buffer<E>;
    /// An elementwise function of two.
    fn binary<E: Float>(&self, a: &Self::Buffer<E>, b: &Self::Buffer<E>, f: Binary) -> Self::Buffer<E>;
    /// A row vector added to, or multiplied with, each row.
    fn broadcast<E: Float>(
        &self,
        x: &Self::Buffer<E>,
        row: &Self::Buffer<E>,
        f: Broadcast,
    ) -> Self::Buffer<E>;
    /// target += factor source.
    fn axpy<E: Float>(&self, target: &mut Self::Buffer<E>, factor: f64, source: &Self::Buffer<E>);
    /// target *= factor.
    fn scale<E: Float>(&self, target: &mut Self::Buffer<E>, factor: f64);
}
