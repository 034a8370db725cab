//! Registries: for each group of methods one table, from which the command, the documentation and the checks read.
//!
//! A method is one file with one constant, its row: what it is called, where it comes from, which settings it takes, and
//! how it is built. A group is a list of rows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::nearest;

/// What is fixed about a method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Method {
    /// The group that it belongs to, such as `sampler`.
    pub group: &'static str,
    /// The name that a configuration file uses. Unique in its group.
    pub name: &'static str,
    /// The name that people use.
    pub title: &'static str,
    /// Authors and year of the paper; empty where there is none.
    pub paper: &'static str,
    /// The file that computes it, from the root of the workspace.
    pub file: &'static str,
    /// Its settings.
    pub keys: &'static [Key],
}

/// A setting of a method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Key {
    /// The name in a configuration file.
    pub name: &'static str,
    /// The value where none is given.
    pub default: Default,
    /// The values that it takes.
    pub range: Range,
    /// What it does, in a few words.
    pub meaning: &'static str,
}

/// The value of a setting where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Default {
    /// A number.
    Number(f64),
    /// A text.
    Text(&'static str),
    /// True or false.
    Flag(bool),
    /// Several texts.
    Texts(&'static [&'static str]),
    /// The setting has no value then.
    None,
    /// There is no default: a value has to be given.
    #[serde(serialize_with = "needed")]
    Needed,
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Default::Number(number) => write!(f, "{number}"),
            Default::Text(text) => f.write_str(text),
            Default::Flag(flag) => write!(f, "{flag}"),
            Default::Texts(texts) => f.write_str(&texts.join(", ")),
            Default::None => Ok(()),
            Default::Needed => f.write_str("needed"),
        }
    }
}

fn needed<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("needed")
}

/// The values that a setting takes. All numbers are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// Any number.
    Any,
    /// A number above 0.
    Positive,
    /// A number of at least 0.
    AtLeastZero,
    /// A number of at least 0 and at most 1.
    Share,
    /// A number of at least 0 and less than 1.
    Rate,
    /// A whole number of at least this one.
    WholeFrom(u64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Some of these texts, at least one.
    SomeOf(&'static [&'static str]),
    /// True or false.
    Flag,
    /// Any text.
    Text,
    /// A number of at least 0 for each of some names.
    Shares,
    /// A text for each of some names.
    Texts,
}

/// The largest whole number that a double counts exactly.
const EXACT: f64 = (1_u64 << 53) as f64;

impl Range {
    /// The range in words: "above 0".
    pub fn words(self) -> String {
        match self {
            Range::Any => "any finite number".to_owned(),
            Range::Positive => "above 0".to_owned(),
            Range::AtLeastZero => "at least 0".to_owned(),
            Range::Share => "at least 0 and at most 1".to_owned(),
            Range::Rate => "at least 0 and less than 1".to_owned(),
            Range::WholeFrom(least) => format!("a whole number of at least {least}"),
            Range::OneOf(texts) => format!("one of {}", quoted(texts)),
            Range::SomeOf(texts) => format!("an array of some of {}", quoted(texts)),
            Range::Flag => "true or false".to_owned(),
            Range::Text => "a text".to_owned(),
            Range::Shares => "a table of numbers of at least 0".to_owned(),
            Range::Texts => "a table of texts".to_owned(),
        }
    }

    /// Whether this value lies in the range.
    pub fn contains(self, value: &Value) -> bool {
        let number = |rule: fn(f64) -> bool| matches!(value, Value::Number(x) if x.is_finite() && rule(*x));
        match self {
            Range::Any => number(|_| true),
            Range::Positive => number(|x| x > 0.0),
            Range::AtLeastZero => number(|x| x >= 0.0),
            Range::Share => number(|x| (0.0..=1.0).contains(&x)),
            Range::Rate => number(|x| (0.0..1.0).contains(&x)),
            Range::WholeFrom(least) => {
                matches!(value, Value::Number(x) if x.fract() == 0.0 && *x >= least as f64 && *x <= EXACT)
            }
            Range::OneOf(texts) => matches!(value, Value::Text(text) if texts.contains(&text.as_str())),
            Range::SomeOf(texts) => matches!(value, Value::Texts(some)
                if !some.is_empty() && some.iter().all(|text| texts.contains(&text.as_str()))),
            Range::Flag => matches!(value, Value::Flag(_)),
            Range::Text => matches!(value, Value::Text(_)),
            Range::Shares => matches!(value, Value::Numbers(by_name)
                if by_name.values().all(|x| x.is_finite() && *x >= 0.0)),
            Range::Texts => matches!(value, Value::TextsByName(_)),
        }
    }
}

