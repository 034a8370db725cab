//! One layer of BERT (Devlin et al. 2019; Vaswani et al. 2017 section 3), layer norm after each residual sum:
//!
//! a = norm(x + dropout(w attention(x) + b));  y = norm(a + dropout(w act(w a + b) + b))

use super::BertConfig;
use super::build::Build;
use crate::error::EncoderError;
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Activation, Attention, Device, Dropout, LayerNorm, Linear, Module, Pack, ParamView, QueryKeyValue, Tape,
    Tensor, TensorError,
};

/// How many dropouts a layer has room for: layer i uses the keys from i times this on.
const DROPOUTS: u32 = 4;

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
        let dropouts = Dropouts::new(index, config)?;
        let epsilon = config.layer_norm_eps;
        Ok(Layer {
            query_key_value: build.query_key_value("attention.self", hidden)?,
            attention_output: build.linear("attention.output.dense", hidden, hidden)?,
            attention_norm: build.layer_norm("attention.output.LayerNorm", hidden, epsilon)?,
            intermediate: build.linear("intermediate.dense", hidden, inner)?,
            output: build.linear("output.dense", inner, hidden)?,
            output_norm: build.layer_norm("output.LayerNorm", hidden, epsilon)?,
            activation: config.activation,
            attention: Attention { heads: config.heads, causal: false, dropout: dropouts.probabilities },
            attention_dropout: dropouts.attention,
            output_dropout: dropouts.output,
        })
    }

    pub(super) fn set_dropout(&mut self, index: usize, config: &BertConfig) -> Result<(), TensorError> {
        let dropouts = Dropouts::new(index, config)?;
        self.attention.dropout = dropouts.probabilities;
        self.attention_dropout = dropouts.attention;
        self.output_dropout = dropouts.output;
        Ok(())
    }

    /// The output of the layer, or these rows of it: only attention then runs over all tokens.
    ///
    /// # Shapes
    /// x: `(tokens, hidden)`; result: `(tokens, hidden)`, or `(rows, hidden)`.
    ///
    /// Errors if the pack has another number of tokens, or none of these rows.
    pub fn forward<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, H), E, D>,
        pack: &Pack,
        rows: Option<&[u32]>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let qkv = tape.query_key_value(x, &self.query_key_value)?;
        let context = tape.attention(&qkv, pack, self.attention)?;
        let (context, x) = match rows.filter(|rows| rows.len() < pack.tokens()) {
            Some(rows) => (tape.gather_rows(&context, rows)?, tape.gather_rows(x, rows)?),
            None => (context, x.clone()),
        };
        let context = tape.linear(&context, &self.attention_output, Activation::None)?;
        let a = tape.layer_norm(&context, Some(&x), &self.attention_norm, self.attention_dropout)?;
        let inner = tape.linear(&a, &self.intermediate, self.activation)?;
        let y = tape.linear(&inner, &self.output, Activation::None)?;
        tape.layer_norm(&y, Some(&a), &self.output_norm, self.output_dropout)
    }
}

impl<H: Dim, F: Dim, M: Real, D: Device> Module<M, D> for Layer<H, F, M, D> {
    fn visit(&mut self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        let mut show = |part: &str, module: &mut dyn Module<M, D>| {
            module.visit(&mut |name, view| visitor(&format!("{part}.{name}"), view));
        };
        show("attention.self.query_key_value", &mut self.query_key_value);
        show("attention.output.dense", &mut self.attention_output);
        show("attention.output.LayerNorm", &mut self.attention_norm);
        show("intermediate.dense", &mut self.intermediate);
        show("output.dense", &mut self.output);
        show("output.LayerNorm", &mut self.output_norm);
    }
}

/// The dropouts of one layer, each with a key of its own.
struct Dropouts {
    probabilities: Dropout,
    attention: Dropout,
    output: Dropout,
}

impl Dropouts {
    fn new(layer: usize, config: &BertConfig) -> Result<Dropouts, TensorError> {
        let first = layer as u32 * DROPOUTS;
        Ok(Dropouts {
            probabilities: Dropout::new(config.attention_dropout, first)?,
            attention: Dropout::new(config.dropout, first + 1)?,
            output: Dropout::new(config.dropout, first + 2)?,
        })
    }
}
