//! Where a task's examples are and how they are read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::choice::choices;
use super::error::{ConfigError, ConfigProblem};
use super::section::{Entry, Section};
use super::task::{TaskConfig, TaskKind};

choices! {
    /// The format of a file.
    Format {
        /// Tab-separated values, no quoting.
        Tsv = "tsv",
        /// Comma-separated values, quoted as in RFC 4180.
        Csv = "csv",
        /// One JSON object per line.
        Jsonl = "jsonl",
        /// One word per line in columns, an empty line after each sentence.
        Conll = "conll",
        /// Universal Dependencies.
        Conllu = "conllu",
    }
}

/// Where a dev set comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Dev {
    /// A file of its own, as written.
    File(PathBuf),
    /// This share of the train file, above 0 and below 1.
    Fraction(f64),
}

/// Where a task's examples are: what tasks with `same_examples_as` have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Examples {
    /// The format of the train file, and of all files whose name tells no other.
    pub format: Format,
    /// Whether the first line names the columns; for tsv and csv only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// The columns' names where the file does not tell them; for tsv, csv and conll only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// The columns, keys or fields of the text: one, or two for a pair; none for a benchmark's task, whose files tell
    /// their own.
    pub text: Vec<String>,
    /// The train file, as written.
    pub train: PathBuf,
    /// The dev set.
    pub dev: Dev,
    /// The column or key whose equal values are not divided between train and dev; only where dev is a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_by: Option<String>,
    /// The test file, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
}

impl Examples {
    /// Reads what a task says about its examples. What it leaves out is that of `base`, the task whose examples it
    /// labels too, or else the default.
    pub(super) fn read(
        section: &Section<'_>,
        kind: TaskKind,
        base: Option<&TaskConfig>,
    ) -> Result<Self, ConfigError> {
        let common = base.map(|task| &task.examples);
        let train = match common {
            Some(common) => section.or("train", common.train.clone(), path)?,
            None => section.required("train", path)?,
        };
        let format = read_format(section, &train, common)?;
        check_kind(section, kind, format)?;
        let columns = read_columns(section, format, common)?;
        let dev = common.map_or(Dev::Fraction(0.1), |common| common.dev.clone());
        let dev = section.or("dev", dev, read_dev)?;
        let examples = Self {
            format,
            header: read_header(section, format, columns.is_some(), common)?,
            text: read_text(section, kind, format, columns.as_deref(), common)?,
            split_by: read_split_by(section, &dev, columns.as_deref(), common)?,
            columns,
            train,
            dev,
            test: section.option("test", path)?.or_else(|| common.and_then(|common| common.test.clone())),
        };
        base.map_or(Ok(()), |base| examples.check_same(section, base))?;
        Ok(examples)
    }

    /// The format of one of the files: what its name tells, unless the name of the train file does not tell that file's
    /// format, which then is the one of all files.
    pub(crate) fn format_of(&self, file: &Path) -> Format {
        let told = format_of(&self.train) == Some(self.format);
        format_of(file).filter(|_| told).unwrap_or(self.format)
    }

    /// Errors at the first key that says something else than `base` does.
    fn check_same(&self, section: &Section<'_>, base: &TaskConfig) -> Result<(), ConfigError> {
        let common = &base.examples;
        let differing = [
            ("format", self.format != common.format),
            ("header", self.header != common.header),
            ("columns", self.columns != common.columns),
            ("text", self.text != common.text),
            ("train", self.train != common.train),
            ("dev", self.dev != common.dev),
            ("split_by", self.split_by != common.split_by),
            ("test", self.test != common.test),
        ];
        let entry = differing.iter().find(|(_, differs)| *differs).and_then(|(key, _)| section.get(key));
        entry.map_or(Ok(()), |entry| {
            let (key, other) = (entry.name.clone(), base.name.clone());
            Err(entry.error(ConfigProblem::OtherExamples { key, other }))
        })
    }
}

pub(super) fn path(entry: &Entry<'_>) -> Result<PathBuf, ConfigError> {
    entry.word().map(PathBuf::from)
}

fn read_format(
    section: &Section<'_>,
    train: &Path,
    common: Option<&Examples>,
) -> Result<Format, ConfigError> {
    let told = common.map(|common| common.format).or_else(|| format_of(train));
    section.option("format", |entry| entry.choice())?.or(told).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        let (train, names) = (train.display(), names.join(", "));
        section.missing(format!("`format`, since the name `{train}` does not tell it: one of {names}"))
    })
}

/// The format that a file's name tells, compressed or not.
fn format_of(file: &Path) -> Option<Format> {
    let told = mtl_data::Format::of_path(file)?;
    Format::ALL.iter().copied().find(|format| format.name() == told.name())
}

