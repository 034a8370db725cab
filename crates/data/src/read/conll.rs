//! One word per line, columns between tabs or runs of spaces, an empty line after each sentence.
//!
//! A line with a tab is divided at tabs, any other at runs of spaces. A line of nothing but white space ends a
//! sentence; `#` is a word; the lines that mark documents, `-DOCSTART-` of CoNLL-2003 and `#begin document` and
//! `#end document` of CoNLL-2012, are skipped.

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::{Example, Label, LabelKind, Text};
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::label::{LabelReader, kind_name};
use crate::read::lines::Lines;
use crate::read::reader::Rows;
use crate::read::source::Source;
use crate::read::table::find_column;

const DOCUMENT_MARKS: [&str; 3] = ["-DOCSTART-", "#begin document", "#end document"];
const WORD_COLUMNS: [&str; 3] = ["word", "token", "form"];

pub(crate) struct Conll {
    lines: Lines,
    word: usize,
    tag: Option<usize>,
    /// The columns that a line needs, and whether it may have no more.
    width: usize,
    exact: bool,
    labels: LabelReader,
}

impl Conll {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        check_words_and_tags(source, "conll")?;
        let names = source.columns.as_deref();
        let mut lines = Lines::open(path)?;
        let find = |column: &str, width| find_column(column, names, width, |_| source.start());
        let resolve = |width| {
            let word = match (source.text.first(), names) {
                (Some(column), _) => find(column, width)?,
                (None, names) => word_column(names.unwrap_or_default()),
            };
            let tag = source.label.as_deref().map(|column| find(column, width)).transpose()?;
            Ok::<_, DataError>((word, tag))
        };
        let (word, tag) = match resolve(0) {
            Ok(found) => found,
            Err(_) => resolve(first_width(&mut lines)?)?,
        };
        let needed = tag.map_or(word, |tag| tag.max(word)) + 1;
        let declared = names.filter(|_| tag.is_some()).map(<[String]>::len);
        Ok(Self {
            lines,
            word,
            tag,
            width: declared.unwrap_or(needed),
            exact: declared.is_some(),
            labels: LabelReader::new(source, known),
        })
    }

    /// Reads the word of the current line, and its tag.
    fn read_word(&self, words: &mut Vec<String>, tags: &mut Vec<String>) -> Result<(), DataError> {
        let text = self.lines.text();
        let fields = fields(text);
        let (expected, got) = (self.width, fields.len());
        if got < expected {
            let at = self.lines.at(text.trim_end().len());
            return Err(DataError::TooFewColumns { at, expected, got });
        }
        if self.exact && got > expected {
            return Err(DataError::TooManyColumns { at: self.lines.at(fields[expected].0), expected, got });
        }
        words.push(fields[self.word].1.to_owned());
        if let Some(tag) = self.tag {
            let (byte, tag) = fields[tag];
            tags.push(self.labels.name(tag, || self.lines.at(byte))?);
        }
        Ok(())
    }
}

impl Rows for Conll {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        let (mut words, mut tags, mut line) = (Vec::new(), Vec::new(), 0);
        while self.lines.advance()? {
            let text = self.lines.text();
            let boundary = is_boundary(text);
            if boundary && words.is_empty() {
                continue;
            }
            if boundary {
                break;
            }
            if words.is_empty() {
                line = self.lines.number();
            }
            self.read_word(&mut words, &mut tags)?;
        }
        let label = if self.tag.is_some() { self.labels.tags(tags) } else { Label::Missing };
        Ok((!words.is_empty()).then_some(Example { text: Text::Words(words), label, line }))
    }

    fn labels(&self) -> &LabelReader {
        &self.labels
    }
}

/// Errors unless the source asks for what a file of words can hold: one text column, and tags if any label.
pub(crate) fn check_words_and_tags(source: &Source, format: &'static str) -> Result<(), DataError> {
    if source.text.len() > 1 {
        return Err(DataError::TextColumns { at: source.start(), got: source.text.len() });
    }
    if source.label.is_some() && source.kind != LabelKind::Tags {
        let kind = kind_name(source.kind);
        return Err(DataError::UnsupportedLabel { at: source.start(), format, kind });
    }
    Ok(())
}

fn word_column(names: &[String]) -> usize {
    names.iter().position(|name| WORD_COLUMNS.contains(&name.as_str())).unwrap_or(0)
}

/// The number of columns of the first word.
pub(crate) fn first_width(lines: &mut Lines) -> Result<usize, DataError> {
    while lines.advance()? {
        if !is_boundary(lines.text()) {
            return Ok(fields(lines.text()).len());
        }
    }
    Err(DataError::Empty { at: Location::start(lines.path().clone()) })
}

/// Whether a line holds no word: it ends a sentence, or marks a document.
fn is_boundary(line: &str) -> bool {
    line.trim().is_empty() || DOCUMENT_MARKS.iter().any(|mark| line.starts_with(mark))
}

/// The fields of a line, each with the byte where it begins; white space at the end of the line is no field.
fn fields(line: &str) -> Vec<(usize, &str)> {
    let line = line.trim_end_matches([' ', '\t', '\r']);
    let start = |field: &str| field.as_ptr() as usize - line.as_ptr() as usize;
    let separator = if line.contains('\t') { '\t' } else { ' ' };
    let fields = line.split(separator).map(|field| (start(field), field));
    fields.filter(|(_, field)| separator == '\t' || !field.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_divided_at_tabs_or_at_runs_of_spaces() {
        assert_eq!(fields("New York\tB-loc"), [(0, "New York"), (9, "B-loc")]);
        assert_eq!(fields("a   b c  "), [(0, "a"), (4, "b"), (6, "c")]);
        assert_eq!(fields("\tO"), [(0, ""), (1, "O")]);
        assert_eq!(fields("#\tO\t"), [(0, "#"), (2, "O")]);
    }

    #[test]
    fn marks_of_documents_are_no_words() {
        let marks =
            ["-DOCSTART- -X- O O", "#begin document (bn/cnn/01/cnn_0115); part 000", "#end document", " \t"];
        assert!(marks.into_iter().all(is_boundary));
        assert!(!["#\tO", "#begin\tdocument", "#end O", "-\tO"].into_iter().any(is_boundary));
    }
}
