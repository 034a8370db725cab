//! What can be wrong with an encoder's configuration or folder.

use mtl_core_tensor::TensorError;
use std::path::{Path, PathBuf};

/// An encoder that cannot be built, loaded or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// The configuration describes no encoder that this crate computes.
    #[error("{0}")]
    Config(#[from] ConfigProblem),
    /// A file's configuration describes no encoder that this crate computes.
    #[error("{path}:{line}:{column}: {problem}", path = path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// The line of the key that is wrong, from 1.
        line: usize,
        /// Its column, in characters, from 1.
        column: usize,
        /// What is wrong with it.
        problem: ConfigProblem,
    },
    /// A file of the folder cannot be read or written.
    #[error("{path}: failed to {action}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file is not UTF-8.
    #[error("{path}:{line}:{column}: the file is not valid UTF-8: byte 0x{byte:02x}", path = path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that does not belong, from 1.
        line: usize,
        /// Its column, in characters, from 1.
        column: usize,
        /// That byte.
        byte: u8,
    },
    /// A JSON file is not what it should be.
    #[error(
        "{path}:{line}:{column}: {reason}",
        path = path.display(), line = error.line().max(1), column = error.column().max(1), reason = reason(error)
    )]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        error: serde_json::Error,
    },
    /// The folder lacks a file.
    #[error("{folder}: no {file} in this folder", folder = folder.display())]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        file: &'static str,
    },
    /// The folder holds weights only as a Python pickle, which may run code when it is read.
    #[error(
        "{folder}: the weights are only in {file}, which this program does not read; convert them with: \
         python -c \"from transformers import AutoModel; \
         AutoModel.from_pretrained('{folder}').save_pretrained('{folder}')\"",
        folder = folder.display()
    )]
    OnlyPickle {
        /// The folder.
        folder: PathBuf,
        /// The pickle's name.
        file: &'static str,
    },
    /// An index of weights lists a part that is no file of its folder.
    #[error("{path}: lists the part {part:?}, which is not the name of a file beside it", path = path.display())]
    Part {
        /// The index.
        path: PathBuf,
        /// The part as it is listed.
        part: String,
    },
    /// A form was given to the builder of another family.
    #[error("the form is of {got}; expected one of {expected}")]
    Family {
        /// The families that were expected.
        expected: String,
        /// The family of the form.
        got: &'static str,
    },
    /// A width that the type fixes is not the configuration's.
    #[error("the encoder's type has {what} {expected} but the configuration says {got}")]
    Width {
        /// Which width.
        what: &'static str,
        /// The type's.
        expected: usize,
        /// The configuration's.
        got: usize,
    },
    /// A tensor or a weight file is not as it should be.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// The text of a file.
///
/// Errors if it cannot be read or is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, EncoderError> {
    let failed = |source| EncoderError::Io { path: path.into(), action: "read", source };
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let (line, column) = place(&String::from_utf8_lossy(&error.as_bytes()[..valid]));
        EncoderError::NotUtf8 { path: path.into(), line, column, byte: error.as_bytes()[valid] }
    })
}

/// The line and column that come after a text, in characters, from 1.
pub(crate) fn place(before: &str) -> (usize, usize) {
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// Why a text is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigTextError {
    /// It is not such JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It describes another model.
    #[error(transparent)]
    Problem(#[from] ConfigProblem),
}

impl ConfigTextError {
    /// The error about the file of this text.
    pub(crate) fn in_file(self, path: &Path, text: &str) -> EncoderError {
        match self {
            ConfigTextError::Json(error) => EncoderError::Json { path: path.into(), error },
            ConfigTextError::Problem(problem) => {
                let at = text.find(&format!("\"{}\"", problem.key())).unwrap_or(0);
                let (line, column) = place(&text[..at]);
                EncoderError::ConfigFile { path: path.into(), line, column, problem }
            }
        }
    }
}

/// What the JSON parser reports, without the place that it appends.
fn reason(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    reason.split(" at line ").next().unwrap_or_default().to_owned()
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// It is another kind of model.
    #[error("model_type is {got:?}; known are {known}")]
    ModelType {
        /// The kind.
        got: String,
        /// The kinds that are known.
        known: String,
    },
    /// Nothing says which kind of model it is.
    #[error(
        "there is no model_type, and nothing else shows the family; add \"model_type\" with one of {known}"
    )]
    NoModelType {
        /// The kinds that are known.
        known: String,
    },
    /// There is no model_type, and something else shows another kind of model.
    #[error("there is no model_type, and {evidence} is not of {expected}; add \"model_type\"")]
    OtherModel {
        /// What shows it, with its value.
        evidence: String,
        /// The kind that was expected.
        expected: &'static str,
    },
    /// The weights have more layers.
    #[error("num_hidden_layers is {got} but the weights have {weights} layers")]
    Layers {
        /// The layers of the configuration.
        got: usize,
        /// The layers of the weights.
        weights: usize,
    },
    /// The activation is not known.
    #[error("hidden_act is {got:?}; known are {known}")]
    Activation {
        /// The name given.
        got: String,
        /// The names that are known.
        known: String,
    },
    /// Positions are not looked up in a table.
    #[error("position_embedding_type is {got:?}; only \"absolute\" is known")]
    Positions {
        /// The type given.
        got: String,
    },
    /// It is a decoder.
    #[error("is_decoder is true; only encoders are known")]
    Decoder,
    /// The heads do not divide the hidden size.
    #[error("hidden_size {hidden} is not a multiple of num_attention_heads {heads}")]
    Heads {
        /// The heads.
        heads: usize,
        /// The hidden size.
        hidden: usize,
    },
    /// A number is outside its range.
    #[error("{name} must be {rule}, got {got}")]
    Range {
        /// The key.
        name: &'static str,
        /// The range in words.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
}

impl ConfigProblem {
    /// The key of a `config.json` that it is about.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            ConfigProblem::ModelType { .. }
            | ConfigProblem::NoModelType { .. }
            | ConfigProblem::OtherModel { .. } => "model_type",
            ConfigProblem::Layers { .. } => "num_hidden_layers",
            ConfigProblem::Activation { .. } => "hidden_act",
            ConfigProblem::Positions { .. } => "position_embedding_type",
            ConfigProblem::Decoder => "is_decoder",
            ConfigProblem::Heads { .. } => "num_attention_heads",
            ConfigProblem::Range { name, .. } => name,
        }
    }
}