impl Serialize for Range {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.words())
    }
}

fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A number for each of some names.
    Numbers(BTreeMap<String, f64>),
    /// A text for each of some names.
    TextsByName(BTreeMap<String, String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Texts(texts) => write!(f, "{texts:?}"),
            Value::Numbers(numbers) => write!(f, "{numbers:?}"),
            Value::TextsByName(texts) => write!(f, "{texts:?}"),
        }
    }
}

impl Default {
    fn value(self) -> Option<Value> {
        match self {
            Default::Number(number) => Some(Value::Number(number)),
            Default::Text(text) => Some(Value::Text(text.to_owned())),
            Default::Flag(flag) => Some(Value::Flag(flag)),
            Default::Texts(texts) => Some(Value::Texts(texts.iter().map(|text| text.to_string()).collect())),
            Default::None | Default::Needed => None,
        }
    }
}

/// A method's settings, checked, with the defaults of those that were not given.
///
/// The getters take the name of a key of the method, and panic if the method has none of that name and type.
#[derive(Debug, Clone, PartialEq, Serialize, std::default::Default)]
#[serde(transparent)]
pub struct Settings(BTreeMap<String, Value>);

impl Settings {
    /// Checks what was given.
    ///
    /// Errors if the method has no such key, a value is out of its range, or one that is needed is not given.
    pub fn of(method: &Method, given: BTreeMap<String, Value>) -> Result<Settings, SettingsError> {
        let names = || method.keys.iter().map(|key| key.name);
        if let Some(unknown) = given.keys().find(|name| names().all(|known| known != name.as_str())) {
            return Err(SettingsError::UnknownKey {
                method: method.name,
                key: unknown.clone(),
                nearest: nearest(unknown, names()).map(str::to_owned),
                expected: names().collect(),
            });
        }
        let mut values = given;
        for key in method.keys {
            match values.get(key.name) {
                Some(value) if !key.range.contains(value) => {
                    let (got, range) = (value.clone(), key.range);
                    return Err(SettingsError::OutOfRange { method: method.name, key: key.name, range, got });
                }
                Some(_) => {}
                None if key.default == Default::Needed => {
                    return Err(SettingsError::Needed { method: method.name, key: key.name });
                }
                None => values.extend(key.default.value().map(|value| (key.name.to_owned(), value))),
            }
        }
        Ok(Settings(values))
    }

