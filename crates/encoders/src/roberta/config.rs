//! The configuration of a RoBERTa, as `config.json` in a Hugging Face folder spells it.

use crate::bert::{BertConfig, File, TABLE};
use crate::error::{ConfigProblem, ConfigTextError, EncoderError};
use crate::signature::Signature;
use crate::table::Table;
use crate::transformer::{Variant, read_file};
use mtl_core_tensor::Pack;
use std::borrow::Cow;
use std::path::Path;

/// How folders of RoBERTa are told from those of others.
const SIGNATURE: Signature =
    Signature { family: "roberta", model_types: &["roberta"], architecture: "Roberta", prefix: "roberta." };

/// The sizes and rates of a RoBERTa: those of a BERT, and its padding token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RobertaConfig {
    /// The sizes and rates, under the same keys as BERT's. The table of positions has `pad_token_id + 1` rows more than
    /// a sequence may have tokens.
    pub sizes: BertConfig,
    /// The id of the padding token, less than the number of token ids; 1 where a file says none. The first token of a
    /// sequence has the position after it.
    pub pad_token_id: u32,
}

impl RobertaConfig {
    /// Reads a `config.json`. Keys that it does not need are ignored; activations are those of
    /// [`BertConfig::from_file`].
    ///
    /// Errors if the file cannot be read, is no such JSON, or describes another kind of model.
    pub fn from_file(path: &Path) -> Result<RobertaConfig, EncoderError> {
        read_file(path)
    }

    /// The text of a `config.json` that transformers and this crate read.
    pub fn to_json(&self) -> String {
        self.sizes.json_of("RobertaModel", "roberta", self.pad_token_id)
    }

    /// Errors if a number is outside its range or the heads do not divide the hidden size.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        self.sizes.check()?;
        let padding = self.pad_token_id as usize;
        let got = self.sizes.max_positions;
        if got <= padding + 1 {
            let (name, rule) = ("max_position_embeddings", "more than pad_token_id + 1");
            return Err(ConfigProblem::Range { name, rule, got: got as f64 });
        }
        if padding >= self.sizes.vocab_size {
            let (name, rule) = ("pad_token_id", "less than vocab_size");
            return Err(ConfigProblem::Range { name, rule, got: padding as f64 });
        }
        Ok(())
    }

    /// The position of each token of a sequence: `positions` counted from the padding token's number + 1, without padding
    /// tokens, whose position is their number.
    fn count<'a>(&self, ids: &'a [u32], positions: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let padding = self.pad_token_id;
        let mut skipped = 0;
        ids.iter().zip(positions).map(move |(&id, &position)| match id == padding {
            true => {
                skipped += 1;
                padding
            }
            false => position - skipped + padding + 1,
        })
    }
}

impl Variant for RobertaConfig {
    const SIGNATURE: Signature = SIGNATURE;
    const TABLE: &'static Table = &TABLE;

    fn from_json(text: &str) -> Result<Self, ConfigTextError> {
        let file: File = serde_json::from_str(text)?;
        SIGNATURE.check(&file.hints)?;
        let config = RobertaConfig { sizes: file.sizes()?, pad_token_id: file.pad_token_id.unwrap_or(1) };
        config.check()?;
        Ok(config)
    }

    fn to_json(&self) -> String {
        RobertaConfig::to_json(self)
    }

    fn sizes(&self) -> &BertConfig {
        &self.sizes
    }

    fn with_sizes(&self, sizes: BertConfig) -> Self {
        RobertaConfig { sizes, ..*self }
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        RobertaConfig::check(self)
    }

    fn positions(&self) -> usize {
        self.sizes.max_positions.saturating_sub(self.pad_token_id as usize + 1)
    }

    fn position_ids<'a>(&self, pack: &'a Pack) -> Cow<'a, [u32]> {
        let of_sequence = |sequence| {
            let range = pack.range(sequence);
            self.count(&pack.token_ids[range.clone()], &pack.positions[range])
        };
        (0..pack.sequences()).flat_map(of_sequence).collect()
    }

    /// A table of one row serves all segments.
    fn segment_ids<'a>(&self, pack: &'a Pack) -> Cow<'a, [u32]> {
        match self.sizes.segments {
            1 => vec![0; pack.tokens()].into(),
            _ => (&pack.segments).into(),
        }
    }
}
