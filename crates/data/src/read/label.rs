//! Turns the text of a label into a label.

use std::cell::RefCell;

use crate::error::DataError;
use crate::example::{Label, LabelKind};
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::source::Source;

/// How the labels of one source are read.
pub(crate) struct LabelReader {
    pub(crate) kind: LabelKind,
    missing: Vec<String>,
    separator: Option<String>,
    scale: Option<(f64, f64)>,
    known: Option<LabelSet>,
    /// Where the names read since the last call of [`forget_places`](Self::forget_places) stand, if they are noted.
    places: RefCell<Option<Vec<Location>>>,
}

impl LabelReader {
    pub(crate) fn new(source: &Source, known: Option<&LabelSet>) -> Self {
        Self {
            kind: source.kind,
            missing: source.missing.clone(),
            separator: source.separator.clone(),
            scale: source.scale,
            known: known.cloned(),
            places: RefCell::new(None),
        }
    }

    /// Notes places from now on.
    pub(crate) fn note_places(&self) {
        self.places.borrow_mut().get_or_insert_default();
    }

    /// Begins anew with the first name.
    pub(crate) fn forget_places(&self) {
        if let Some(places) = &mut *self.places.borrow_mut() {
            places.clear();
        }
    }

    /// Where the name with this index stands, if places are noted and there is one.
    pub(crate) fn place(&self, index: usize) -> Option<Location> {
        self.places.borrow().as_ref()?.get(index).cloned()
    }

    /// The label that `text` stands for. `at` is called only for an error.
    pub(crate) fn read(&self, text: &str, at: impl Fn() -> Location) -> Result<Label, DataError> {
        if self.is_missing(text) {
            return Ok(Label::Missing);
        }
        match self.kind {
            LabelKind::Class => self.name(text, at).map(Label::Class),
            LabelKind::Value => self.value(text, at).map(Label::Value),
            LabelKind::Classes => {
                let separator = self.separator.as_deref().unwrap_or(",");
                let names = text.split(separator).map(str::trim).filter(|name| !name.is_empty());
                names.map(|name| self.name(name, &at)).collect::<Result<_, _>>().map(Label::Classes)
            }
            LabelKind::Tags => {
                self.words(text).map(|tag| self.name(tag, &at)).collect::<Result<_, _>>().map(Label::Tags)
            }
        }
    }

    /// The words (or tags) of a text in one string.
    pub(crate) fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let separator = self.separator.as_deref();
        let by_separator = separator.map(|separator| text.split(separator)).into_iter().flatten();
        let by_space = separator.is_none().then(|| text.split_whitespace()).into_iter().flatten();
        by_separator.chain(by_space).filter(|word| !word.is_empty())
    }

    /// Whether `text` is the marker for a missing label.
    pub(crate) fn is_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|marker| marker == text)
    }

    /// Whether the source says how missing labels look.
    pub(crate) fn allows_missing(&self) -> bool {
        !self.missing.is_empty()
    }

    /// The name of one class or tag: not empty, and known where the known ones are given.
    pub(crate) fn name(&self, text: &str, at: impl Fn() -> Location) -> Result<String, DataError> {
        if text.is_empty() {
            return Err(DataError::EmptyLabel { at: at() });
        }
        if let Some(known) = &self.known
            && !self.is_missing(text)
        {
            known.index(text).map_err(|unknown| unknown.at(at()))?;
        }
        if let Some(places) = &mut *self.places.borrow_mut() {
            places.push(at());
        }
        Ok(text.to_owned())
    }

    /// A number inside the scale.
    pub(crate) fn value(&self, text: &str, at: impl Fn() -> Location) -> Result<f64, DataError> {
        let value = text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| DataError::NotANumber { at: at(), value: text.to_owned() })?;
        match self.scale {
            Some((low, high)) if !(low..=high).contains(&value) => {
                Err(DataError::OutOfScale { at: at(), value, low, high })
            }
            _ => Ok(value),
        }
    }

    /// The label of a text divided into words, from its tags: missing if each tag is the marker.
    pub(crate) fn tags(&self, tags: Vec<String>) -> Label {
        if !tags.is_empty() && tags.iter().all(|tag| self.is_missing(tag)) {
            Label::Missing
        } else {
            Label::Tags(tags)
        }
    }
}

/// The kind of label in words, for messages.
pub(crate) fn kind_name(kind: LabelKind) -> &'static str {
    match kind {
        LabelKind::Class => "a class per text",
        LabelKind::Classes => "several classes per text",
        LabelKind::Value => "a number per text",
        LabelKind::Tags => "a tag per word",
    }
}
