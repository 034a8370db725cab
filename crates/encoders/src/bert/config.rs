//! The configuration of a BERT, as `config.json` in a Hugging Face folder spells it.

use super::table::TABLE;
use crate::error::{ConfigProblem, ConfigTextError, EncoderError};
use crate::signature::{Hints, Signature};
use crate::table::Table;
use crate::transformer::{Variant, read_file};
pub use mtl_core_tensor::Activation;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// How folders of BERT are told from those of others.
pub(super) const SIGNATURE: Signature =
    Signature { family: "bert", model_types: &["bert"], architecture: "Bert", prefix: "bert." };

/// The sizes and rates of a BERT.
///
/// | field | key in `config.json` | range | default there |
/// |---|---|---|---|
/// | `vocab_size` | `vocab_size` | at least 1 | none |
/// | `hidden_size` | `hidden_size` | a multiple of the heads | none |
/// | `layers` | `num_hidden_layers` | at least 1 | none |
/// | `heads` | `num_attention_heads` | at least 1 | none |
/// | `intermediate_size` | `intermediate_size` | at least 1 | none |
/// | `max_positions` | `max_position_embeddings` | at least 1 | 512 |
/// | `segments` | `type_vocab_size` | at least 1 | 2 |
/// | `layer_norm_eps` | `layer_norm_eps` | positive | 1e-12 |
/// | `activation` | `hidden_act` | see [`BertConfig::from_file`] | `gelu` |
/// | `dropout` | `hidden_dropout_prob` | [0, 1) | 0.1 |
/// | `attention_dropout` | `attention_probs_dropout_prob` | [0, 1) | 0.1 |
/// | `initializer_range` | `initializer_range` | positive | 0.02 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BertConfig {
    /// How many token ids there are.
    pub vocab_size: usize,
    /// The width of a token's state.
    pub hidden_size: usize,
    /// How many layers.
    pub layers: usize,
    /// How many attention heads a layer has.
    pub heads: usize,
    /// The inner width of a layer's two position-wise products.
    pub intermediate_size: usize,
    /// How many tokens a sequence may have.
    pub max_positions: usize,
    /// How many segments a sequence may have.
    pub segments: usize,
    /// What layer norms add to the variance.
    pub layer_norm_eps: f64,
    /// What follows a layer's first position-wise product.
    pub activation: Activation,
    /// Dropout of hidden states.
    pub dropout: f64,
    /// Dropout of attention probabilities.
    pub attention_dropout: f64,
    /// Standard deviation of weights and tables that start at random.
    pub initializer_range: f64,
}

/// Names in files; of several for one function the first is written.
const ACTIVATIONS: [(&str, Activation); 6] = [
    ("gelu", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("tanh", Activation::Tanh),
    ("linear", Activation::None),
];

/// What a `config.json` of BERT, and of a family like it, says.
#[derive(Deserialize)]
pub(crate) struct File {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    hidden_act: Option<String>,
    hidden_dropout_prob: Option<f64>,
    attention_probs_dropout_prob: Option<f64>,
    initializer_range: Option<f64>,
    position_embedding_type: Option<String>,
    pub(crate) pad_token_id: Option<u32>,
    /// ELECTRA's, which BERT has not.
    embedding_size: Option<usize>,
    #[serde(default)]
    is_decoder: bool,
    #[serde(flatten)]
    pub(crate) hints: Hints,
}

impl File {
    /// The sizes and rates, not yet checked.
    ///
    /// Errors if it describes something that this body does not compute.
    pub(crate) fn sizes(&self) -> Result<BertConfig, ConfigProblem> {
        if let Some(got) = self.position_embedding_type.clone().filter(|got| got != "absolute") {
            return Err(ConfigProblem::Positions { got });
        }
        if self.is_decoder {
            return Err(ConfigProblem::Decoder);
        }
        Ok(BertConfig {
            vocab_size: self.vocab_size,
            hidden_size: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            max_positions: self.max_position_embeddings.unwrap_or(512),
            segments: self.type_vocab_size.unwrap_or(2),
            layer_norm_eps: self.layer_norm_eps.unwrap_or(1e-12),
            activation: activation(self.hidden_act.as_deref().unwrap_or("gelu"))?,
            dropout: self.hidden_dropout_prob.unwrap_or(0.1),
            attention_dropout: self.attention_probs_dropout_prob.unwrap_or(0.1),
            initializer_range: self.initializer_range.unwrap_or(0.02),
        })
    }

    /// Errors if nothing names the family, but a key shows that it is not BERT.
    fn check_unnamed(&self) -> Result<(), ConfigProblem> {
        if self.hints.name_a_family() {
            return Ok(());
        }
        if let Some(size) = self.embedding_size {
            return Err(SIGNATURE.other(format!("embedding_size {size}")));
        }
        let padding = self.pad_token_id.filter(|id| *id != 0);
        padding.map_or(Ok(()), |id| Err(SIGNATURE.other(format!("pad_token_id {id}"))))
    }
}

impl BertConfig {
    /// Reads a `config.json`. Keys that it does not need are ignored.
    ///
    /// Known activations: `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu`, `tanh`, `linear`.
    ///
    /// Errors if the file cannot be read, is no such JSON, or describes another kind of model.
    pub fn from_file(path: &Path) -> Result<BertConfig, EncoderError> {
        read_file(path)
    }

    /// The text of a `config.json` that transformers and this crate read.
    pub fn to_json(&self) -> String {
        self.json_of("BertModel", "bert", 0)
    }

    /// The same text for a model of a family like BERT.
    pub(crate) fn json_of(&self, architecture: &str, model_type: &str, pad_token_id: u32) -> String {
        let activation = ACTIVATIONS.iter().find(|(_, activation)| *activation == self.activation);
        let (activation, _) = activation.expect("every activation has a name");
        let file: Value = json!({
            "architectures": [architecture],
            "model_type": model_type,
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_positions,
            "type_vocab_size": self.segments,
            "layer_norm_eps": self.layer_norm_eps,
            "hidden_act": activation,
            "hidden_dropout_prob": self.dropout,
            "attention_probs_dropout_prob": self.attention_dropout,
            "initializer_range": self.initializer_range,
            "position_embedding_type": "absolute",
            "pad_token_id": pad_token_id,
        });
        format!("{file:#}\n")
    }

    /// Errors if a number is outside its range or the heads do not divide the hidden size.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.layers),
            ("num_attention_heads", self.heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_positions),
            ("type_vocab_size", self.segments),
        ];
        if let Some((name, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(ConfigProblem::Range { name, rule: "at least 1", got: 0.0 });
        }
        let rates =
            [("hidden_dropout_prob", self.dropout), ("attention_probs_dropout_prob", self.attention_dropout)];
        if let Some((name, got)) = rates.into_iter().find(|(_, rate)| !(0.0..1.0).contains(rate)) {
            return Err(ConfigProblem::Range { name, rule: "at least 0 and less than 1", got });
        }
        let positive =
            [("layer_norm_eps", self.layer_norm_eps), ("initializer_range", self.initializer_range)];
        if let Some((name, got)) = positive.into_iter().find(|(_, got)| !(*got > 0.0 && got.is_finite())) {
            return Err(ConfigProblem::Range { name, rule: "positive", got });
        }
        if !self.hidden_size.is_multiple_of(self.heads) {
            return Err(ConfigProblem::Heads { heads: self.heads, hidden: self.hidden_size });
        }
        Ok(())
    }
}

