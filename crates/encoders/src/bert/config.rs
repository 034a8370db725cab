//! The configuration of a BERT, as `config.json` in a Hugging Face folder spells it.

use crate::error::{ConfigProblem, EncoderError, place, read_text};
pub use mtl_core_tensor::Activation;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

/// Standard deviation of the weights that start at random (Devlin et al. 2019).
pub(crate) const INITIALIZER_RANGE: f64 = 0.02;

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

#[derive(Deserialize)]
struct File {
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
    model_type: Option<String>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

/// Why a text is no configuration.
#[derive(Debug, thiserror::Error)]
enum Rejected {
    /// It is not such JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It describes another model.
    #[error(transparent)]
    Problem(#[from] ConfigProblem),
}

impl BertConfig {
    /// Reads a `config.json`. Keys that it does not need are ignored.
    ///
    /// Known activations: `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu`, `tanh`, `linear`.
    ///
    /// Errors if the file cannot be read, is no such JSON, or describes another kind of model.
    pub fn from_file(path: &Path) -> Result<BertConfig, EncoderError> {
        let text = read_text(path)?;
        BertConfig::from_json(&text).map_err(|rejected| match rejected {
            Rejected::Json(error) => EncoderError::Json { path: path.into(), error },
            Rejected::Problem(problem) => {
                let at = text.find(&format!("\"{}\"", problem.key())).unwrap_or(0);
                let (line, column) = place(&text[..at]);
                EncoderError::ConfigFile { path: path.into(), line, column, problem }
            }
        })
    }

    fn from_json(text: &str) -> Result<BertConfig, Rejected> {
        let file: File = serde_json::from_str(text)?;
        let config = BertConfig {
            vocab_size: file.vocab_size,
            hidden_size: file.hidden_size,
            layers: file.num_hidden_layers,
            heads: file.num_attention_heads,
            intermediate_size: file.intermediate_size,
            max_positions: file.max_position_embeddings.unwrap_or(512),
            segments: file.type_vocab_size.unwrap_or(2),
            layer_norm_eps: file.layer_norm_eps.unwrap_or(1e-12),
            activation: activation(file.hidden_act.as_deref().unwrap_or("gelu"))?,
            dropout: file.hidden_dropout_prob.unwrap_or(0.1),
            attention_dropout: file.attention_probs_dropout_prob.unwrap_or(0.1),
        };
        expect("bert", file.model_type, |got| ConfigProblem::ModelType { got })?;
        expect("absolute", file.position_embedding_type, |got| ConfigProblem::Positions { got })?;
        if file.is_decoder {
            return Err(ConfigProblem::Decoder.into());
        }
        config.check()?;
        Ok(config)
    }

    /// The text of a `config.json` that transformers and this crate read.
    pub fn to_json(&self) -> String {
        let activation = ACTIVATIONS.iter().find(|(_, activation)| *activation == self.activation);
        let (activation, _) = activation.expect("every activation has a name");
        let file = json!({
            "architectures": ["BertModel"],
            "model_type": "bert",
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
            "initializer_range": INITIALIZER_RANGE,
            "position_embedding_type": "absolute",
            "pad_token_id": 0,
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
        if !(self.layer_norm_eps > 0.0) {
            let got = self.layer_norm_eps;
            return Err(ConfigProblem::Range { name: "layer_norm_eps", rule: "positive", got });
        }
        if !self.hidden_size.is_multiple_of(self.heads) {
            return Err(ConfigProblem::Heads { heads: self.heads, hidden: self.hidden_size });
        }
        Ok(())
    }
}

fn activation(name: &str) -> Result<Activation, ConfigProblem> {
    let known = ACTIVATIONS.iter().find(|(known, _)| *known == name);
    known.map(|(_, activation)| *activation).ok_or_else(|| ConfigProblem::Activation {
        got: name.to_string(),
        known: ACTIVATIONS.map(|(known, _)| known).join(", "),
    })
}

/// Errors if a key is there and has another value than the only one that is known.
fn expect(
    known: &str,
    got: Option<String>,
    problem: impl Fn(String) -> ConfigProblem,
) -> Result<(), ConfigProblem> {
    got.filter(|got| got != known).map_or(Ok(()), |got| Err(problem(got)))
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
            (r#", "model_type": "roberta""#, "model_type is \"roberta\"; only \"bert\" is known"),
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