/// Errors if files of this format have no labels for this kind of task.
fn check_kind(section: &Section<'_>, kind: TaskKind, format: Format) -> Result<(), ConfigError> {
    let of_words = matches!(format, Format::Conll | Format::Conllu);
    match section.get("kind") {
        Some(entry) if of_words && kind != TaskKind::TokenClassification => {
            let rule = format!("{} in format {format}", TaskKind::TokenClassification);
            Err(entry.out_of_range(rule, kind.name()))
        }
        _ => Ok(()),
    }
}

fn read_columns(
    section: &Section<'_>,
    format: Format,
    common: Option<&Examples>,
) -> Result<Option<Vec<String>>, ConfigError> {
    if matches!(format, Format::Jsonl | Format::Conllu) {
        section.not_applicable("columns", "tsv, csv and conll", format.name())?;
    }
    let columns = section.option("columns", |entry| {
        let columns = entry.strings()?;
        if columns.is_empty() { Err(entry.out_of_range("at least one name", "none")) } else { Ok(columns) }
    })?;
    let columns = columns.or_else(|| common.and_then(|common| common.columns.clone()));
    if columns.is_none() && format == Format::Conll {
        return Err(section.missing("`columns`, the names of a conll file's columns"));
    }
    Ok(columns)
}

fn read_header(
    section: &Section<'_>,
    format: Format,
    has_columns: bool,
    common: Option<&Examples>,
) -> Result<Option<bool>, ConfigError> {
    if !matches!(format, Format::Tsv | Format::Csv) {
        section.not_applicable("header", "tsv and csv", format.name())?;
        return Ok(None);
    }
    let default = common.and_then(|common| common.header).unwrap_or(!has_columns);
    let header = section.or("header", default, |entry| entry.boolean())?;
    if !header && !has_columns {
        return Err(section.missing("`columns`, since the file has no header to name them"));
    }
    Ok(Some(header))
}

fn read_text(
    section: &Section<'_>,
    kind: TaskKind,
    format: Format,
    columns: Option<&[String]>,
    common: Option<&Examples>,
) -> Result<Vec<String>, ConfigError> {
    let default = match (common, format, columns) {
        (Some(common), _, _) => Some(common.text.clone()),
        (None, Format::Conllu, _) => Some(vec!["form".to_owned()]),
        (None, Format::Conll, Some([first, ..])) => Some(vec![first.clone()]),
        _ => None,
    };
    let given = section.option("text", |entry| {
        let text = entry.strings()?;
        check_text(entry, kind, &text)?;
        text.iter().try_for_each(|name| check_column(entry, name, columns))?;
        Ok(text)
    })?;
    given.or(default).ok_or_else(|| section.missing("`text`"))
}

/// Errors unless there are as many texts as the kind of task reads.
fn check_text(entry: &Entry<'_>, kind: TaskKind, text: &[String]) -> Result<(), ConfigError> {
    let (rule, most) = match kind {
        TaskKind::TokenClassification => ("one column of words", 1),
        _ => ("one column, or two for a pair", 2),
    };
    if (1..=most).contains(&text.len()) {
        Ok(())
    } else {
        Err(entry.out_of_range(rule, text.len().to_string()))
    }
}

/// Errors if the columns are known and `name` is not among them.
pub(super) fn check_column(
    entry: &Entry<'_>,
    name: &str,
    columns: Option<&[String]>,
) -> Result<(), ConfigError> {
    match columns {
        Some(columns) if !columns.iter().any(|column| column == name) => {
            Err(entry.unknown(name, columns.iter().map(String::as_str)))
        }
        _ => Ok(()),
    }
}

pub(super) fn read_dev(entry: &Entry<'_>) -> Result<Dev, ConfigError> {
    if entry.is_string() {
        return path(entry).map(Dev::File);
    }
    let fraction = entry.number("a file, or a share above 0 and below 1 of the train file", |share| {
        share > 0.0 && share < 1.0
    });
    fraction.map(Dev::Fraction)
}

/// The column that a split goes by, which a dev set of its own leaves without use.
fn read_split_by(
    section: &Section<'_>,
    dev: &Dev,
    columns: Option<&[String]>,
    common: Option<&Examples>,
) -> Result<Option<String>, ConfigError> {
    if let Dev::File(file) = dev {
        let given = format!("the file {}", file.display());
        section.not_applicable("split_by", "a `dev` that is a share of `train`", &given)?;
        return Ok(None);
    }
    let given = section.option("split_by", |entry| {
        let column = entry.word()?;
        check_column(entry, &column, columns)?;
        Ok(column)
    })?;
    Ok(given.or_else(|| common.and_then(|common| common.split_by.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_told_by_the_name() {
        let of = |name: &str| format_of(Path::new(name));
        assert_eq!(of("a/train.tsv"), Some(Format::Tsv));
        assert_eq!(of("train.JSONL.gz"), Some(Format::Jsonl));
        assert_eq!(of("train.conllu.zst"), Some(Format::Conllu));
        assert_eq!(of("emerging.test.annotated"), Some(Format::Conll));
        assert_eq!(of("train.txt"), None);
        assert_eq!(of("train"), None);
    }
}
