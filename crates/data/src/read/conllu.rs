//! CoNLL-U, the format of Universal Dependencies (<https://universaldependencies.org/format.html>).
//!
//! Read are the syntactic words. Lines of multi-word ranges (`1-2`) and empty nodes (`1.1`) are no words; comments
//! are skipped. The label is any column, or a single feature of a column of features (`feats.Number`).

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::{Example, Label, Text};
use crate::labels::LabelSet;
use crate::read::conll::check_words_and_tags;
use crate::read::label::LabelReader;
use crate::read::lines::Lines;
use crate::read::reader::Rows;
use crate::read::source::Source;
use mtl_base::nearest;

const COLUMNS: [&str; 10] =
    ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];
const FORM: usize = 1;
/// The columns that hold `Name=Value` pairs.
const FEATURES: [usize; 2] = [5, 9];
const ABSENT: &str = "_";

pub(crate) struct Conllu {
    lines: Lines,
    word: usize,
    tag: Option<Tag>,
    labels: LabelReader,
}

/// What of a word is its label.
struct Tag {
    column: usize,
    feature: Option<String>,
}

impl Conllu {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        check_words_and_tags(source, "conllu")?;
        let lines = Lines::open(path)?;
        let word = source.text.first().map_or(Ok(FORM), |name| find(source, name))?;
        let tag = source.label.as_ref().map(|name| Tag::find(source, name)).transpose()?;
        Ok(Self { lines, word, tag, labels: LabelReader::new(source, known) })
    }

    fn read_word(&self, words: &mut Vec<String>, tags: &mut Vec<String>) -> Result<(), DataError> {
        let fields: Vec<&str> = self.lines.text().split('\t').collect();
        if fields.len() < COLUMNS.len() {
            let at = self.lines.at(self.lines.text().len());
            return Err(DataError::TooFewColumns { at, expected: COLUMNS.len(), got: fields.len() });
        }
        let id = fields[0];
        if id.split(['-', '.']).any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(DataError::WordNumber { at: self.lines.at(0), id: id.to_owned() });
        }
        if id.contains(['-', '.']) {
            return Ok(());
        }
        words.push(fields[self.word].to_owned());
        if let Some(tag) = &self.tag {
            let field = fields[tag.column];
            let byte = field.as_ptr() as usize - self.lines.text().as_ptr() as usize;
            tags.push(self.labels.name(tag.of(field), || self.lines.at(byte))?);
        }
        Ok(())
    }
}

impl Rows for Conllu {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        let (mut words, mut tags, mut line) = (Vec::new(), Vec::new(), 0);
        while self.lines.advance()? {
            let text = self.lines.text();
            if text.trim().is_empty() {
                if words.is_empty() {
                    continue;
                }
                break;
            }
            if text.starts_with('#') {
                continue;
            }
            self.read_word(&mut words, &mut tags)?;
            if words.len() == 1 && line == 0 {
                line = self.lines.number();
            }
        }
        let label = if self.tag.is_some() { self.labels.tags(tags) } else { Label::Missing };
        Ok((!words.is_empty()).then_some(Example { text: Text::Words(words), label, line }))
    }

    fn labels(&self) -> &LabelReader {
        &self.labels
    }
}

impl Tag {
    fn find(source: &Source, name: &str) -> Result<Self, DataError> {
        if let Some((column, feature)) = name.split_once('.')
            && let Some(column) = FEATURES.into_iter().find(|index| COLUMNS[*index] == column)
        {
            return Ok(Self { column, feature: Some(feature.to_owned()) });
        }
        find(source, name).map(|column| Self { column, feature: None })
    }

    fn of<'a>(&self, field: &'a str) -> &'a str {
        let Some(wanted) = &self.feature else { return field };
        let mut pairs = field.split('|').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| name == wanted).map_or(ABSENT, |(_, value)| value)
    }
}

fn find(source: &Source, name: &str) -> Result<usize, DataError> {
    let found = COLUMNS.iter().position(|column| *column == name);
    found.ok_or_else(|| DataError::UnknownColumn {
        at: source.start(),
        name: name.to_owned(),
        columns: COLUMNS.map(String::from).to_vec(),
        nearest: nearest(name, COLUMNS).map(String::from),
    })
}
