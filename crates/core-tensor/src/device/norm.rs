//! Layer norm, with the dropout and the residual before it, and dropout alone.

use super::Memory;
use crate::element::Float;
use crate::kernels::random::{DrawKey, Rate, RowKey};
use std::ops::Range;

/// Dropout of a tensor with one key a row.
#[derive(Debug, Clone, Copy)]
pub struct RowDropout<'a> {
    /// How often a unit is dropped.
    pub rate: Rate,
    /// The operation's key.
    pub key: DrawKey,
    /// The rows' keys, `(rows,)`.
    pub rows: &'a [RowKey],
}

/// Layer norm and dropout, and their gradients.
pub trait NormOps: Memory {
    /// Layer norm of z = dropout(x) + residual. Returns y and, if they are to be kept for the backward pass, the
    /// normalised z (rows, width) and 1/std of each row (rows,); otherwise these two may be empty.
    fn layer_norm<E: Float>(
        &self,
        x: &Self::Buffer<E>,
        residual: Option<&Self::Buffer<E>>,
        gamma: &Self::Buffer<E::Master>,
        beta: &Self::Buffer<E::Master>,
        epsilon: f64,
        dropout: Option<RowDropout<'_>>,
        keep: bool,
    ) -> (Self::Buffer<E>, Self::Buffer<E>, Self::Buffer<E::Master>);
    /// gamma h + beta for each row h of `normalised`: what [`layer_norm`](Self::layer_norm) returned, to the bit where
    /// `E` is its own master.
    fn gain_and_offset<E: Float>(
        &self,
        normalised: &Self::Buffer<E>,
        gamma: &Self::Buffer<E::Master>,
        beta: &Self::Buffer<E::Master>,
    ) -> Self::Buffer<E>;
    /// The gradient of z and, where there is dropout, that of x.
    fn layer_norm_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        normalised: &Self::Buffer<E>,
        rstd: &Self::Buffer<E::Master>,
        gamma: &Self::Buffer<E::Master>,
        dropout: Option<RowDropout<'_>>,
    ) -> (Self::Buffer<E>, Option<Self::Buffer<E>>);
    /// The gradients of gamma and beta over a range of rows.
    fn layer_norm_weights<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        normalised: &Self::Buffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> (Self::Buffer<E::Master>, Self::Buffer<E::Master>);
    /// Dropout, scaled so that the expectation stays. Its own backward pass.
    fn dropout<E: Float>(&self, x: &Self::Buffer<E>, dropout: RowDropout<'_>) -> Self::Buffer<E>;
}
