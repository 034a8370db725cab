//! Where the examples of a task stand and how to read them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::benchmark::{BenchmarkTask, layout};
use crate::error::DataError;
use crate::example::{Label, LabelKind};
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::Lines;
use crate::read::reader::Reader;
use crate::read::superglue::{Marked, MultiRc};
use crate::read::{
    conll::Conll, conllu::Conllu, csv::Csv, jsonl::Jsonl, open::plain_name, trees::Trees, tsv::Tsv,
};

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// Columns between tabs, no quoting at all, as GLUE ships it.
    Tsv,
    /// Comma-separated values of RFC 4180, with line breaks inside quotes.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// One word per line, columns between tabs or spaces, an empty line after each sentence.
    Conll,
    /// CoNLL-U, the format of Universal Dependencies.
    Conllu,
    /// JSON lines of SuperGLUE's Words in Context; see [`crate::benchmark`].
    Wic,
    /// JSON lines of SuperGLUE's Winograd Schema Challenge; see [`crate::benchmark`].
    Wsc,
    /// JSON lines of SuperGLUE's MultiRC; see [`crate::benchmark`].
    MultiRc,
    /// Parse trees of the Stanford Sentiment Treebank; see [`crate::benchmark`].
    Trees,
}

impl Format {
    /// The formats that hold anybody's data, in the order in which messages list them; the others are each of one
    /// benchmark's task.
    pub const ALL: [Self; 5] = [Self::Tsv, Self::Csv, Self::Jsonl, Self::Conll, Self::Conllu];

    /// The name of the format; in configuration files `tsv`, `csv`, `jsonl`, `conll`, `conllu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tsv => "tsv",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Conll => "conll",
            Self::Conllu => "conllu",
            Self::Wic => "wic",
            Self::Wsc => "wsc",
            Self::MultiRc => "multirc",
            Self::Trees => "trees",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format that a file name tells, `.gz` and `.zst` aside: `.tsv`; `.csv`; `.jsonl`, `.ndjson`, `.json`;
    /// `.conll`, `.iob`, `.bio`, `.annotated`; `.conllu`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match plain_name(path).extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "tsv" => Some(Self::Tsv),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::Jsonl),
            "conll" | "iob" | "bio" | "annotated" => Some(Self::Conll),
            "conllu" => Some(Self::Conllu),
            _ => None,
        }
    }
}

/// Where the examples of a task stand and how to read them.
///
/// | field | meaning | when absent |
/// |---|---|---|
/// | `format` | the file format | follows from the extension |
/// | `header` | whether the first line of a TSV or CSV file names the columns | true if a column is referred to by name and `columns` is absent |
/// | `columns` | names for the columns of a file that does not name them (TSV, CSV, CoNLL) | columns have numbers, from 1 |
/// | `text` | one or two text columns | CoNLL: the column `word`, `token` or `form`, else the first; CoNLL-U: `form`; an error elsewhere |
/// | `label` | the label column | all labels are [`Label::Missing`] |
/// | `separator` | what stands between several labels, or words and tags, in one field | `,` between labels, white space between words |
/// | `missing` | the texts that stand for a missing label, such as `-` | none; a JSON null is always a missing label |
/// | `scale` | the lowest and highest number allowed as a label | any finite number |
/// | `skip_short_rows` | whether rows that lack a column which is read are left out, and others may be short (TSV) | false: a row with fewer columns than the header is an error |
/// | `refuse_empty_lines` | whether an empty line with a row somewhere after it is an error (TSV, CSV, JSON lines) | false: empty lines are passed over |
/// | `benchmark` | the task of a benchmark whose file it is; the file tells everything above but `kind` and `scale`, and a `label` of any name asks for labels | the fields above hold |
///
/// A column of TSV, CSV or CoNLL is referred to by its name, or by its number from 1. A key of a JSON object is
/// referred to by its path, `a.b`; a CoNLL-U column by its name in lower case (`form`, `lemma`, `upos`, `xpos`,
/// `feats`, `head`, `deprel`, `deps`, `misc`), a single feature as `feats.Number` (`_` where a word has none).
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The file; gzip and zstd are recognised.
    pub path: PathBuf,
    /// The format.
    pub format: Option<Format>,
    /// Whether the first line names the columns.
    pub header: Option<bool>,
    /// Names for the columns.
    pub columns: Option<Vec<String>>,
    /// The text column, or the two of them.
    pub text: Vec<String>,
    /// The label column.
    pub label: Option<String>,
    /// What kind of label it holds.
    pub kind: LabelKind,
    /// What separates several labels, or words and tags, in one field.
    pub separator: Option<String>,
    /// The texts that stand for a missing label.
    pub missing: Vec<String>,
    /// The lowest and highest number allowed.
    pub scale: Option<(f64, f64)>,
    /// Whether rows that lack a column which is read are left out, and others may be short.
    pub skip_short_rows: bool,
    /// Whether an empty line with a row somewhere after it is an error.
    pub refuse_empty_lines: bool,
    /// The task of a benchmark whose file it is.
    pub benchmark: Option<&'static BenchmarkTask>,
}

