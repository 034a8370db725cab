//! Which family a `config.json` and its weights are of.

use crate::error::ConfigProblem;
use serde::Deserialize;

/// How a family's folders are told from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The name of the family.
    pub family: &'static str,
    /// The values of `model_type` that mean it.
    pub model_types: &'static [&'static str],
    /// What its `architectures` begin with, such as `Bert` of `BertForMaskedLM`.
    pub architecture: &'static str,
    /// What stands before the names of its tensors where they are a part of a larger model, such as `bert.`.
    pub prefix: &'static str,
}

/// The keys of a `config.json` that tell families apart.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Hints {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
}

impl Hints {
    /// The `model_type`, if there is one.
    pub(crate) fn model_type(&self) -> Option<&str> {
        self.model_type.as_deref()
    }

    /// The first of the `architectures`, if there is one.
    fn architecture(&self) -> Option<&str> {
        self.architectures.as_ref()?.first().map(String::as_str)
    }

    /// Whether they name a family.
    pub(crate) fn name_a_family(&self) -> bool {
        self.model_type().is_some() || self.architecture().is_some()
    }
}

impl Signature {
    /// Whether a `config.json` names this family.
    pub(crate) fn is_named(&self, hints: &Hints) -> bool {
        match (hints.model_type(), hints.architecture()) {
            (Some(model_type), _) => self.model_types.contains(&model_type),
            (None, Some(architecture)) => self.has_architecture(architecture),
            (None, None) => false,
        }
    }

    /// Whether the prefix of tensors names this family.
    pub(crate) fn is_prefix(&self, prefix: &str) -> bool {
        let start = prefix.strip_suffix(self.prefix);
        start.is_some_and(|start| start.is_empty() || start.ends_with('.'))
    }

    /// Errors if a `config.json` names another family.
    pub(crate) fn check(&self, hints: &Hints) -> Result<(), ConfigProblem> {
        if !hints.name_a_family() || self.is_named(hints) {
            return Ok(());
        }
        Err(match (hints.model_type(), hints.architecture()) {
            (Some(got), _) => ConfigProblem::ModelType { got: got.into(), known: quoted(self.model_types) },
            (None, architecture) => {
                self.other(format!("architectures {:?}", architecture.unwrap_or_default()))
            }
        })
    }

    /// Errors if the prefix of tensors shows another family. Needed where a `config.json` names none.
    pub(crate) fn check_prefix(&self, prefix: &str) -> Result<(), ConfigProblem> {
        match prefix.is_empty() || self.is_prefix(prefix) {
            true => Ok(()),
            false => Err(self.other(format!("the prefix {prefix:?} of the weights"))),
        }
    }

    /// The problem that something shows another family.
    pub(crate) fn other(&self, evidence: String) -> ConfigProblem {
        ConfigProblem::OtherModel { evidence, expected: self.family }
    }

    fn has_architecture(&self, architecture: &str) -> bool {
        let rest = architecture.strip_prefix(self.architecture);
        rest.is_some_and(|rest| ["Model", "For", "LMHead"].iter().any(|kind| rest.starts_with(kind)))
    }
}

/// Names in quotes, with commas.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROBERTA: Signature = Signature {
        family: "roberta",
        model_types: &["roberta"],
        architecture: "Roberta",
        prefix: "roberta.",
    };

    fn hints(text: &str) -> Hints {
        serde_json::from_str(text).expect("json")
    }

    #[test]
    fn a_model_type_outweighs_architectures() {
        assert!(ROBERTA.is_named(&hints(r#"{"model_type": "roberta", "architectures": ["BertModel"]}"#)));
        assert!(!ROBERTA.is_named(&hints(r#"{"model_type": "bert", "architectures": ["RobertaModel"]}"#)));
        assert!(ROBERTA.is_named(&hints(r#"{"architectures": ["RobertaForMaskedLM"]}"#)));
        assert!(!ROBERTA.is_named(&hints(r#"{"architectures": ["RobertaPreLayerNormModel"]}"#)));
        assert!(!ROBERTA.is_named(&hints("{}")));
    }

    #[test]
    fn what_names_another_family_is_an_error() {
        let error = ROBERTA.check(&hints(r#"{"architectures": ["ElectraModel"]}"#)).unwrap_err().to_string();
        assert!(error.contains("architectures \"ElectraModel\" is not of roberta"), "{error}");
        let error = ROBERTA.check(&hints(r#"{"model_type": "bert"}"#)).unwrap_err().to_string();
        assert_eq!(error, "model_type is \"bert\"; known are \"roberta\"");
        assert!(ROBERTA.check(&hints("{}")).is_ok());
        assert!(ROBERTA.check_prefix("").is_ok() && ROBERTA.check_prefix("model.roberta.").is_ok());
        assert!(ROBERTA.check_prefix("xroberta.").is_err() && ROBERTA.check_prefix("electra.").is_err());
    }
}
