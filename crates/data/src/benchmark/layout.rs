//! The forms in which a task's examples are found, told apart by the first line of the file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::de::IgnoredAny;

use crate::benchmark::{BenchmarkError, BenchmarkTask, Part};
use crate::error::DataError;
use crate::read::{Format, Lines, Source};

/// One form of a task's files.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    /// The columns of a file that does not name them.
    pub(crate) columns: &'static [&'static str],
    /// The columns or keys of the text.
    pub(crate) text: &'static [&'static str],
    /// The column or key of the label.
    pub(crate) label: &'static str,
    /// What stands for a missing label.
    pub(crate) missing: &'static [&'static str],
    /// Whether rows may be short: those that a line break inside a text cut in two are left out, and those without
    /// trailing columns that nobody reads are read.
    pub(crate) skip_short_rows: bool,
}

impl Layout {
    /// Columns between tabs, named by the first line.
    pub(crate) const fn tsv(text: &'static [&'static str], label: &'static str) -> Self {
        Self::of(Format::Tsv, text, label)
    }

    /// One JSON object per line.
    pub(crate) const fn jsonl(text: &'static [&'static str], label: &'static str) -> Self {
        Self::of(Format::Jsonl, text, label)
    }

    /// Columns between tabs that nothing names.
    pub(crate) const fn headless(
        columns: &'static [&'static str],
        text: &'static [&'static str],
        label: &'static str,
    ) -> Self {
        Self { columns, ..Self::of(Format::Tsv, text, label) }
    }

    pub(crate) const fn of(format: Format, text: &'static [&'static str], label: &'static str) -> Self {
        Self { format, columns: &[], text, label, missing: &[], skip_short_rows: false }
    }

    /// Whether a file that begins like this has the form.
    fn fits(&self, first: &First) -> bool {
        match (self.format, first) {
            (Format::Trees, First::Tree) => true,
            (Format::Tsv, First::Tsv(cells)) if !self.columns.is_empty() => cells.len() == self.columns.len(),
            (Format::Tsv, First::Tsv(names)) | (Format::Csv, First::Csv(names)) => self.has_text(names),
            (Format::Jsonl | Format::Wic | Format::Wsc | Format::MultiRc, First::Json(keys)) => {
                self.has_text(keys)
            }
            _ => false,
        }
    }

    fn has_text(&self, names: &[String]) -> bool {
        self.text.iter().all(|text| names.iter().any(|name| name == text))
    }

    /// Whether a file that begins like this has labels.
    fn labelled(&self, first: &First) -> bool {
        match (self.format, first) {
            // Their labels stand deeper inside.
            (Format::Trees | Format::MultiRc, _) => true,
            _ if !self.columns.is_empty() => self.columns.contains(&self.label),
            (_, First::Tsv(names) | First::Csv(names) | First::Json(names)) => {
                names.iter().any(|name| name == self.label)
            }
            (_, First::Tree) => false,
        }
    }
}

/// What the first line of a file shows.
enum First {
    /// Names of columns, or values.
    Tsv(Vec<String>),
    /// Names of columns, or values.
    Csv(Vec<String>),
    /// The keys of an object.
    Json(Vec<String>),
    /// A parse tree.
    Tree,
}

impl First {
    fn of(line: &str) -> Self {
        let owned = |text: &str| text.trim().trim_matches('"').to_owned();
        let object = || serde_json::from_str::<BTreeMap<String, IgnoredAny>>(line).ok();
        if let Some(object) = line.starts_with('{').then(object).flatten() {
            Self::Json(object.into_keys().collect())
        } else if line.starts_with('(') && line[1..].starts_with(|digit: char| digit.is_ascii_digit()) {
            Self::Tree
        } else if line.contains('\t') {
            Self::Tsv(line.split('\t').map(str::to_owned).collect())
        } else {
            Self::Csv(line.split(',').map(owned).collect())
        }
    }

    /// In words, for a message.
    fn say(&self) -> String {
        match self {
            Self::Tsv(names) => format!("columns {}", names.join(", ")),
            Self::Csv(names) => format!("columns {}", names.join(", ")),
            Self::Json(keys) => format!("keys {}", keys.join(", ")),
            Self::Tree => "a parse tree".to_owned(),
        }
    }
}

/// A missing file under one of the names that the task is published by gets the longer message.
fn explain(error: DataError, task: &BenchmarkTask, path: &Path) -> DataError {
    let (folder, name) =
        (path.parent().unwrap_or(Path::new("")), path.file_name().and_then(|name| name.to_str()));
    let published = |part: &Part| name.is_some_and(|name| task.files(*part).contains(&name));
    match (error, [Part::Train, Part::Dev, Part::Test].into_iter().find(published)) {
        (DataError::NotFound { .. }, Some(part)) => task.not_found(folder, part),
        (error, _) => error,
    }
}

/// The source of a task's file with everything filled in that its first line tells.
///
/// Errors if the file cannot be read, or if no form of the task begins like it.
pub(crate) fn resolve(source: &Source, task: &'static BenchmarkTask) -> Result<Source, DataError> {
    let path: Arc<Path> = source.path.as_path().into();
    if task.layouts.is_empty() {
        let (at, head) = (source.start(), task.asks.head());
        return Err(BenchmarkError::NoExamples { at, task: task.full_name(), head }.into());
    }
    let mut lines = Lines::open(&path).map_err(|error| explain(error, task, &path))?;
    if !lines.advance()? {
        return Err(DataError::Empty { at: lines.at(0) });
    }
    let first = First::of(lines.text());
    let mut fitting = task.layouts.iter().filter(|layout| layout.fits(&first)).peekable();
    let best = fitting.peek().copied();
    let layout = fitting.find(|layout| layout.labelled(&first)).or(best).ok_or_else(|| {
        let wanted = task.layouts.iter().map(|layout| layout.text.join(", ")).collect();
        let (at, task, got) = (lines.at(0), task.full_name(), first.say());
        DataError::from(BenchmarkError::Layout { at, task, wanted, got })
    })?;
    let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    Ok(Source {
        format: Some(layout.format),
        header: None,
        columns: (!layout.columns.is_empty()).then(|| owned(layout.columns)),
        text: owned(layout.text),
        label: source.label.as_ref().filter(|_| layout.labelled(&first)).map(|_| layout.label.to_owned()),
        missing: owned(layout.missing),
        skip_short_rows: layout.skip_short_rows,
        benchmark: None,
        ..source.clone()
    })
}