impl Source {
    /// The file at `path`, with no column chosen and labels of this kind.
    pub fn new(path: impl Into<PathBuf>, kind: LabelKind) -> Self {
        Self {
            path: path.into(),
            format: None,
            header: None,
            columns: None,
            text: Vec::new(),
            label: None,
            kind,
            separator: None,
            missing: Vec::new(),
            scale: None,
            skip_short_rows: false,
            refuse_empty_lines: false,
            benchmark: None,
        }
    }

    /// The same source with these text columns.
    pub fn text<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        Self { text: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same source with this label column.
    pub fn label(self, column: impl Into<String>) -> Self {
        Self { label: Some(column.into()), ..self }
    }

    /// Opens the file and reads as far as the names of its columns.
    ///
    /// Errors if the file cannot be opened, if no format follows from its name, or if it lacks a column.
    pub fn read(&self) -> Result<Reader, DataError> {
        self.open(None)
    }

    /// Like [`read`](Self::read), but a label that is not among `labels` is an error that names its place and the
    /// nearest label.
    pub fn read_known(&self, labels: &LabelSet) -> Result<Reader, DataError> {
        self.open(Some(labels))
    }

    /// The values of `column`, one per example, in order: the keys of [`Split::by_key`](crate::Split::by_key).
    /// In a file with one word per line, all words of a text must have the same.
    ///
    /// Errors as reading does, for an empty value, and for words of one text with different values.
    pub fn read_keys(&self, column: &str) -> Result<Vec<String>, DataError> {
        let plain = self.resolved()?.into_owned();
        let of_words = matches!(plain.resolved_format(), Ok(Format::Conll | Format::Conllu));
        let kind = if of_words { LabelKind::Tags } else { LabelKind::Class };
        let keys = Self { missing: Vec::new(), scale: None, kind, ..plain }.label(column);
        let mut reader = keys.read()?.noting_tag_places();
        let mut read = Vec::new();
        while let Some(example) = reader.next() {
            let example = example.map_err(|error| empty_key(error, column))?;
            let at =
                |word| reader.tag_place(word).unwrap_or(Location::new(self.path.clone(), example.line, 1));
            read.push(one_key(example.label, column, at)?);
        }
        Ok(read)
    }

    /// How many columns the first word of a CoNLL file has.
    ///
    /// Errors if the file cannot be read or has no word.
    pub fn conll_columns(&self) -> Result<usize, DataError> {
        crate::read::conll::first_width(&mut Lines::open(&self.path.as_path().into())?)
    }

    /// The format: the one named, else the one that the file name tells.
    ///
    /// Errors if there is neither.
    pub fn resolved_format(&self) -> Result<Format, DataError> {
        self.format.or_else(|| Format::of_path(&self.path)).ok_or_else(|| DataError::UnknownFormat {
            at: self.start(),
            formats: Format::ALL.map(Format::name).to_vec(),
        })
    }

    /// The source with everything filled in that a benchmark's file tells.
    ///
    /// Errors if the file of a benchmark cannot be read or is not one of its task.
    pub fn resolved(&self) -> Result<Cow<'_, Self>, DataError> {
        match self.benchmark {
            Some(task) => layout::resolve(self, task).map(Cow::Owned),
            None => Ok(Cow::Borrowed(self)),
        }
    }

