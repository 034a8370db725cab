//! Reading one TOML table key by key, each error at its line and column.

use std::collections::BTreeMap;
use std::path::Path;

use mtl_base::line_and_column;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::choice::Choice;
use super::error::{ConfigError, ConfigProblem, Suggestion};

/// The file's name and text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) path: &'s Path,
    pub(super) text: &'s str,
}

impl Source<'_> {
    /// The problem at the byte `at` of the text.
    pub(super) fn error(&self, at: usize, problem: ConfigProblem) -> ConfigError {
        let (line, column) = line_and_column(self.text, at);
        ConfigError::Invalid { path: self.path.to_owned(), line, column, problem: Box::new(problem) }
    }
}

/// A table of the file whose keys are all known.
#[derive(Debug)]
pub(super) struct Section<'s> {
    source: Source<'s>,
    /// The dotted name; empty for the file itself.
    name: String,
    /// Where the name stands.
    at: usize,
    table: &'s DeTable<'s>,
    keys: Option<&'static [&'static str]>,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry<'s> {
    source: Source<'s>,
    /// The dotted name.
    pub(super) name: String,
    /// The last part of the name.
    pub(super) key: &'s str,
    key_at: usize,
    value: &'s Spanned<DeValue<'s>>,
}

impl<'s> Section<'s> {
    /// The file's outermost table, which takes these `keys`.
    pub(super) fn file(
        source: Source<'s>,
        table: &'s DeTable<'s>,
        keys: &'static [&'static str],
    ) -> Result<Self, ConfigError> {
        Self { source, name: String::new(), at: 0, table, keys: Some(keys) }.checked()
    }

    /// Errors at the first key in the file that the table does not take.
    fn checked(self) -> Result<Self, ConfigError> {
        let Some(keys) = self.keys else { return Ok(self) };
        match self.entries().into_iter().find(|entry| !keys.contains(&entry.key)) {
            None => Ok(self),
            Some(entry) => {
                let suggestion = Suggestion::new(entry.key, keys.iter().copied());
                Err(entry.key_error(ConfigProblem::UnknownKey { key: entry.name.clone(), suggestion }))
            }
        }
    }

    /// All entries, in the order of the file.
    pub(super) fn entries(&self) -> Vec<Entry<'s>> {
        let mut entries: Vec<Entry<'s>> =
            self.table.iter().map(|(key, value)| self.entry(key, value)).collect();
        entries.sort_by_key(|entry| entry.key_at);
        entries
    }

    /// Notes the place of every key of the table and of the tables in it, by dotted name.
    pub(super) fn collect_places(&self, places: &mut BTreeMap<String, (usize, usize)>) {
        for entry in self.entries() {
            let at = match entry.table(None) {
                Ok(table) => {
                    table.collect_places(places);
                    entry.key_at
                }
                Err(_) => entry.value.span().start,
            };
            places.insert(entry.name, line_and_column(self.source.text, at));
        }
    }

    /// The entry of `key`, if it is there.
    pub(super) fn get(&self, key: &'static str) -> Option<Entry<'s>> {
        debug_assert!(
            self.keys.is_none_or(|keys| keys.contains(&key)),
            "`{key}` is no key of [{}]",
            self.name
        );
        self.table.get_key_value(key).map(|(key, value)| self.entry(key, value))
    }

    /// The value of `key` read by `read`, if it is there.
    pub(super) fn option<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Entry<'s>) -> Result<T, ConfigError>,
    ) -> Result<Option<T>, ConfigError> {
        self.get(key).map(|entry| read(&entry)).transpose()
    }

    /// The value of `key` read by `read`, or the default.
    pub(super) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Entry<'s>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        Ok(self.option(key, read)?.unwrap_or(default))
    }

    /// The value of `key` read by `read`; errors if it is missing.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Entry<'s>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        self.option(key, read)?.ok_or_else(|| self.missing(format!("`{key}`")))
    }

    /// The problem at the table.
    pub(super) fn error(&self, problem: ConfigProblem) -> ConfigError {
        self.source.error(self.at, problem)
    }

    /// The error that this table lacks a key.
    pub(super) fn missing(&self, key: impl Into<String>) -> ConfigError {
        let table = if self.name.is_empty() { "the file".to_owned() } else { format!("[{}]", self.name) };
        self.source.error(self.at, ConfigProblem::Missing { table, key: key.into() })
    }

    /// Errors if both keys are there, at the one that comes second in the file.
    pub(super) fn one_of(&self, first: &'static str, second: &'static str) -> Result<(), ConfigError> {
        let (Some(first), Some(second)) = (self.get(first), self.get(second)) else { return Ok(()) };
        let (early, late) = if first.key_at < second.key_at { (first, second) } else { (second, first) };
        Err(late.key_error(ConfigProblem::Conflict { first: early.name, second: late.name.clone() }))
    }

    /// The error that `key` makes no sense here, if it is there.
    pub(super) fn not_applicable(
        &self,
        key: &'static str,
        applies_to: &'static str,
        given: &str,
    ) -> Result<(), ConfigError> {
        self.get(key).map_or(Ok(()), |entry| {
            let given = given.to_owned();
            Err(entry.key_error(ConfigProblem::NotApplicable { key: entry.name.clone(), applies_to, given }))
        })
    }

    fn entry(&self, key: &'s Spanned<toml::de::DeString<'s>>, value: &'s Spanned<DeValue<'s>>) -> Entry<'s> {
        let name = match self.name.as_str() {
            "" => key.get_ref().to_string(),
            table => format!("{table}.{}", key.get_ref()),
        };
        Entry { source: self.source, name, key: key.get_ref(), key_at: key.span().start, value }
    }
}

