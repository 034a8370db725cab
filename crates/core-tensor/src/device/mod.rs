//! Devices: where storage lives and kernels run.
//!
//! A [`Device`] is memory and kernels over that memory, nothing more: shapes are checked, gradients recorded and
//! random keys chosen above it. [`Cpu`] is complete. [`Island`] is for tests: the host cannot read its memory
//! except by an explicit copy, and its kernels are the slow obvious references, so that the same test body checks
//! the fast kernels, the references and the absence of hidden host access.

#[cfg(debug_assertions)]
mod compiled;
mod cpu;
mod island;
mod pool;

pub use cpu::{Cpu, CpuBuffer};
pub use island::{Island, IslandBuffer};

use crate::element::{Element, Float, Real};
pub use crate::kernels::activation::Activation;
pub use crate::kernels::attention::{AttentionDropout, AttentionShape};
pub use crate::kernels::elementwise::{Binary, Unary};
pub use crate::kernels::gemm::Trace;
pub use crate::kernels::optimizer::{AdamW as AdamWStep, Sgd as SgdStep};
use crate::kernels::random::{DrawKey, Rate, RowKey};
use std::fmt::Debug;
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
    fn flops(self, rows: usize) -> u64 {
        2 * (rows * self.inputs * self.outputs) as u64
    }
}

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

/// How a row vector meets each row of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// Added to each row.
    Add,
    /// Multiplied with each row.
    Mul,
}

/// Memory and kernels. `E` is the stored type, `E::Master` that of parameters, sums and statistics.
///
/// Kernels trust their sizes: the operations above check them. All are deterministic at any thread count.
pub trait Device: Clone + Debug + Send + Sync + 'static {
    /// A run of elements in the device's memory.
    type Buffer<E: Element>: Debug + Send + Sync;

    /// How many elements a buffer holds.
    fn len<E: Element>(buffer: &Self::Buffer<E>) -> usize;
    /// A buffer of zeros.
    fn zeros<E: Element>(&self, len: usize) -> Self::Buffer<E>;
    /// A buffer with the host's values.
    fn upload<E: Element>(&self, host: &[E]) -> Self::Buffer<E>;
    /// The values, copied to the host.
    fn download<E: Element>(&self, buffer: &Self::Buffer<E>) -> Vec<E>;
    /// A copy in the device's memory.
    fn duplicate<E: Element>(&self, buffer: &Self::Buffer<E>) -> Self::Buffer<E>;
    /// The values in another type of float.
    fn cast<A: Float, B: Float>(&self, a: &Self::Buffer<A>) -> Self::Buffer<B>;

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

    /// Dropout, scaled so that the expectation stays. Its own backward pass.
    fn dropout<E: Float>(&self, x: &Self::Buffer<E>, dropout: RowDropout<'_>) -> Self::Buffer<E>;

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
    /// The gradient of [`Device::mean_pool`].
    fn mean_pool_backward<E: Float>(
        &self,
        dy: &Self::Buffer<E>,
        boundaries: &[usize],
        width: usize,
    ) -> Self::Buffer<E>;
    /// The union of two sets of rows, where both have a row their sum.
    fn merge_rows<M: Real>(
        &self,
        width: usize,
        a: (&[u32], &Self::Buffer<M>),
        b: (&[u32], &Self::Buffer<M>),
    ) -> (Vec<u32>, Self::Buffer<M>);

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
    /// [`linear`](Device::linear) gave, of that kind.
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
    /// The sum of each row, (rows,).
    fn row_sums<E: Float>(&self, x: &Self::Buffer<E>, width: usize) -> Self::Buffer<E>;
    /// target += factor source.
    fn axpy<E: Float>(&self, target: &mut Self::Buffer<E>, factor: f64, source: &Self::Buffer<E>);
    /// target *= factor.
    fn scale<E: Float>(&self, target: &mut Self::Buffer<E>, factor: f64);
    /// The sum of all elements, in a fixed order.
    fn sum<E: Float>(&self, x: &Self::Buffer<E>) -> f64;
    /// The dot product, in a fixed order.
    fn dot<E: Float>(&self, a: &Self::Buffer<E>, b: &Self::Buffer<E>) -> f64;

    /// AdamW in one sweep over a tensor, its gradient and its two moments.
    fn adamw<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: &Self::Buffer<M>,
        first: &mut Self::Buffer<M>,
        second: &mut Self::Buffer<M>,
        step: AdamWStep,
    );
    /// AdamW where only some rows have a gradient: dense in meaning, so all rows decay and all moments fade.
    ///
    /// `live` remembers, from step to step, which rows may have moments that are not zero; empty means unknown.
    fn adamw_rows<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: (&[u32], &Self::Buffer<M>, usize),
        first: &mut Self::Buffer<M>,
        second: &mut Self::Buffer<M>,
        live: &mut Vec<bool>,
        step: AdamWStep,
    );
    /// SGD with momentum in one sweep.
    fn sgd<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: &Self::Buffer<M>,
        velocity: &mut Self::Buffer<M>,
        step: SgdStep,
    );
}
