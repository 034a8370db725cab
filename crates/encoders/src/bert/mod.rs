//! BERT (Devlin et al. 2019) over packed sequences.
//!
//! `Bert<Const<384>, Const<1536>, f32, Cpu>` has widths that the compiler checks; `Bert<usize, usize, f32, Cpu>`
//! takes any configuration. Both compute the same.

mod build;
mod config;
mod embeddings;
mod folder;
mod layer;

pub use config::{Activation, BertConfig};
pub use embeddings::Embeddings;
pub use layer::Layer;

use crate::error::EncoderError;
use build::{Build, Values, width};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Device, Encoder, Export, Hooks, Init, Linear, Module, Pack, Param, ParamId, ParamView, Tape, Tensor,
    TensorError,
};
use std::collections::BTreeSet;

/// A BERT of hidden size `H` and inner size `F`, with parameters of `M` on `D`.
///
/// Parameters have the names of Hugging Face folders without `bert.`, except that the weights and biases of
/// `query`, `key` and `value` are one parameter each, `query_key_value`.
#[derive(Debug, Clone)]
pub struct Bert<H: Dim, F: Dim, M: Real, D: Device> {
    /// The tables of words, positions and segments.
    pub embeddings: Embeddings<H, M, D>,
    /// The layers, first to last.
    pub layers: Vec<Layer<H, F, M, D>>,
    /// The layer over the first token, if there is one: tanh(w x + b).
    pub pooler: Option<Linear<H, H, M, D>>,
    config: BertConfig,
    hidden: H,
    checkpoint_layers: bool,
}

impl<H: Dim, F: Dim, M: Real, D: Device> Bert<H, F, M, D> {
    /// A BERT with a pooler and random weights: normal with deviation 0.02, drawn by (seed, name); gains 1, biases 0.
    ///
    /// Errors if the configuration is invalid or has other widths than the type.
    pub fn new(device: &D, config: &BertConfig, init: &Init) -> Result<Self, EncoderError> {
        config.check()?;
        Bert::build(device, config, init, true, init.prefix())
    }

    /// A BERT with the parameters that `values` gives; `model` is its dotted name in a model, which keys its draws.
    fn build(
        device: &D,
        config: &BertConfig,
        values: &dyn Values<M>,
        has_pooler: bool,
        model: &str,
    ) -> Result<Self, EncoderError> {
        let hidden: H = width("a hidden size of", config.hidden_size)?;
        let inner: F = width("an intermediate size of", config.intermediate_size)?;
        let part = |prefix: &str| Build { device, values, prefix: prefix.to_string(), model };
        let layer =
            |index| Layer::build(&part(&format!("encoder.layer.{index}.")), index, (hidden, inner), config);
        let pooler = || part("").linear("pooler.dense", hidden, hidden);
        Ok(Bert {
            embeddings: Embeddings::build(&part("embeddings."), hidden, config)?,
            layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?,
            pooler: has_pooler.then(pooler).transpose()?,
            config: *config,
            hidden,
            checkpoint_layers: false,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Sets every dropout, of hidden states and of attention probabilities. Errors if the rate is outside [0, 1).
    pub fn set_dropout(&mut self, rate: f64) -> Result<(), EncoderError> {
        let config = BertConfig { dropout: rate, attention_dropout: rate, ..self.config };
        config.check()?;
        self.embeddings.set_dropout(&config)?;
        self.layers.iter_mut().try_for_each(|layer| layer.set_dropout(&config))?;
        self.config = config;
        Ok(())
    }

    /// Whether layers keep only their input and run again in the backward pass: less memory, about a third more
    /// work, the same gradients to the bit.
    pub fn set_checkpoint_layers(&mut self, checkpoint: bool) {
        self.checkpoint_layers = checkpoint;
    }
}

impl<H: Dim, F: Dim, M: Real, D: Device> Module<M, D> for Bert<H, F, M, D> {
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

impl<H: Dim, F: Dim, E: Float, D: Device> Encoder<E, D> for Bert<H, F, E::Master, D> {
    type Hidden = H;

    fn hidden(&self) -> H {
        self.hidden
    }

    fn layers(&self) -> usize {
        self.layers.len()
    }

    fn inner(&self) -> usize {
        self.config.intermediate_size
    }

    fn vocabulary(&self) -> usize {
        self.config.vocab_size
    }

    fn positions(&self) -> usize {
        self.config.max_positions
    }

    fn dropout(&self) -> f64 {
        self.config.dropout
    }

    fn token_table(&self) -> Option<Param<(usize, H), E::Master, D>> {
        Some(self.embeddings.words.table.clone())
    }

    fn layer_parameters(&self, index: usize) -> BTreeSet<ParamId> {
        self.layers.get(index).map(|layer| layer.names().into_keys().collect()).unwrap_or_default()
    }

    fn embed(&self, tape: &mut Tape<E, D>, pack: &Pack) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        self.embeddings.forward(tape, pack)
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
        Some(Export { config: self.config.to_json(), tensors: self.folder_tensors() })
    }
}
