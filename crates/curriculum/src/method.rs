//! A method of a registry with its settings, as a configuration chooses it.

use std::collections::BTreeMap;
use std::fmt;

use mtl_base::registry::{Range, Row, find};
use mtl_base::{Method, Settings, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::CurriculumError;

/// A row of a registry with settings, checked.
///
/// It is written as its name where it has no setting with a value, and as a table with its `name` and its settings
/// otherwise.
pub struct MethodConfig<B: 'static> {
    row: &'static Row<B>,
    settings: Settings,
}

impl<B> MethodConfig<B> {
    /// The method `name` of a registry with what is given of its settings, and the defaults of the others.
    ///
    /// Errors if there is no such method, or a setting is refused.
    pub(crate) fn find(
        rows: &'static [Row<B>],
        name: &str,
        given: BTreeMap<String, Value>,
    ) -> Result<Self, CurriculumError> {
        let row = find(rows, name)?;
        Ok(Self { row, settings: Settings::of(&row.method, given)? })
    }

    /// What is fixed about the method.
    pub fn method(&self) -> &'static Method {
        &self.row.method
    }

    /// Its name in a configuration file.
    pub fn name(&self) -> &'static str {
        self.row.method.name
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How it is built.
    pub(crate) fn build_fn(&self) -> &'static B {
        &self.row.build
    }
}

impl<B> Clone for MethodConfig<B> {
    fn clone(&self) -> Self {
        Self { row: self.row, settings: self.settings.clone() }
    }
}

/// Names are unique in a registry, so equal names are one method.
impl<B> PartialEq for MethodConfig<B> {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.settings == other.settings
    }
}

impl<B> fmt::Debug for MethodConfig<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.row.method.group)
            .field("name", &self.name())
            .field("settings", &self.settings)
            .finish()
    }
}

/// The name alone.
impl<B> fmt::Display for MethodConfig<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<B> Serialize for MethodConfig<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.settings.values();
        if values.is_empty() {
            return serializer.serialize_str(self.name());
        }
        let mut table = serializer.serialize_map(Some(1 + values.len()))?;
        table.serialize_entry("name", self.name())?;
        for (name, value) in values {
            let key = self.row.method.keys.iter().find(|key| key.name == name);
            match (key.map(|key| key.range), value) {
                // Written as they are read: without a point.
                (Some(Range::WholeFrom(_)), Value::Number(number)) => {
                    table.serialize_entry(name, &(*number as u64))?;
                }
                _ => table.serialize_entry(name, value)?,
            }
        }
        table.end()
    }
}
