//! The keys that a configuration file gives to a combining.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use mtl_base::nearest;
use mtl_base::registry::{Default, Range};
use serde::{Deserialize, Serialize};

use super::GradientKind;
use crate::SharingError;

/// A value in a configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyValue {
    /// A number.
    Number(f64),
    /// A word.
    Text(Cow<'static, str>),
}

impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyValue::Number(number) => number.fmt(f),
            KeyValue::Text(text) => text.fmt(f),
        }
    }
}

/// One key of a combining: a row of the table Name, Default, Purpose, Range.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// As a configuration file spells it.
    pub name: &'static str,
    /// What holds if it is not given.
    pub default: KeyValue,
    /// What it does, in a few words.
    pub purpose: &'static str,
    /// What it may be, to follow "must be".
    pub range: &'static str,
}

impl Key {
    /// The key as this crate's errors and tables word it.
    pub(super) fn of(key: &mtl_base::Key) -> Self {
        let default = match key.default {
            Default::Number(number) => KeyValue::Number(number),
            Default::Text(text) => KeyValue::Text(Cow::Borrowed(text)),
            other => unreachable!("a combining has numbers and words, not {other:?}"),
        };
        Self { name: key.name, default, purpose: key.meaning, range: words(key.range) }
    }
}

/// A range in words. Called once for each key of a process, which keeps what is made here.
fn words(range: Range) -> &'static str {
    match range {
        Range::Share => "from 0 to 1",
        Range::Positive => "greater than 0",
        Range::WholeFrom(1) => "a whole number, at least 1",
        Range::OneOf(words) => format!("one of {}", words.join(", ")).leak(),
        other => other.words().leak(),
    }
}

/// A number of a combining, as registries hold it.
pub(super) const fn number(
    name: &'static str,
    default: f64,
    meaning: &'static str,
    range: Range,
) -> mtl_base::Key {
    mtl_base::Key { name, default: Default::Number(default), range, meaning }
}

/// One of some words, as registries hold it.
pub(super) const fn text(
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
    words: &'static [&'static str],
) -> mtl_base::Key {
    mtl_base::Key { name, default: Default::Text(default), range: Range::OneOf(words), meaning }
}

/// The values given to one combining, its defaults filled in.
pub(super) struct Values<'a> {
    kind: GradientKind,
    given: &'a BTreeMap<String, KeyValue>,
}

impl<'a> Values<'a> {
    /// Errors if a key is not one of the combining's.
    pub(super) fn new(
        kind: GradientKind,
        given: &'a BTreeMap<String, KeyValue>,
    ) -> Result<Self, SharingError> {
        let names = || kind.keys().iter().map(|known| known.name);
        match given.keys().find(|key| names().all(|known| known != key.as_str())) {
            None => Ok(Self { kind, given }),
            Some(key) => Err(SharingError::UnknownKey {
                method: kind.name(),
                key: key.clone(),
                nearest: nearest(key, names()),
                expected: names().collect(),
            }),
        }
    }

    /// Errors if the value is not a number.
    pub(super) fn number(&self, name: &'static str) -> Result<f64, SharingError> {
        match self.value(name) {
            KeyValue::Number(number) => Ok(*number),
            other => Err(self.kind.invalid(name, other)),
        }
    }

    /// Errors if the value is not a whole number from 1 to 2^32 - 1.
    pub(super) fn count(&self, name: &'static str) -> Result<u32, SharingError> {
        let number = self.number(name)?;
        self.kind.check_number(
            name,
            number,
            number >= 1.0 && number.fract() == 0.0 && number <= u32::MAX.into(),
        )?;
        Ok(number as u32)
    }

    /// Errors if the value is not one of the names.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, SharingError> {
        let value = self.value(name);
        let chosen = choices.iter().find(|(word, _)| matches!(value, KeyValue::Text(text) if text == word));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| self.kind.invalid(name, value))
    }

    fn value(&self, name: &'static str) -> &KeyValue {
        self.given.get(name).unwrap_or_else(|| &self.kind.key(name).default)
    }
}

impl GradientKind {
    pub(super) fn key(self, name: &'static str) -> &'static Key {
        self.keys().iter().find(|key| key.name == name).expect("a combining reads the keys of its own table")
    }

    pub(super) fn invalid(self, name: &'static str, got: impl fmt::Display) -> SharingError {
        let range = self.key(name).range;
        SharingError::InvalidKey { combining: self.name(), key: name, range, got: got.to_string() }
    }

    /// Errors, naming the key and its range, unless the number is in it.
    pub(super) fn check_number(
        self,
        name: &'static str,
        got: f64,
        in_range: bool,
    ) -> Result<(), SharingError> {
        if in_range && got.is_finite() { Ok(()) } else { Err(self.invalid(name, got)) }
    }
}
