//! A key that names a method of a registry: `gradients = "cagrad"`, or with settings a table,
//! `sampler = { name = "temperature", temperature = 4 }`.

use std::collections::BTreeMap;

use mtl_base::registry::{Method, Settings, SettingsError, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::error::{ConfigError, ConfigProblem, Suggestion};
use super::section::{Entry, Section};

/// The key of a method's name in its table.
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
    /// A method with the defaults of its settings. Errors if one of them has no default.
    pub fn defaults(method: &'static Method) -> Result<Self, SettingsError> {
        Ok(Self { method, settings: Settings::of(method, BTreeMap::new())? })
    }

    /// The name in the file.
    pub fn name(&self) -> &'static str {
        self.method.name
    }

    /// Reads a method of a group: its name, or a table of its name and settings.
    pub(super) fn read(entry: &Entry<'_>, methods: &'static [Method]) -> Result<Self, ConfigError> {
        if !entry.is_table() {
            let method = find(entry, &entry.string()?, methods)?;
            return settings(entry, None, method, BTreeMap::new());
        }
        let section = entry.table(None)?;
        let named = section.required(NAME, |entry| find(entry, &entry.string()?, methods))?;
        let mut values = BTreeMap::new();
        for entry in section.entries().into_iter().filter(|entry| entry.key != NAME) {
            values.insert(entry.key.to_owned(), read_setting(&entry, named)?);
        }
        settings(entry, Some(&section), named, values)
    }
}

fn find(entry: &Entry<'_>, name: &str, methods: &'static [Method]) -> Result<&'static Method, ConfigError> {
    methods
        .iter()
        .find(|method| method.name == name)
        .ok_or_else(|| entry.unknown(name, methods.iter().map(|method| method.name)))
}

/// One setting, checked where it stands.
fn read_setting(entry: &Entry<'_>, method: &Method) -> Result<Value, ConfigError> {
    let Some(key) = method.keys.iter().find(|key| key.name == entry.key) else {
        let suggestion = Suggestion::new(entry.key, method.keys.iter().map(|key| key.name));
        return Err(entry.key_error(ConfigProblem::UnknownKey { key: entry.name.clone(), suggestion }));
    };
    let value = entry.value()?;
    if key.range.contains(&value) {
        return Ok(value);
    }
    Err(entry.out_of_range(key.range.words(), value.to_string()))
}

fn settings(
    entry: &Entry<'_>,
    section: Option<&Section<'_>>,
    method: &'static Method,
    values: BTreeMap<String, Value>,
) -> Result<MethodConfig, ConfigError> {
    match Settings::of(method, values) {
        Ok(settings) => Ok(MethodConfig { method, settings }),
        Err(SettingsError::Needed { key, .. }) => Err(match section {
            Some(section) => section.missing(format!("`{key}`")),
            None => entry.error(ConfigProblem::Missing {
                table: format!("{} = {{ name = {:?}, .. }}", entry.name, method.name),
                key: format!("`{key}`"),
            }),
        }),
        Err(other) => unreachable!("each setting was checked where it stands: {other}"),
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
