//! Losses with their gradients, and the softmax.

use super::Memory;
use crate::element::Float;

/// Losses, softmax, and their gradients. A loss is a sum over rows or values, in `f64`, in a fixed order.
pub trait LossOps: Memory {
    /// The cross-entropy of each row of logits, summed, in nats. Rows whose target is `ignored` count nothing.
    fn cross_entropy<E: Float>(
        &self,
        logits: &Self::Buffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
    ) -> f64;
    /// The gradient of the summed cross-entropy, times `scale`.
    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &Self::Buffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
        scale: f64,
    ) -> Self::Buffer<E>;
    /// The summed squared error.
    fn squared_error<E: Float>(&self, predicted: &Self::Buffer<E>, targets: &[f64]) -> f64;
    /// The gradient of the summed squared error, times `scale`.
    fn squared_error_backward<E: Float>(
        &self,
        predicted: &Self::Buffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> Self::Buffer<E>;
    /// The summed binary cross-entropy of logits, in nats. Targets are in [0, 1]; a NaN target counts nothing.
    fn binary_cross_entropy<E: Float>(&self, logits: &Self::Buffer<E>, targets: &[f64]) -> f64;
    /// The gradient of the summed binary cross-entropy, times `scale`.
    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &Self::Buffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> Self::Buffer<E>;
    /// The softmax of each row.
    fn softmax<E: Float>(&self, x: &Self::Buffer<E>, width: usize) -> Self::Buffer<E>;
    /// The gradient of softmax from its output y.
    fn softmax_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        y: &Self::Buffer<E>,
        width: usize,
    ) -> Self::Buffer<E>;
}