impl Variant for BertConfig {
    const SIGNATURE: Signature = SIGNATURE;
    const TABLE: &'static Table = &TABLE;

    fn from_json(text: &str) -> Result<Self, ConfigTextError> {
        let file: File = serde_json::from_str(text)?;
        SIGNATURE.check(&file.hints)?;
        file.check_unnamed()?;
        let config = file.sizes()?;
        config.check()?;
        Ok(config)
    }

    fn to_json(&self) -> String {
        BertConfig::to_json(self)
    }

    fn sizes(&self) -> &BertConfig {
        self
    }

    fn with_sizes(&self, sizes: BertConfig) -> Self {
        sizes
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        BertConfig::check(self)
    }
}

fn activation(name: &str) -> Result<Activation, ConfigProblem> {
    let known = ACTIVATIONS.iter().find(|(known, _)| *known == name);
    known.map(|(_, activation)| *activation).ok_or_else(|| ConfigProblem::Activation {
        got: name.to_string(),
        known: ACTIVATIONS.map(|(known, _)| known).join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"vocab_size": 60, "hidden_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 48 KEY}"#;

    fn read(key: &str) -> Result<BertConfig, String> {
        BertConfig::from_json(&SMALL.replace("KEY", key)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_config_comes_back_as_it_was_written() {
        for (name, activation) in ACTIVATIONS {
            let config =
                read(&format!(r#", "hidden_act": "{name}", "layer_norm_eps": 1e-7"#)).expect("valid");
            assert_eq!((config.activation, config.max_positions, config.segments), (activation, 512, 2));
            assert_eq!(BertConfig::from_json(&config.to_json()).expect("valid"), config);
        }
    }

    #[test]
    fn every_problem_is_named_with_its_value() {
        for (key, message) in [
            (r#", "hidden_act": "swish""#, "hidden_act is \"swish\"; known are gelu, gelu_new"),
            (r#", "position_embedding_type": "relative_key""#, "position_embedding_type is \"relative_key\""),
            (r#", "model_type": "roberta""#, "model_type is \"roberta\"; known are \"bert\""),
            (r#", "architectures": ["ElectraModel"]"#, "architectures \"ElectraModel\" is not of bert"),
            (r#", "pad_token_id": 1"#, "pad_token_id 1 is not of bert"),
            (r#", "embedding_size": 24"#, "embedding_size 24 is not of bert"),
            (r#", "is_decoder": true"#, "is_decoder is true"),
            (r#", "type_vocab_size": 0"#, "type_vocab_size must be at least 1, got 0"),
            (
                r#", "hidden_dropout_prob": 1.5"#,
                "hidden_dropout_prob must be at least 0 and less than 1, got 1.5",
            ),
            (r#", "layer_norm_eps": 0"#, "layer_norm_eps must be positive, got 0"),
            (", 3", "key must be a string at line 2"),
        ] {
            let error = read(key).expect_err(key);
            assert!(error.contains(message), "{error}");
        }
        let heads = SMALL.replace("KEY", "").replace("heads\": 4", "heads\": 5");
        let error = BertConfig::from_json(&heads).expect_err("24 / 5");
        assert_eq!(error.to_string(), "hidden_size 24 is not a multiple of num_attention_heads 5");
        let error = BertConfig::from_json("{}").expect_err("empty");
        assert!(error.to_string().starts_with("missing field `vocab_size`"), "{error}");
    }
}
