//! Products of linear layers, and plain matrix products.

use super::{Activation, Memory, Trace};
use crate::element::Float;
use std::ops::Range;

/// The sizes of a linear layer's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearSizes {
    /// Rows of the input.
    pub rows: usize,
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
}

impl LinearSizes {
    /// Floating-point operations of one of its products over so many rows.
    pub(super) fn flops(self, rows: usize) -> u64 {
        2 * (rows * self.inputs * self.outputs) as u64
    }
}

/// Linear layers with bias and activation, their gradients, and plain matrix products.
pub trait LinearOps: Memory {
    /// y = activation(x w^T + bias), and a trace of the activation, if asked for.
    ///
    /// x: (rows, inputs); w: (outputs, inputs); bias: (outputs,); y, trace: (rows, outputs).
    fn linear<E: Float>(
        &self,
        x: &Self::Buffer<E>,
        w: &Self::Buffer<E::Master>,
        bias: Option<&Self::Buffer<E::Master>>,
        activation: Activation,
        trace: Option<Trace>,
        sizes: LinearSizes,
    ) -> (Self::Buffer<E>, Option<Self::Buffer<E>>);
    /// dx = du w, with du: (rows, outputs) the gradient before the activation.
    fn linear_input<E: Float>(
        &self,
        du: &Self::Buffer<E>,
        w: &Self::Buffer<E::Master>,
        sizes: LinearSizes,
    ) -> Self::Buffer<E>;
    /// dw = du^T x over a range of rows, (outputs, inputs).
    fn linear_weight<E: Float>(
        &self,
        du: &Self::Buffer<E>,
        x: &Self::Buffer<E>,
        rows: Range<usize>,
        sizes: LinearSizes,
    ) -> Self::Buffer<E::Master>;
    /// The sum of a range of rows of x: (n, width), in the master type: (width,).
    fn column_sums<E: Float>(
        &self,
        x: &Self::Buffer<E>,
        rows: Range<usize>,
        width: usize,
    ) -> Self::Buffer<E::Master>;
    /// c = a b with a: (m, k), b: (k, n), each transposed in storage if asked, c: (m, n).
    fn matmul<E: Float>(
        &self,
        a: (&Self::Buffer<E>, bool),
        b: (&Self::Buffer<E>, bool),
        m: usize,
        k: usize,
        n: usize,
    ) -> Self::Buffer<E>;
}
