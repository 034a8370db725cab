//! The body of BERT and its relatives over packed sequences: learned absolute positions, and a layer norm after each
//! residual sum (Vaswani et al. 2017; Devlin et al. 2019).

mod embeddings;
mod folder;
mod layer;
mod variant;

pub use embeddings::Embeddings;
pub(crate) use folder::read_file;
pub use layer::Layer;
pub use variant::Variant;
pub(crate) use variant::family_row;

use crate::bert::BertConfig;
use crate::build::{Build, width};
use crate::error::EncoderError;
use crate::table::{Start, Values};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Activation, Device, Encoder, Export, Hooks, Init, Linear, Module, Pack, Param, ParamId, ParamView,
    Pooling, Tape, Tensor, TensorError,
};
use std::collections::BTreeSet;

/// An encoder of the family whose configuration is `C`, of hidden size `H` and inner size `F`, with parameters of `M` on
/// `D`: a [`Bert`](crate::Bert) or a [`Roberta`](crate::Roberta).
#[derive(Debug, Clone)]
pub struct Transformer<C: Variant, H: Dim, F: Dim, M: Real, D: Device> {
    /// The tables of words, positions and segments.
    pub embeddings: Embeddings<H, M, D>,
    /// The layers, first to last.
    pub layers: Vec<Layer<H, F, M, D>>,
    /// The layer over the first token, if there is one: tanh(w x + b).
    pub pooler: Option<Linear<H, H, M, D>>,
    config: C,
    hidden: H,
    checkpoint_layers: bool,
    pooling: Pooling,
}

impl<C: Variant, H: Dim, F: Dim, M: Real, D: Device> Transformer<C, H, F, M, D> {
    /// An encoder with a pooler and random weights: normal with the configuration's deviation, drawn by (seed, name);
    /// gains 1, biases 0.
    ///
    /// Errors if the configuration is invalid or has other widths than the type.
    pub fn new(device: &D, config: &C, init: &Init) -> Result<Self, EncoderError> {
        Variant::check(config)?;
        let start = Start { init, deviation: config.sizes().initializer_range };
        Transformer::build(device, config, &start, Pooling::First, init.prefix())
    }

    /// An encoder with the parameters that `values` gives; `model` is its dotted name in a model, which keys its draws.
    /// It has a pooler if there are values for one and sequences are their first tokens.
    fn build(
        device: &D,
        config: &C,
        values: &dyn Values<M>,
        pooling: Pooling,
        model: &str,
    ) -> Result<Self, EncoderError> {
        let sizes = config.sizes();
        let hidden: H = width("a hidden size of", sizes.hidden_size)?;
        let inner: F = width("an intermediate size of", sizes.intermediate_size)?;
        let whole = Build { device, table: C::TABLE, values, prefix: String::new(), model };
        let layer = |index| {
            Layer::build(&whole.part(&format!("encoder.layer.{index}.")), index, (hidden, inner), sizes)
        };
        let has_pooler = pooling == Pooling::First && values.has("pooler.dense.weight");
        Ok(Transformer {
            embeddings: Embeddings::build(&whole.part("embeddings."), hidden, sizes)?,
            layers: (0..sizes.layers).map(layer).collect::<Result<_, _>>()?,
            pooler: has_pooler.then(|| whole.linear("pooler.dense", hidden, hidden)).transpose()?,
            config: *config,
            hidden,
            checkpoint_layers: false,
            pooling,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// Sets every dropout, of hidden states and of attention probabilities. Errors if the rate is outside [0, 1).
    pub fn set_dropout(&mut self, rate: f64) -> Result<(), EncoderError> {
        let sizes = BertConfig { dropout: rate, attention_dropout: rate, ..*self.config.sizes() };
        sizes.check()?;
        self.embeddings.set_dropout(&sizes)?;
        self.layers.iter_mut().try_for_each(|layer| layer.set_dropout(&sizes))?;
        self.config = self.config.with_sizes(sizes);
        Ok(())
    }

    /// Whether layers keep only their input and run again in the backward pass: less memory, about a third more
    /// work, the same gradients to the bit.
    pub fn set_checkpoint_layers(&mut self, checkpoint: bool) {
        self.checkpoint_layers = checkpoint;
    }

    /// What stands for a sequence. With another than its first token the pooler goes: it is a layer over first tokens.
    pub fn set_pooling(&mut self, pooling: Pooling) {
        self.pooling = pooling;
        if pooling != Pooling::First {
            self.pooler = None;
        }
    }
}

impl<C: Variant, H: Dim, F: Dim, M: Real, D: Device> Module<M, D> for Transformer<C, H, F, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        let mut show = |part: &str, module: &dyn Module<M, D>| {
            module.visit(&mut |name, view| visitor(&format!("{part}.{name}"), view));
        };
        show("embeddings", &self.embeddings);
        for (index, layer) in self.layers.iter().enumerate() {
            show(&format!("encoder.layer.{index}"), layer);
        }
        if let Some(pooler) = &self.pooler {
            show("pooler.dense", pooler);
        }
    }
}

impl<C: Variant, H: Dim, F: Dim, E: Float, D: Device> Encoder<E, D> for Transformer<C, H, F, E::Master, D> {
    type Hidden = H;

    fn hidden(&self) -> H {
        self.hidden
    }

    fn layers(&self) -> usize {
        self.layers.len()
    }

    fn vocabulary(&self) -> usize {
        self.config.sizes().vocab_size
    }

    fn inner(&self) -> usize {
        self.config.sizes().intermediate_size
    }

    fn positions(&self) -> usize {
        Variant::positions(&self.config)
    }

    fn dropout(&self) -> f64 {
        self.config.sizes().dropout
    }

    fn pooling(&self) -> Pooling {
        self.pooling
    }

    fn token_table(&self) -> Option<Param<(usize, H), E::Master, D>> {
        Some(self.embeddings.words.table.clone())
    }

    fn layer_parameters(&self, index: usize) -> BTreeSet<ParamId> {
        self.layers.get(index).map(|layer| layer.names().into_keys().collect()).unwrap_or_default()
    }

    fn embed(&self, tape: &mut Tape<E, D>, pack: &Pack) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let (positions, segments) = (self.config.position_ids(pack), self.config.segment_ids(pack));
        self.embeddings.forward(tape, pack, &positions, &segments)
    }

    fn layer(
        &self,
        index: usize,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, H), E, D>,
        pack: &Pack,
        rows: Option<&[u32]>,
        hooks: Hooks<'_, H, E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let len = self.layers.len();
        let layer = self.layers.get(index).ok_or(TensorError::Index { op: "layer", index, len })?;
        if !(self.checkpoint_layers && tape.is_recording()) {
            return layer.forward(tape, x, pack, rows, hooks);
        }
        let (layer, pack, rows, hooks) =
            (layer.clone(), pack.clone(), rows.map(<[u32]>::to_vec), hooks.to_vec());
        tape.checkpoint(x, move |tape, x| layer.forward(tape, x, &pack, rows.as_deref(), Hooks::new(&hooks)))
    }

    fn pool(
        &self,
        tape: &mut Tape<E, D>,
        pooled: Tensor<(usize, H), E, D>,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        match &self.pooler {
            Some(pooler) => tape.linear(&pooled, pooler, Activation::Tanh),
            None => Ok(pooled),
        }
    }

    fn export(&self) -> Option<Export> {
        Some(Export { config: Variant::to_json(&self.config), tensors: C::TABLE.write(self) })
    }
}