impl<'s> Entry<'s> {
    /// The problem at the value.
    pub(super) fn error(&self, problem: ConfigProblem) -> ConfigError {
        self.source.error(self.value.span().start, problem)
    }

    /// The problem at the key.
    pub(super) fn key_error(&self, problem: ConfigProblem) -> ConfigError {
        self.source.error(self.key_at, problem)
    }

    /// The error that the value is out of its range.
    pub(super) fn out_of_range(&self, rule: impl Into<String>, got: impl Into<String>) -> ConfigError {
        self.error(ConfigProblem::OutOfRange { key: self.name.clone(), rule: rule.into(), got: got.into() })
    }

    /// The error that the value is none of the `valid` ones.
    pub(super) fn unknown<'v>(&self, value: &str, valid: impl IntoIterator<Item = &'v str>) -> ConfigError {
        self.error(ConfigProblem::UnknownValue {
            key: self.name.clone(),
            value: value.to_owned(),
            suggestion: Suggestion::new(value, valid),
        })
    }

    /// A table that takes these keys, or any keys if there are none.
    pub(super) fn table(&self, keys: Option<&'static [&'static str]>) -> Result<Section<'s>, ConfigError> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Section { source: self.source, name: self.name.clone(), at: self.key_at, table, keys }
                    .checked()
            }
            other => Err(self.wrong_type(self.value, "a table", other)),
        }
    }

    /// Whether the value is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// The items of an array, each under the key's name; a value that is no array is its only item.
    pub(super) fn items(&self) -> Vec<Entry<'s>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items.iter().map(|value| self.with_value(value)).collect(),
            _ => vec![self.with_value(self.value)],
        }
    }

    fn with_value(&self, value: &'s Spanned<DeValue<'s>>) -> Entry<'s> {
        let (key, key_at) = (self.key, self.key_at);
        Entry { source: self.source, name: self.name.clone(), key, key_at, value }
    }

    /// An array of tables that take these keys. Keys in them are named as if there were one table.
    pub(super) fn tables(&self, keys: &'static [&'static str]) -> Result<Vec<Section<'s>>, ConfigError> {
        const EXPECTED: &str = "an array of tables";
        let items = match self.value.get_ref() {
            DeValue::Array(items) => items,
            other => return Err(self.wrong_type(self.value, EXPECTED, other)),
        };
        let table = |item: &'s Spanned<DeValue<'s>>| match item.get_ref() {
            DeValue::Table(table) => {
                let (name, at) = (self.name.clone(), item.span().start);
                Section { source: self.source, name, at, table, keys: Some(keys) }.checked()
            }
            other => Err(self.wrong_type(item, EXPECTED, other)),
        };
        items.iter().map(table).collect()
    }

    /// An array of strings, at least one.
    pub(super) fn names(&self) -> Result<Vec<String>, ConfigError> {
        match self.strings()? {
            none if none.is_empty() => Err(self.out_of_range("at least one name", "an empty array")),
            names => Ok(names),
        }
    }

    /// Whether the value is a string.
    pub(super) fn is_string(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// A string, which may be empty.
    pub(super) fn string(&self) -> Result<String, ConfigError> {
        self.string_at(self.value, "a string")
    }

    /// A string that is not empty: a name or a path.
    pub(super) fn word(&self) -> Result<String, ConfigError> {
        match self.string()? {
            empty if empty.is_empty() => Err(self.out_of_range("at least one letter", "an empty string")),
            word => Ok(word),
        }
    }

    /// A string, or an array of strings.
    pub(super) fn strings(&self) -> Result<Vec<String>, ConfigError> {
        const EXPECTED: &str = "a string or an array of strings";
        match self.value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.string_at(item, EXPECTED)).collect(),
            _ => Ok(vec![self.string_at(self.value, EXPECTED)?]),
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            other => Err(self.wrong_type(self.value, "true or false", other)),
        }
    }

    /// A whole number of at least `least`.
    pub(super) fn integer(&self, least: u64) -> Result<u64, ConfigError> {
        let integer = match self.value.get_ref() {
            DeValue::Integer(integer) => integer,
            other => return Err(self.wrong_type(self.value, "an integer", other)),
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) if value >= least => Ok(value),
            _ => Err(self.out_of_range(format!("at least {least}"), integer.to_string())),
        }
    }

    /// A whole number of at least `least`, as a size in memory.
    pub(super) fn size(&self, least: u64) -> Result<usize, ConfigError> {
        let value = self.integer(least)?;
        usize::try_from(value)
            .map_err(|_| self.out_of_range(format!("at most {}", usize::MAX), value.to_string()))
    }

    /// A finite number that passes `test`, which `rule` says in words.
    pub(super) fn number(&self, rule: &str, test: impl FnOnce(f64) -> bool) -> Result<f64, ConfigError> {
        let (value, written) = self.number_at(self.value, "a number")?;
        if value.is_finite() && test(value) { Ok(value) } else { Err(self.out_of_range(rule, written)) }
    }

    /// Two numbers, the first below the second.
    pub(super) fn interval(&self) -> Result<[f64; 2], ConfigError> {
        const EXPECTED: &str = "an array of two numbers";
        let items = match self.value.get_ref() {
            DeValue::Array(items) => items,
            other => return Err(self.wrong_type(self.value, EXPECTED, other)),
        };
        let numbers: Vec<(f64, String)> =
            items.iter().map(|item| self.number_at(item, EXPECTED)).collect::<Result<_, _>>()?;
        match numbers.as_slice() {
            [(min, _), (max, _)] if min < max && min.is_finite() && max.is_finite() => Ok([*min, *max]),
            _ => {
                let written: Vec<&str> = numbers.iter().map(|(_, written)| written.as_str()).collect();
                Err(self.out_of_range("[min, max] with min below max", format!("[{}]", written.join(", "))))
            }
        }
    }

    /// One of the values of an enumeration.
    pub(super) fn choice<C: Choice>(&self) -> Result<C, ConfigError> {
        let name = self.string()?;
        C::CHOICES
            .iter()
            .copied()
            .find(|choice| choice.choice_name() == name)
            .ok_or_else(|| self.unknown(&name, C::CHOICES.iter().map(|choice| choice.choice_name())))
    }

    fn string_at(&self, value: &Spanned<DeValue<'_>>, expected: &'static str) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(self.wrong_type(value, expected, other)),
        }
    }

    fn number_at(
        &self,
        value: &Spanned<DeValue<'_>>,
        expected: &'static str,
    ) -> Result<(f64, String), ConfigError> {
        match value.get_ref() {
            DeValue::Float(float) => {
                Ok((float.as_str().parse().expect("the parser checks numbers"), float.to_string()))
            }
            DeValue::Integer(integer) => {
                let whole = i128::from_str_radix(integer.as_str(), integer.radix());
                Ok((whole.map_or(f64::INFINITY, |whole| whole as f64), integer.to_string()))
            }
            other => Err(self.wrong_type(value, expected, other)),
        }
    }

    fn wrong_type(
        &self,
        at: &Spanned<DeValue<'_>>,
        expected: &'static str,
        got: &DeValue<'_>,
    ) -> ConfigError {
        let problem = ConfigProblem::WrongType { key: self.name.clone(), expected, got: type_name(got) };
        self.source.error(at.span().start, problem)
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
