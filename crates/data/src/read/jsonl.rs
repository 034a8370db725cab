//! One JSON object per line; keys by path.
//!
//! The path `a.b` is the key `"a.b"` if there is one, else the key `b` of the object under `a`. A text is a string, or
//! an array of strings: words. A label is a string, a number or a truth value as it is written, or an array of these:
//! several labels, or one tag per word. A null is a missing label, and so is an absent key where the source names a
//! marker for missing labels. Empty lines are skipped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::DataError;
use crate::example::{Example, Label, LabelKind, Text};
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::empty_lines::EmptyLines;
use crate::read::label::LabelReader;
use crate::read::lines::Lines;
use crate::read::reader::Rows;
use crate::read::source::Source;
use crate::read::table::check_tag_count;
use mtl_base::nearest;

pub(super) type Object<'a> = BTreeMap<String, &'a RawValue>;

pub(crate) struct Jsonl {
    pub(super) lines: Lines,
    text: Vec<String>,
    label: Option<String>,
    separated: bool,
    labels: LabelReader,
    empty: EmptyLines,
}

impl Jsonl {
    /// The same without a check of the text columns, for formats that make texts of their own.
    pub(super) fn open_any(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        Ok(Self {
            lines: Lines::open(path)?,
            text: source.text.clone(),
            label: source.label.clone(),
            separated: source.separator.is_some(),
            labels: LabelReader::new(source, known),
            empty: EmptyLines::of(source),
        })
    }

    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let most = if source.kind == LabelKind::Tags { 1 } else { 2 };
        if source.text.is_empty() || source.text.len() > most {
            return Err(DataError::TextColumns { at: source.start(), got: source.text.len() });
        }
        Self::open_any(source, path, known)
    }

    fn example(&self) -> Result<Example, DataError> {
        let object = self.object()?;
        let text = match &self.text[..] {
            [first, second] => Text::Pair(self.string(&object, first)?, self.string(&object, second)?),
            [only, ..] => self.read_text(&object, only)?,
            [] => unreachable!("a source of json lines has a text column"),
        };
        let label = self.label(&object, &text)?;
        Ok(Example { text, label, line: self.lines.number() })
    }

    /// The label of an object of the current line, if labels are read.
    pub(super) fn label(&self, object: &Object<'_>, text: &Text) -> Result<Label, DataError> {
        match &self.label {
            Some(key) => self.read_label(object, key, text),
            None => Ok(Label::Missing),
        }
    }

    /// Goes to the next line that is not empty; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, DataError> {
        while self.lines.advance()? {
            if !self.lines.text().trim().is_empty() {
                self.empty.check()?;
                return Ok(true);
            }
            self.empty.pass(self.lines.at(0));
        }
        Ok(false)
    }

    /// The object of the current line.
    pub(super) fn object(&self) -> Result<Object<'_>, DataError> {
        self.parse(self.lines.text())
    }

    fn read_text(&self, object: &Object<'_>, key: &str) -> Result<Text, DataError> {
        let value = self.get(object, key)?;
        match type_name(value) {
            "an array" => {
                let words: Vec<&RawValue> = self.parse(value.get())?;
                let words = words.into_iter().map(|word| self.as_string(word, key));
                words.collect::<Result<_, _>>().map(Text::Words)
            }
            "a string" => {
                let text: String = self.parse(value.get())?;
                Ok(match self.labels.kind {
                    LabelKind::Tags => Text::Words(self.labels.words(&text).map(String::from).collect()),
                    _ => Text::Single(text),
                })
            }
            got => Err(self.type_error(value, key, "a string or an array of strings", got)),
        }
    }

    fn read_label(&self, object: &Object<'_>, key: &str, text: &Text) -> Result<Label, DataError> {
        let value = match self.get(object, key) {
            Err(DataError::UnknownColumn { .. }) if self.labels.allows_missing() => {
                return Ok(Label::Missing);
            }
            found => found?,
        };
        let at = || self.at(value.get());
        let label = match (type_name(value), self.labels.kind) {
            ("null", _) => Label::Missing,
            ("an array", LabelKind::Classes) => Label::Classes(self.names(value, key)?),
            ("an array", LabelKind::Tags) => self.labels.tags(self.names(value, key)?),
            ("a string", LabelKind::Classes) if !self.separated => self.one_of_classes(value)?,
            ("a string", _) => self.labels.read(&self.parse::<String>(value.get())?, at)?,
            ("a number", LabelKind::Class | LabelKind::Classes | LabelKind::Value)
            | ("a truth value", LabelKind::Class | LabelKind::Classes) => {
                self.labels.read(value.get(), at)?
            }
            (got, LabelKind::Value) => return Err(self.type_error(value, key, "a number", got)),
            (got, LabelKind::Tags) => return Err(self.type_error(value, key, "an array of tags", got)),
            (got, _) => return Err(self.type_error(value, key, "a label", got)),
        };
        check_tag_count(text, &label, at)?;
        Ok(label)
    }

    /// A string where several labels may stand is one label, whatever characters it holds.
    fn one_of_classes(&self, value: &RawValue) -> Result<Label, DataError> {
        let name: String = self.parse(value.get())?;
        if self.labels.is_missing(&name) {
            return Ok(Label::Missing);
        }
        Ok(Label::Classes(vec![self.labels.name(&name, || self.at(value.get()))?]))
    }

    /// The names in an array.
    fn names(&self, array: &RawValue, key: &str) -> Result<Vec<String>, DataError> {
        let values: Vec<&RawValue> = self.parse(array.get())?;
        let name = |value: &&RawValue| {
            let text = match type_name(value) {
                "a string" => self.parse(value.get())?,
                "a number" | "a truth value" => value.get().to_owned(),
                got => return Err(self.type_error(value, key, "an array of labels", got)),
            };
            self.labels.name(&text, || self.at(value.get()))
        };
        values.iter().map(name).collect()
    }

    pub(super) fn string(&self, object: &Object<'_>, key: &str) -> Result<String, DataError> {
        self.as_string(self.get(object, key)?, key)
    }

    fn as_string(&self, value: &RawValue, key: &str) -> Result<String, DataError> {
        match type_name(value) {
            "a string" => self.parse(value.get()),
            got => Err(self.type_error(value, key, "a string", got)),
        }
    }

    /// The value under a path of keys.
    pub(super) fn get<'a>(&self, object: &Object<'a>, path: &str) -> Result<&'a RawValue, DataError> {
        self.find(object, path)?.ok_or_else(|| DataError::UnknownColumn {
            at: self.lines.at(0),
            name: path.to_owned(),
            columns: object.keys().cloned().collect(),
            nearest: nearest(path, object.keys().map(String::as_str)).map(String::from),
        })
    }

    fn find<'a>(&self, object: &Object<'a>, path: &str) -> Result<Option<&'a RawValue>, DataError> {
        if let Some(value) = object.get(path) {
            return Ok(Some(value));
        }
        for (dot, _) in path.match_indices('.') {
            let Some(inner) = object.get(&path[..dot]) else { continue };
            if type_name(inner) == "an object" {
                return self.find(&self.parse(inner.get())?, &path[dot + 1..]);
            }
        }
        Ok(None)
    }

    /// Parses a part of the current line.
    pub(super) fn parse<'a, T: Deserialize<'a>>(&self, part: &'a str) -> Result<T, DataError> {
        serde_json::from_str(part).map_err(|error| {
            let before = part.as_ptr() as usize - self.lines.text().as_ptr() as usize;
            let mut byte = before + error.column().saturating_sub(1).min(part.len());
            while !self.lines.text().is_char_boundary(byte) {
                byte -= 1;
            }
            // The parser appends a place that counts from the start of `part`.
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            DataError::Json { at: self.lines.at(byte), reason }
        })
    }

    /// The place of a part of the current line.
    pub(super) fn at(&self, part: &str) -> Location {
        self.lines.at(part.as_ptr() as usize - self.lines.text().as_ptr() as usize)
    }

    fn type_error(
        &self,
        value: &RawValue,
        key: &str,
        expected: &'static str,
        got: &'static str,
    ) -> DataError {
        DataError::JsonType { at: self.at(value.get()), key: key.to_owned(), expected, got }
    }
}

impl Rows for Jsonl {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        if self.advance()? { self.example().map(Some) } else { Ok(None) }
    }

    fn labels(&self) -> &LabelReader {
        &self.labels
    }
}

fn type_name(value: &RawValue) -> &'static str {
    match value.get().as_bytes()[0] {
        b'{' => "an object",
        b'[' => "an array",
        b'"' => "a string",
        b't' | b'f' => "a truth value",
        b'n' => "null",
        _ => "a number",
    }
}
