//! What TSV and CSV share: finding columns, and turning a row of cells into an example.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::{Example, Label, LabelKind, Text};
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::label::LabelReader;
use crate::read::source::{Source, column_number};
use mtl_base::nearest;

/// One field of a row and where it begins.
pub(crate) struct Cell<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Which columns of a file are read, and how.
pub(crate) struct Table {
    path: Arc<Path>,
    text: Vec<usize>,
    label: Option<usize>,
    labels: LabelReader,
    /// The columns that a row needs.
    width: usize,
    /// Those of them that are read.
    needed: usize,
    /// The columns that the file, or the configuration for it, declares.
    declared: Option<usize>,
}

impl Table {
    /// The columns of `source` in a file that begins with `first`, which is its header if it has one.
    pub(crate) fn new(
        source: &Source,
        path: &Arc<Path>,
        first: &[Cell<'_>],
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let most = if source.kind == LabelKind::Tags { 1 } else { 2 };
        if source.text.is_empty() || source.text.len() > most {
            return Err(DataError::TextColumns { at: source.start(), got: source.text.len() });
        }
        let names: Option<Vec<String>> = match &source.columns {
            Some(names) => Some(names.clone()),
            None if source.has_header() => Some(first.iter().map(|cell| cell.text.to_string()).collect()),
            None => None,
        };
        let at = |index: usize| first.get(index).map_or(Location::start(path.clone()), |cell| cell.at(path));
        let find = |column: &String| find_column(column, names.as_deref(), first.len(), at);
        let text = source.text.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let label = source.label.as_ref().map(find).transpose()?;
        let needed = text.iter().chain(&label).max().map_or(0, |last| last + 1);
        let declared = names.as_ref().map(Vec::len);
        // Where no label is read, a file without header may end before the columns that the configuration names.
        let shorter = source.label.is_none() && source.columns.is_some() && Some(first.len()) < declared;
        Ok(Self {
            path: path.clone(),
            text,
            label,
            labels: LabelReader::new(source, known),
            width: declared.filter(|_| !shorter).unwrap_or(needed),
            needed,
            declared,
        })
    }

    /// What reads the labels.
    pub(crate) fn labels(&self) -> &LabelReader {
        &self.labels
    }

    /// Whether an empty line is a row: only where a row is one column.
    pub(crate) fn empty_line_is_row(&self) -> bool {
        self.width == 1
    }

    /// Whether the row has every column that is read.
    pub(crate) fn has_needed(&self, cells: &[Cell<'_>]) -> bool {
        cells.len() >= self.needed
    }

    /// Errors if the row has fewer columns than the file; with `exact`, also if it has more.
    pub(crate) fn check_width(&self, cells: &[Cell<'_>], exact: bool) -> Result<(), DataError> {
        let (expected, got) = (self.width, cells.len());
        if got < expected {
            let last = cells.last().expect("a row has at least one cell");
            let at = Location::new(self.path.clone(), last.line, last.column + last.text.chars().count());
            return Err(DataError::TooFewColumns { at, expected, got });
        }
        if let Some(declared) = self.declared.filter(|&declared| exact && got > declared) {
            let at = cells[declared].at(&self.path);
            return Err(DataError::TooManyColumns { at, expected: declared, got });
        }
        Ok(())
    }

    /// The example of a row of at least `width` cells.
    pub(crate) fn example(&self, cells: &[Cell<'_>]) -> Result<Example, DataError> {
        let text = self.read_text(cells);
        let label = match self.label {
            Some(index) => {
                let cell = &cells[index];
                let label = self.labels.read(&cell.text, || cell.at(&self.path))?;
                check_tag_count(&text, &label, || cell.at(&self.path))?;
                label
            }
            None => Label::Missing,
        };
        Ok(Example { text, label, line: cells[0].line })
    }

    fn read_text(&self, cells: &[Cell<'_>]) -> Text {
        let owned = |index: usize| cells[index].text.to_string();
        match self.text[..] {
            [only] if self.labels.kind == LabelKind::Tags => {
                Text::Words(self.labels.words(&cells[only].text).map(String::from).collect())
            }
            [only] => Text::Single(owned(only)),
            [first, second, ..] => Text::Pair(owned(first), owned(second)),
            [] => unreachable!("a table has a text column"),
        }
    }
}

impl Cell<'_> {
    pub(crate) fn at(&self, path: &Arc<Path>) -> Location {
        Location::new(path.clone(), self.line, self.column)
    }
}

/// Errors unless a text of words has as many tags.
pub(crate) fn check_tag_count(
    text: &Text,
    label: &Label,
    at: impl Fn() -> Location,
) -> Result<(), DataError> {
    match (text, label) {
        (Text::Words(words), Label::Tags(tags)) if words.len() != tags.len() => {
            Err(DataError::TagCount { at: at(), words: words.len(), tags: tags.len() })
        }
        _ => Ok(()),
    }
}

/// The index, from 0, of the column called `wanted`, or with that number from 1.
///
/// `at` is the place of a column's name; `width` is the number of columns of a file that does not name them.
pub(crate) fn find_column(
    wanted: &str,
    names: Option<&[String]>,
    width: usize,
    at: impl Fn(usize) -> Location,
) -> Result<usize, DataError> {
    let mut found = names.unwrap_or_default().iter().enumerate().filter(|(_, name)| *name == wanted);
    if let Some((index, _)) = found.next() {
        return match found.next() {
            Some((second, _)) => Err(DataError::AmbiguousColumn { at: at(second), name: wanted.to_owned() }),
            None => Ok(index),
        };
    }
    match column_number(wanted) {
        Some(number) if names.is_none_or(|names| number <= names.len()) => Ok(number - 1),
        _ => {
            let columns =
                names.map_or_else(|| (1..=width).map(|n| n.to_string()).collect(), <[String]>::to_vec);
            let nearest = nearest(wanted, columns.iter().map(String::as_str)).map(String::from);
            Err(DataError::UnknownColumn { at: at(0), name: wanted.to_owned(), columns, nearest })
        }
    }
}
