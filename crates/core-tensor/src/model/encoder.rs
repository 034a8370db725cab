//! Encoders: token ids in, hidden states out.

use super::{Hooks, Pooling, ReadRows};
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Pack;
use crate::param::{Module, Param, ParamId};
use crate::shape::Dim;
use crate::tape::Tape;
use crate::tensor::Tensor;
use crate::weights::NamedTensor;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// What an encoder makes of a pack.
#[derive(Debug, Clone)]
pub struct Encoded<H: Dim, E: Float, D: Device> {
    /// One row a token, `(tokens, hidden)`.
    pub tokens: Tensor<(usize, H), E, D>,
    /// One row a sequence, `(sequences, hidden)`: the pooler's output, or the pooled tokens where there is no pooler.
    pub sequences: Tensor<(usize, H), E, D>,
}

/// An encoder as its published folder holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The text of `config.json`.
    pub config: String,
    /// The tensors of `model.safetensors`, in f32.
    pub tensors: Vec<NamedTensor>,
}

/// Token ids in, hidden states out, layer by layer, with places where [hooks](super::Hook) act.
///
/// Only what is named differently from family to family is to be written; [`encode`](Encoder::encode) and
/// [`encode_read`](Encoder::encode_read) are the same for all.
pub trait Encoder<E: Float, D: Device>: Module<E::Master, D> + Debug + Send + Sync {
    /// The type of the hidden size.
    type Hidden: Dim;

    /// The hidden size.
    fn hidden(&self) -> Self::Hidden;

    /// How many layers.
    fn layers(&self) -> usize;

    /// The inner width of a layer's two position-wise products.
    fn inner(&self) -> usize;

    /// How many token ids there are.
    fn vocabulary(&self) -> usize;

    /// How many tokens a sequence may have.
    fn positions(&self) -> usize;

    /// The dropout rate of hidden states, which heads take over.
    fn dropout(&self) -> f64;

    /// What stands for a sequence.
    fn pooling(&self) -> Pooling {
        Pooling::First
    }

    /// The table of token embeddings, `(vocabulary, hidden)`, if it is as wide as a state: what the output layer of a
    /// masked language model is tied to.
    fn token_table(&self) -> Option<Param<(usize, Self::Hidden), E::Master, D>> {
        None
    }

    /// The parameters of layer `index`; none if there is no such layer.
    fn layer_parameters(&self, index: usize) -> BTreeSet<ParamId>;

    /// The input of the first layer, `(tokens, hidden)`.
    fn embed(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// The output of layer `index`, `(tokens, hidden)`; with `rows`, these rows of it alone, ascending,
    /// `(rows, hidden)`. Hooks act at the sites of the layer.
    fn layer(
        &self,
        index: usize,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, Self::Hidden), E, D>,
        pack: &Pack,
        rows: Option<&[u32]>,
        hooks: Hooks<'_, Self::Hidden, E, D>,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// What the encoder makes of the pooled tokens of sequences: a pooler's output, or the tokens themselves.
    ///
    /// # Shapes
    /// pooled and result: `(sequences, hidden)`.
    fn pool(
        &self,
        tape: &mut Tape<E, D>,
        pooled: Tensor<(usize, Self::Hidden), E, D>,
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError>;

    /// The form and the weights as a published folder holds them, if the family has one.
    fn export(&self) -> Option<Export> {
        None
    }

    /// The whole encoder.
    fn encode(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        hooks: Hooks<'_, Self::Hidden, E, D>,
    ) -> Result<Encoded<Self::Hidden, E, D>, TensorError> {
        let mut tokens = self.embed(tape, pack)?;
        for index in 0..self.layers() {
            tokens = self.layer(index, tape, &tokens, pack, None, hooks)?;
        }
        let all = (0..pack.sequences() as u32).collect::<Vec<_>>();
        let last = ReadRows::new().with(super::Reads::Sequences, &all).of_last_layer(pack, self.pooling())?;
        let pooled: Vec<u32> = last.pooled.iter().map(|&place| last.rows[place as usize]).collect();
        let sequences = self.pooled(tape, &tokens, &pooled, &last.boundaries)?;
        Ok(Encoded { tokens, sequences })
    }

    /// What heads read of [`encode`](Encoder::encode), to the bit; of the last layer only that is made.
    ///
    /// # Shapes
    /// `tokens` and `sequences` of the result have the rows of `read`, in its order.
    ///
    /// Errors if the pack has no such row.
    fn encode_read(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &ReadRows,
        hooks: Hooks<'_, Self::Hidden, E, D>,
    ) -> Result<Encoded<Self::Hidden, E, D>, TensorError> {
        let last_rows = read.of_last_layer(pack, self.pooling())?;
        let mut x = self.embed(tape, pack)?;
        let last = self.layers().saturating_sub(1);
        for index in 0..last {
            x = self.layer(index, tape, &x, pack, None, hooks)?;
        }
        x = match self.layers() {
            0 => tape.gather_rows(&x, &last_rows.rows)?,
            _ => self.layer(last, tape, &x, pack, Some(&last_rows.rows), hooks)?,
        };
        let sequences = self.pooled(tape, &x, &last_rows.pooled, &last_rows.boundaries)?;
        Ok(Encoded { tokens: tape.gather_rows(&x, &last_rows.tokens)?, sequences })
    }

    /// The pooled rows of the last layer's output, through the pooler. `boundaries` say which of the rows are of
    /// which sequence.
    fn pooled(
        &self,
        tape: &mut Tape<E, D>,
        x: &Tensor<(usize, Self::Hidden), E, D>,
        rows: &[u32],
        boundaries: &[usize],
    ) -> Result<Tensor<(usize, Self::Hidden), E, D>, TensorError> {
        let rows = tape.gather_rows(x, rows)?;
        let pooled = match self.pooling() {
            Pooling::First | Pooling::Last => rows,
            Pooling::Mean => tape.mean_rows(&rows, boundaries)?,
        };
        self.pool(tape, pooled)
    }
}

/// An encoder of an architecture, with the name of its part of the model.
pub type NamedEncoder<'a, H, E, D> = (&'a str, &'a dyn Encoder<E, D, Hidden = H>);
