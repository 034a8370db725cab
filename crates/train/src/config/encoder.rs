//! `[encoder]`: the model that all tasks share.

use std::path::PathBuf;

use serde::Serialize;

use super::error::ConfigError;
use super::section::Section;

/// The presets that `preset` can name, encoders whose weights start from nothing.
pub const PRESETS: &[&str] = &{
    let mut names = [""; mtl_encoders::PRESETS.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = mtl_encoders::PRESETS[i].0;
        i += 1;
    }
    names
};

pub(super) const KEYS: &[&str] =
    &["from", "preset", "tokenizer", "max_tokens", "dropout", "checkpoint_layers"];

/// The shared encoder.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `from` | | folder with pretrained weights; this or `preset` | |
/// | `preset` | | the form of an encoder that starts from nothing | [`PRESETS`] |
/// | `tokenizer` | with `from`: the folder's | tokenizer file or folder; needed by `preset` | |
/// | `max_tokens` | 128 | longest sequence, in tokens, special ones counted | at least 3 |
/// | `dropout` | the model's | dropout of hidden states and attention | at least 0, below 1 |
/// | `checkpoint_layers` | false | keep less memory, compute each layer's forward pass twice | |
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EncoderConfig {
    /// Where the encoder comes from.
    #[serde(flatten)]
    pub origin: EncoderOrigin,
    /// Tokenizer file or folder, as written; always there with a preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
    /// Longest sequence, in tokens.
    pub max_tokens: usize,
    /// Dropout in place of the model's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Whether each layer's activations are computed again in the backward pass instead of being kept.
    pub checkpoint_layers: bool,
}

/// Where an encoder comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EncoderOrigin {
    /// A folder with pretrained weights, as written.
    From(PathBuf),
    /// One of [`PRESETS`], with random weights.
    Preset(String),
}

impl EncoderConfig {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let origin = read_origin(section)?;
        let tokenizer = section.option("tokenizer", |entry| entry.word())?.map(PathBuf::from);
        if matches!(origin, EncoderOrigin::Preset(_)) && tokenizer.is_none() {
            return Err(section.missing("`tokenizer`, since a preset has none of its own"));
        }
        Ok(Self {
            origin,
            tokenizer,
            max_tokens: section.or("max_tokens", 128, |entry| entry.size(3))?,
            dropout: section.option("dropout", |entry| {
                entry.number("at least 0 and below 1", |dropout| (0.0..1.0).contains(&dropout))
            })?,
            checkpoint_layers: section.or("checkpoint_layers", false, |entry| entry.boolean())?,
        })
    }
}

fn read_origin(section: &Section<'_>) -> Result<EncoderOrigin, ConfigError> {
    section.one_of("from", "preset")?;
    if let Some(folder) = section.option("from", |entry| entry.word())? {
        return Ok(EncoderOrigin::From(PathBuf::from(folder)));
    }
    let preset = section.option("preset", |entry| {
        let name = entry.word()?;
        if PRESETS.contains(&name.as_str()) {
            Ok(name)
        } else {
            Err(entry.unknown(&name, PRESETS.iter().copied()))
        }
    })?;
    preset.map(EncoderOrigin::Preset).ok_or_else(|| section.missing("`from` or `preset`"))
}