    fn open(&self, known: Option<&LabelSet>) -> Result<Reader, DataError> {
        let source = self.resolved()?;
        source.open_plain(known)
    }

    fn open_plain(&self, known: Option<&LabelSet>) -> Result<Reader, DataError> {
        let path: Arc<Path> = self.path.as_path().into();
        let format = match self.resolved_format() {
            Ok(format) => format,
            // A missing file is the more useful complaint.
            Err(error) => return Err(crate::read::open::open(&path).err().unwrap_or(error)),
        };
        Ok(match format {
            Format::Tsv => Reader::new(path.clone(), Tsv::open(self, &path, known)?),
            Format::Csv => Reader::new(path.clone(), Csv::open(self, &path, known)?),
            Format::Jsonl => Reader::new(path.clone(), Jsonl::open(self, &path, known)?),
            Format::Conll => Reader::new(path.clone(), Conll::open(self, &path, known)?),
            Format::Conllu => Reader::new(path.clone(), Conllu::open(self, &path, known)?),
            Format::Wic | Format::Wsc => Reader::new(path.clone(), Marked::open(self, &path, known, format)?),
            Format::MultiRc => Reader::new(path.clone(), MultiRc::open(self, &path, known)?),
            Format::Trees => Reader::new(path.clone(), Trees::open(&path, self, known)?),
        })
    }

    /// Whether the first line of a TSV or CSV file names the columns.
    pub(crate) fn has_header(&self) -> bool {
        let mut references = self.text.iter().chain(&self.label);
        let by_name = |column: &String| column_number(column).is_none();
        self.header.unwrap_or_else(|| self.columns.is_none() && references.any(by_name))
    }

    /// The first character of the file.
    pub(crate) fn start(&self) -> Location {
        Location::start(self.path.clone())
    }
}

/// The same error; an empty label is an empty key here.
fn empty_key(error: DataError, column: &str) -> DataError {
    match error {
        DataError::EmptyLabel { at } => DataError::EmptyKey { at, column: column.to_owned() },
        other => other,
    }
}

/// The only value among the keys of one example; `at` is the place of a word's.
fn one_key(keys: Label, column: &str, at: impl Fn(usize) -> Location) -> Result<String, DataError> {
    let mut values = match keys {
        Label::Class(key) => return Ok(key),
        Label::Tags(values) => values,
        _ => Vec::new(),
    };
    match values.iter().position(|value| *value != values[0]) {
        Some(word) => {
            let (second, first) = (values.swap_remove(word), values.swap_remove(0));
            Err(DataError::SeveralKeys { at: at(word), column: column.to_owned(), first, second })
        }
        None => values.pop().ok_or_else(|| DataError::EmptyKey { at: at(0), column: column.to_owned() }),
    }
}

/// The number, from 1, that a reference to a column is.
pub(crate) fn column_number(column: &str) -> Option<usize> {
    column.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_from_the_name_compression_aside() {
        let format = |name: &str| Format::of_path(Path::new(name));
        assert_eq!(format("a/train.tsv"), Some(Format::Tsv));
        assert_eq!(format("a/train.CSV.gz"), Some(Format::Csv));
        assert_eq!(format("train.jsonl.zst"), Some(Format::Jsonl));
        assert_eq!(format("emerging.test.annotated"), Some(Format::Conll));
        assert_eq!(format("en.conllu"), Some(Format::Conllu));
        assert_eq!((format("LICENSE"), format("notes.txt"), format("x.gz")), (None, None, None));
    }

    #[test]
    fn every_format_is_found_by_its_name() {
        assert!(Format::ALL.iter().all(|format| Format::from_name(format.name()) == Some(*format)));
        assert_eq!(Format::from_name("xml"), None);
    }
}
