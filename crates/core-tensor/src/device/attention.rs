//! Attention over packed sequences.

use super::{AttentionShape, Memory};
use crate::element::Float;

/// Attention with its softmax and dropout, and its gradient.
pub trait AttentionOps: Memory {
    /// Attention over qkv: (tokens, 3, heads, head_size). Returns the output (tokens, heads, head_size) and each
    /// row's log-sum-exp (tokens, heads).
    fn attention<E: Float>(
        &self,
        qkv: &Self::Buffer<E>,
        shape: &AttentionShape<'_>,
    ) -> (Self::Buffer<E>, Self::Buffer<E::Master>);
    /// The gradient of qkv.
    fn attention_backward<E: Float>(
        &self,
        dout: &Self::Buffer<E>,
        out: &Self::Buffer<E>,
        log_sum_exp: &Self::Buffer<E::Master>,
        qkv: &Self::Buffer<E>,
        shape: &AttentionShape<'_>,
    ) -> Self::Buffer<E>;
}
