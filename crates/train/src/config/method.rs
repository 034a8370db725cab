//! A method of a registry in the file: its name, or a table with its `name` and its settings.
//!
//! `sampler = "temperature"` or `sampler = { name = "temperature", cap = 1000 }`.

use std::collections::BTreeMap;

use mtl_base::registry::{Default, Key, Range};
use mtl_base::{Method, Settings, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::error::{ConfigError, ConfigProblem, Suggestion};
use super::section::{Entry, Section};

/// The name of the key that names the method.
pub(super) const NAME: &str = "name";

/// A method with its settings, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodConfig {
    /// The method.
    pub method: &'static Method,
    /// Its settings, defaults filled in.
    pub settings: Settings,
}

impl MethodConfig {
    /// A method whose settings all have defaults.
    pub(super) fn defaults(method: &'static Method) -> Self {
        let settings = Settings::of(method, BTreeMap::new()).expect("each setting has a default");
        Self { method, settings }
    }

    /// The name in the file.
    pub fn name(&self) -> &'static str {
        self.method.name
    }

    /// Reads a method of a group.
    pub(super) fn read(entry: &Entry<'_>, methods: &'static [Method]) -> Result<Self, ConfigError> {
        let (method, given) = read(entry, methods)?;
        let settings = Settings::of(method, given).expect("each setting was checked where it stands");
        Ok(Self { method, settings })
    }
}

/// As it is read: the name, with settings if there are any.
impl Serialize for MethodConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.settings.values();
        if values.is_empty() {
            return serializer.serialize_str(self.name());
        }
        let mut table = serializer.serialize_map(Some(values.len() + 1))?;
        table.serialize_entry(NAME, self.name())?;
        for (key, value) in values {
            table.serialize_entry(key, value)?;
        }
        table.end()
    }
}

/// Reads which of some methods is meant, and what is given of its settings, each checked so that an error
/// stands where the key does.
pub(super) fn read(
    entry: &Entry<'_>,
    methods: impl IntoIterator<Item = &'static Method> + Clone,
) -> Result<(&'static Method, BTreeMap<String, Value>), ConfigError> {
    if entry.is_string() {
        let method = find(entry, methods)?;
        return match method.keys.iter().find(|key| key.default == Default::Needed) {
            Some(key) => {
                let key =
                    format!("`{}`, as in {{ name = \"{}\", {} = ... }}", key.name, method.name, key.name);
                Err(entry.error(ConfigProblem::Missing { table: format!("`{}`", entry.name), key }))
            }
            None => Ok((method, BTreeMap::new())),
        };
    }
    let table = entry.table(None)?;
    let named = table.required(NAME, |entry| find(entry, methods))?;
    Ok((named, settings(&table, named)?))
}

fn find(
    entry: &Entry<'_>,
    methods: impl IntoIterator<Item = &'static Method> + Clone,
) -> Result<&'static Method, ConfigError> {
    let name = entry.string()?;
    let named = methods.clone().into_iter().find(|method| method.name == name);
    named.ok_or_else(|| entry.unknown(&name, methods.into_iter().map(|method| method.name)))
}

fn settings(table: &Section<'_>, method: &'static Method) -> Result<BTreeMap<String, Value>, ConfigError> {
    let mut given = BTreeMap::new();
    for entry in table.entries().into_iter().filter(|entry| entry.key != NAME) {
        let key = method.keys.iter().find(|key| key.name == entry.key).ok_or_else(|| {
            let valid = std::iter::once(NAME).chain(method.keys.iter().map(|key| key.name));
            let suggestion = Suggestion::new(entry.key, valid);
            entry.key_error(ConfigProblem::UnknownKey { key: entry.name.clone(), suggestion })
        })?;
        given.insert(key.name.to_owned(), value(&entry, key)?);
    }
    let is_missing = |key: &&Key| key.default == Default::Needed && !given.contains_key(key.name);
    match method.keys.iter().find(is_missing) {
        Some(key) => Err(table.missing(format!("`{}`", key.name))),
        None => Ok(given),
    }
}

fn value(entry: &Entry<'_>, key: &Key) -> Result<Value, ConfigError> {
    let range = key.range;
    let one_of = |text: String, texts: &[&'static str]| match texts.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(entry.unknown(&text, texts.iter().copied())),
    };
    Ok(match range {
        Range::Flag => Value::Flag(entry.boolean()?),
        Range::Text => Value::Text(entry.string()?),
        Range::OneOf(texts) => Value::Text(one_of(entry.string()?, texts)?),
        Range::SomeOf(texts) => {
            let given = entry.names()?.into_iter().map(|text| one_of(text, texts));
            Value::Texts(given.collect::<Result<_, _>>()?)
        }
        Range::Shares => {
            let numbers =
                entry.table(None)?.entries().into_iter().map(|entry| {
                    Ok((entry.key.to_owned(), entry.number("at least 0", |share| share >= 0.0)?))
                });
            Value::Numbers(numbers.collect::<Result<_, _>>()?)
        }
        Range::Texts => {
            let texts = entry.table(None)?.entries().into_iter();
            let texts = texts.map(|entry| Ok((entry.key.to_owned(), entry.string()?)));
            Value::TextsByName(texts.collect::<Result<_, _>>()?)
        }
        _ => Value::Number(entry.number(&range.words(), |number| range.contains(&Value::Number(number)))?),
    })
}
