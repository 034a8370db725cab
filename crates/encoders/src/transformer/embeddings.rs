//! The input of the first layer: dropout(norm(word + position + segment)).

use crate::bert::BertConfig;
use crate::build::Build;
use crate::error::EncoderError;
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Device, Dropout, Embedding, LayerNorm, Module, Pack, ParamView, Tape, Tensor, TensorError,
};

/// The three tables and their norm.
#[derive(Debug, Clone)]
pub struct Embeddings<H: Dim, M: Real, D: Device> {
    /// A row for each token id.
    pub words: Embedding<usize, H, M, D>,
    /// A row for each position in a sequence.
    pub positions: Embedding<usize, H, M, D>,
    /// A row for each segment.
    pub segments: Embedding<usize, H, M, D>,
    /// The norm of the sum.
    pub norm: LayerNorm<H, M, D>,
    dropout: Dropout,
}

impl<H: Dim, M: Real, D: Device> Embeddings<H, M, D> {
    pub(super) fn build(
        build: &Build<'_, M, D>,
        hidden: H,
        config: &BertConfig,
    ) -> Result<Self, EncoderError> {
        Ok(Embeddings {
            words: build.embedding("word_embeddings", config.vocab_size, hidden)?,
            positions: build.embedding("position_embeddings", config.max_positions, hidden)?,
            segments: build.embedding("token_type_embeddings", config.segments, hidden)?,
            norm: build.layer_norm("LayerNorm", hidden, config.layer_norm_eps)?,
            dropout: build.dropout("dropout", config.dropout)?,
        })
    }

    pub(super) fn set_dropout(&mut self, config: &BertConfig) -> Result<(), TensorError> {
        self.dropout = self.dropout.with_rate(config.dropout)?;
        Ok(())
    }

    /// The embedded tokens of a pack, `(tokens, hidden)`, with the rows of positions and segments that each reads,
    /// `(tokens,)`.
    ///
    /// Errors if a token id, position or segment has no row.
    pub fn forward<E: Float<Master = M>>(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        positions: &[u32],
        segments: &[u32],
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let words = self.words.lookup(&pack.token_ids)?;
        let positions = self.positions.lookup(positions)?;
        let segments = self.segments.lookup(segments)?;
        let x = tape.embed(&[words, positions, segments], pack.token_rows())?;
        let x = tape.layer_norm(&x, None, &self.norm, Dropout::OFF)?;
        tape.dropout(&x, self.dropout)
    }
}

impl<H: Dim, M: Real, D: Device> Module<M, D> for Embeddings<H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        let mut show = |part: &str, module: &dyn Module<M, D>| {
            module.visit(&mut |name, view| visitor(&format!("{part}.{name}"), view));
        };
        show("word_embeddings", &self.words);
        show("position_embeddings", &self.positions);
        show("token_type_embeddings", &self.segments);
        show("LayerNorm", &self.norm);
    }
}