    /// Every value by the name of its key; keys without a value are absent.
    pub fn values(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// The number of a key that has one.
    pub fn number(&self, key: &str) -> f64 {
        self.number_if_given(key).unwrap_or_else(|| panic!("the method has no number `{key}`"))
    }

    /// The number of a key, if it has one.
    pub fn number_if_given(&self, key: &str) -> Option<f64> {
        match self.0.get(key) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The whole number of a key whose range is whole numbers.
    pub fn whole(&self, key: &str) -> u64 {
        self.number(key) as u64
    }

    /// The flag of a key.
    pub fn flag(&self, key: &str) -> bool {
        match self.0.get(key) {
            Some(Value::Flag(flag)) => *flag,
            _ => panic!("the method has no flag `{key}`"),
        }
    }

    /// The text of a key that has one.
    pub fn text(&self, key: &str) -> &str {
        self.text_if_given(key).unwrap_or_else(|| panic!("the method has no text `{key}`"))
    }

    /// The text of a key, if it has one.
    pub fn text_if_given(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The texts of a key; none if it has no value.
    pub fn texts(&self, key: &str) -> &[String] {
        match self.0.get(key) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// The numbers by name of a key, if it has some.
    pub fn numbers(&self, key: &str) -> Option<&BTreeMap<String, f64>> {
        match self.0.get(key) {
            Some(Value::Numbers(numbers)) => Some(numbers),
            _ => None,
        }
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The method has no such key.
    #[error("{method} has no key `{key}`, {}", known(nearest, expected))]
    UnknownKey {
        /// The method.
        method: &'static str,
        /// The key that was given.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// The keys that it has.
        expected: Vec<&'static str>,
    },
    /// A value is out of its range.
    #[error("`{key}` of {method} must be {}, got {got}", range.words())]
    OutOfRange {
        /// The method.
        method: &'static str,
        /// The key.
        key: &'static str,
        /// The range.
        range: Range,
        /// The value that was given.
        got: Value,
    },
    /// A value that has no default was not given.
    #[error("{method} needs `{key}`")]
    Needed {
        /// The method.
        method: &'static str,
        /// The key.
        key: &'static str,
    },
}

fn known(nearest: &Option<String>, expected: &[&str]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if expected.is_empty() => "it has none".to_owned(),
        None => format!("only {}", expected.join(", ")),
    }
}

impl Method {
    /// A method without settings.
    pub const fn new(
        group: &'static str,
        name: &'static str,
        title: &'static str,
        paper: &'static str,
        file: &'static str,
    ) -> Method {
        Method { group, name, title, paper, file, keys: &[] }
    }

    /// The same method with these settings.
    pub const fn with(self, keys: &'static [Key]) -> Method {
        Method { keys, ..self }
    }
}

/// A row of a registry: a method, and how it is built.
#[derive(Debug, Clone, Copy)]
pub struct Row<B> {
    /// What is fixed about it.
    pub method: Method,
    /// How it is built, as its group needs it: usually a function from settings to a boxed trait.
    pub build: B,
}

/// The row of a name.
///
/// Errors if there is none.
pub fn find<'a, B>(rows: &'a [Row<B>], name: &str) -> Result<&'a Row<B>, UnknownMethod> {
    rows.iter().find(|row| row.method.name == name).ok_or_else(|| {
        let names = || rows.iter().map(|row| row.method.name);
        UnknownMethod {
            group: rows.first().map_or("method", |row| row.method.group),
            name: name.to_owned(),
            nearest: nearest(name, names()).map(str::to_owned),
            expected: names().collect(),
        }
    })
}

/// There is no method of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {group} `{name}`, expected one of {}", expected.join(", "))]
pub struct UnknownMethod {
    /// The group.
    pub group: &'static str,
    /// The name that was given.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
    /// The names that there are.
    pub expected: Vec<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: Method = Method::new("sampler", "power", "size to a power", "", "power.rs").with(&[
        Key { name: "exponent", default: Default::Number(0.5), range: Range::Share, meaning: "0 is uniform" },
        Key { name: "cap", default: Default::None, range: Range::WholeFrom(1), meaning: "examples counted" },
        Key {
            name: "order",
            default: Default::Needed,
            range: Range::OneOf(&["up", "down"]),
            meaning: "which",
        },
    ]);

    fn settings(given: &[(&str, Value)]) -> Result<Settings, String> {
        let given = given.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        Settings::of(&METHOD, given).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_fill_what_was_not_given() {
        let settings = settings(&[("order", Value::Text("up".into()))]).unwrap();
        assert_eq!((settings.number("exponent"), settings.text("order")), (0.5, "up"));
        assert_eq!(settings.number_if_given("cap"), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let order = ("order", Value::Text("up".into()));
        for (given, message) in [
            (vec![], "power needs `order`"),
            (
                vec![order.clone(), ("exponent", Value::Number(1.5))],
                "`exponent` of power must be at least 0 and at most 1, got 1.5",
            ),
            (
                vec![order.clone(), ("cap", Value::Number(0.5))],
                "`cap` of power must be a whole number of at least 1, got 0.5",
            ),
            (
                vec![("order", Value::Text("upp".into()))],
                "`order` of power must be one of \"up\", \"down\", got \"upp\"",
            ),
            (
                vec![order.clone(), ("exponnt", Value::Number(1.0))],
                "power has no key `exponnt`, did you mean `exponent`?",
            ),
            (vec![order, ("zzz", Value::Number(1.0))], "power has no key `zzz`, only exponent, cap, order"),
        ] {
            assert_eq!(settings(&given).unwrap_err(), message);
        }
    }

    #[test]
    fn a_row_is_found_by_its_name() {
        static ROWS: &[Row<u8>] = &[Row { method: METHOD, build: 7 }];
        assert_eq!(find(ROWS, "power").unwrap().build, 7);
        let error = find(ROWS, "powr").unwrap_err();
        assert_eq!(error.to_string(), "unknown sampler `powr`, expected one of power");
        assert_eq!(error.nearest.as_deref(), Some("power"));
    }

    #[test]
    fn values_come_back_from_json() {
        for text in ["true", "0.5", "\"up\"", "[\"a\",\"b\"]", "{\"a\":1.0}"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
        assert!(Range::Shares.contains(&Value::Numbers([("a".to_owned(), 0.0)].into())));
        assert!(!Range::Any.contains(&Value::Number(f64::NAN)));
    }
}
