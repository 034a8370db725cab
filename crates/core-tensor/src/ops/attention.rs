//! Multi-head attention over packed sequences (Vaswani et al. 2017), each sequence to itself.

use super::dropout::Dropout;
use super::linear::Product;
use crate::device::{Activation, AttentionDropout, AttentionShape, Device, LinearSizes};
use crate::element::{Float, Real};
use crate::error::{TensorError, check};
use crate::kernels::random::{DrawKey, Rate};
use crate::pack::Pack;
use crate::param::{Module, Param, ParamView, Role};
use crate::shape::{Const, Dim, Fits};
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

/// The projections to queries, keys and values in one layer: one storage with three typed parts.
#[derive(Debug, Clone)]
pub struct QueryKeyValue<H: Dim, M: Real, D: Device> {
    /// The three weights, `(3, outputs, inputs)`, in the order query, key, value.
    pub weight: Param<(Const<3>, H, H), M, D>,
    /// The three biases, `(3, outputs)`.
    pub bias: Param<(Const<3>, H), M, D>,
}

impl<H: Dim, M: Real, D: Device> QueryKeyValue<H, M, D> {
    /// A layer with these weights and biases of zeros.
    pub fn new(weight: Tensor<(Const<3>, H, H), M, D>) -> Self {
        let bias = Tensor::zeros(weight.device(), (Const, weight.shape().1));
        QueryKeyValue { weight: Param::new(Role::Weight, weight), bias: Param::new(Role::BiasOrNorm, bias) }
    }
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for QueryKeyValue<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        visitor("weight", self.weight.view());
        visitor("bias", self.bias.view());
    }
}

/// How attention runs.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// How many heads; must divide the width.
    pub heads: usize,
    /// Whether a token sees only itself and what precedes it.
    pub causal: bool,
    /// Dropout of the probabilities.
    pub dropout: Dropout,
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Queries, keys and values of each row, in one product.
    ///
    /// # Shapes
    /// x: `(rows, hidden)`; result: `(rows, 3, hidden)`.
    pub fn query_key_value<R: Dim, W: Fits<H>, H: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        layer: &QueryKeyValue<H, E::Master, D>,
    ) -> Result<Tensor<(R, Const<3>, H), E, D>, TensorError> {
        let (rows, hidden) = (x.shape().0, layer.weight.shape().1);
        check("query_key_value", "input width", &[hidden.size()], &[x.shape().1.size()])?;
        let product = Product {
            weight: (layer.weight.learned(), layer.weight.value().shared()),
            bias: (layer.bias.learned(), layer.bias.value().shared()),
            activation: Activation::None,
            sizes: LinearSizes { rows: rows.size(), inputs: hidden.size(), outputs: 3 * hidden.size() },
        };
        self.product("query_key_value", x, product, (rows, Const, hidden))
    }

    /// softmax(q k^T / sqrt(head size)) v for each head, inside each sequence of the pack.
    ///
    /// # Shapes
    /// qkv: `(tokens, 3, hidden)`; result: `(tokens, hidden)`.
    ///
    /// Errors if the pack has another number of tokens or the heads do not divide the width.
    pub fn attention<R: Dim, H: Dim>(
        &mut self,
        qkv: &Tensor<(R, Const<3>, H), E, D>,
        pack: &Pack,
        attention: Attention,
    ) -> Result<Tensor<(R, H), E, D>, TensorError> {
        let (tokens, _, hidden) = *qkv.shape();
        check("attention", "tokens of the pack", &[pack.tokens()], &[tokens.size()])?;
        if attention.heads == 0 || hidden.size() % attention.heads != 0 {
            let got = attention.heads as f64;
            return Err(TensorError::Range { name: "heads", rule: "a divisor of the hidden size", got });
        }
        let layout = Layout {
            boundaries: pack.boundaries.as_slice().into(),
            numbers: pack.numbers.as_slice().into(),
            heads: attention.heads,
            head_size: hidden.size() / attention.heads,
            causal: attention.causal,
            dropout: attention.dropout.drawn(self),
        };
        let input = self.input("attention", qkv)?;
        let (out, log_sum_exp) = self.device().attention(qkv.buffer(), &layout.shape());
        let mut out = Tensor::from_buffer(self.device(), (tokens, hidden), out);
        out.rows = qkv.rows.clone();
        let kept = out.shared();
        Ok(self.record(out, &[input], Vec::new(), || {
            Box::new(AttentionBackward { input, qkv: qkv.shared(), out: kept, log_sum_exp, layout })
        }))
    }
}

/// What the backward pass must know of the pack.
struct Layout {
    boundaries: Arc<[usize]>,
    numbers: Arc<[u32]>,
    heads: usize,
    head_size: usize,
    causal: bool,
    dropout: Option<(Rate, DrawKey)>,
}

impl Layout {
    fn shape(&self) -> AttentionShape<'_> {
        let dropout =
            self.dropout.map(|(rate, key)| AttentionDropout { rate, key, sequences: &self.numbers });
        let shape = AttentionShape::new(&self.boundaries, self.heads, self.head_size);
        AttentionShape { causal: self.causal, dropout, ..shape }
    }
}

struct AttentionBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    qkv: Arc<D::Buffer<E>>,
    out: Arc<D::Buffer<E>>,
    log_sum_exp: D::Buffer<E::Master>,
    layout: Layout,
}

impl<E: Float, D: Device> Backward<E, D> for AttentionBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dout = upstream.tensor();
        let shape = self.layout.shape();
        let dqkv = walk.device().attention_backward(&dout, &self.out, &self.log_sum_exp, &self.qkv, &shape);
        walk.add(self.input, dqkv);
        Ok(())
    }
}
