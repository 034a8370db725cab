//! One layer (Devlin et al. 2019; Vaswani et al. 2017 section 3), layer norm after each residual sum:
//!
//! a = norm(x + dropout(w attention(x) + b));  y = norm(a + dropout(w act(w a + b) + b))

use crate::acting::Acting;
use crate::bert::BertConfig;
use crate::build::Build;
use crate::error::EncoderError;
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Activation, Attention, Device, Dropout, Hooks, LayerNorm, Linear, Module, Pack, ParamView, QueryKeyValue,
    Site, Tape, Tensor, TensorError,
};

/// A layer of hidden size `H` and inner size `F`.
#[derive(Debug, Clone)]
pub struct Layer<H: Dim, F: Dim, M: Real, D: Device> {
    /// The projections to queries, keys and values.
    pub query_key_value: QueryKeyValue<H, M, D>,
    /// The product after attention.
    pub attention_output: Linear<H, H, M, D>,
    /// The norm after attention.
    pub attention_norm: LayerNorm<H, M, D>,
    /// The position-wise product to the inner size, before the activation.
    pub intermediate: Linear<H, F, M, D>,
    /// The position-wise product back.
    pub output: Linear<F, H, M, D>,
    /// The last norm.
    pub output_norm: LayerNorm<H, M, D>,
    /// Its number, from 0.
    index: usize,
    activation: Activation,
    attention: Attention,
    attention_dropout: Dropout,
    output_dropout: Dropout,
}

impl<H: Dim, F: Dim, M: Real, D: Device> Layer<H, F, M, D> {
    pub(super) fn build(
        build: &Build<'_, M, D>,
        index: usize,
        (hidden, inner): (H, F),
        config: &BertConfig,
    ) -> Result<Self, EncoderError> {
        let probabilities = build.dropout("attention.self.dropout", config.attention_dropout)?;
        let epsilon = config.layer_norm_eps;
        Ok(Layer {
            query_key_value: build.query_key_value("attention.self.query_key_value", hidden)?,
            attention_output: build.linear("attention.output.dense", hidden, hidden)?,
            attention_norm: build.layer_norm("attention.output.LayerNorm", hidden, epsilon)?,
            intermediate: build.linear("intermediate.dense", hidden, inner)?,
            output: build.linear("output.dense", inner, hidden)?,
            output_norm: build.layer_norm("output.LayerNorm", hidden, epsilon)?,
            index,
            activation: config.activation,
            attention: Attention { heads: config.heads, causal: false, dropout: probabilities },
            attention_dropout: build.dropout("attention.output.dropout", config.dropout)?,
            output_dropout: build.dropout("output.dropout", config.dropout)?,
        })
    }

    pub(super) fn set_dropout(&mut self, config: &BertConfig) -> Result<(), TensorError> {
        self.attention.dropout = self.attention.dropout.with_rate(config.attention_dropout)?;
        self.attention_dropout = self.attention_dropout.with_rate(config.dropout)?;
        self.output_dropout = self.output_dropout.with_rate(config.dropout)?;
        Ok(())
    }

    /// The output of the layer, or these rows of it: only attention then runs over all tokens.
    ///
    /// # Shapes
    /// x: `(tokens, hidden)`; result: `(tokens, hidden)`, or `(rows, hidden)`.
    ///
    /// Errors if the pack has another number of tokens, or none of these rows, or as hooks do.
    pub fn forward<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, H), E, D>,
        pack: &Pack,
        rows: Option<&[u32]>,
        hooks: Hooks<'_, H, E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let act = Acting { hooks, pack };
        let qkv = tape.query_key_value(x, &self.query_key_value)?;
        let qkv = act.on_queries_keys_values(self.index, tape, x, qkv)?;
        let context = tape.attention(&qkv, pack, self.attention)?;
        let (context, x) = match rows.filter(|rows| rows.len() < pack.tokens()) {
            Some(rows) => (tape.gather_rows(&context, rows)?, tape.gather_rows(x, rows)?),
            None => (context, x.clone()),
        };
        let out = tape.linear(&context, &self.attention_output, Activation::None)?;
        let out = act.on(Site::AttentionOut(self.index), tape, &context, &x, out)?;
        let a = tape.layer_norm(&out, Some(&x), &self.attention_norm, self.attention_dropout)?;
        let inner = tape.linear(&a, &self.intermediate, self.activation)?;
        let out = tape.linear(&inner, &self.output, Activation::None)?;
        let out = act.on(Site::FeedForwardOut(self.index), tape, &inner, &x, out)?;
        let y = tape.layer_norm(&out, Some(&a), &self.output_norm, self.output_dropout)?;
        act.on(Site::Layer(self.index), tape, &x, &x, y)
    }
}

impl<H: Dim, F: Dim, M: Real, D: Device> Module<M, D> for Layer<H, F, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        let mut show = |part: &str, module: &dyn Module<M, D>| {
            module.visit(&mut |name, view| visitor(&format!("{part}.{name}"), view));
        };
        show("attention.self.query_key_value", &self.query_key_value);
        show("attention.output.dense", &self.attention_output);
        show("attention.output.LayerNorm", &self.attention_norm);
        show("intermediate.dense", &self.intermediate);
        show("output.dense", &self.output);
        show("output.LayerNorm", &self.output_norm);
    }
}
