//! Reading the files of a benchmark into questions, each published form in a file of its own.

mod copa;
mod examples;
mod multirc;
mod parallel;
mod qa_srl;
mod qa_zre;
mod record;
mod schema;
pub(super) mod squad;
mod wikisql;
mod woz;
mod written;

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{BenchmarkError, BenchmarkTask, Part, Question};
use crate::error::DataError;
use crate::location::Location;
use crate::read::{Lines, read_text};

/// How the questions of a task's files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// From its examples.
    Examples,
    /// Two alternatives to a premise.
    Copa,
    /// Paragraphs with questions with answers, each right or wrong.
    MultiRc,
    /// Passages with queries that lack an entity.
    Record,
    /// Paragraphs with questions whose answers are parts of them.
    Squad,
    /// Two files whose lines are translations of each other.
    Parallel,
    /// As decaNLP's code writes all of its tasks.
    Written,
    /// Premises as contexts, hypotheses with the three labels as questions.
    MultiNli,
    /// Reviews, negative or positive.
    Sst,
    /// Sentences with questions about a verb.
    QaSrl,
    /// Sentences with questions about a relation.
    QaZre,
    /// Dialogues, one question a turn.
    Woz,
    /// Questions about tables, which lie in a file beside them.
    WikiSql,
    /// Winograd schemas with two variants each.
    Schema,
}

/// Reads all questions of a file. `part` matters where one file holds all parts.
pub(super) fn read(
    task: &'static BenchmarkTask,
    path: &Path,
    part: Part,
) -> Result<Vec<Question>, DataError> {
    let file = File { path: path.into(), task };
    if task.benchmark == super::Benchmark::DecaNlp && written::is_written(&file)? {
        return written::read(&file);
    }
    let questions = match task.reading {
        Reading::Examples => examples::read(&file),
        Reading::Copa => copa::read(&file),
        Reading::MultiRc => multirc::read(&file),
        Reading::Record => record::read(&file),
        Reading::Squad => squad::read(&file),
        Reading::Parallel => parallel::read(&file),
        Reading::Written => written::read(&file),
        Reading::MultiNli => examples::multinli(&file),
        Reading::Sst => examples::sst(&file),
        Reading::QaSrl => qa_srl::read(&file),
        Reading::QaZre => qa_zre::read(&file),
        Reading::Woz => woz::read(&file),
        Reading::WikiSql => wikisql::read(&file),
        Reading::Schema => schema::read(&file, part),
    }?;
    if questions.is_empty() { Err(DataError::Empty { at: file.start() }) } else { Ok(questions) }
}

/// A file of a task.
pub(super) struct File {
    pub(super) path: Arc<Path>,
    pub(super) task: &'static BenchmarkTask,
}

impl File {
    fn start(&self) -> Location {
        Location::start(self.path.clone())
    }

    /// Each line that is not empty, with its number.
    fn lines(&self, mut each: impl FnMut(usize, &str) -> Result<(), DataError>) -> Result<(), DataError> {
        let mut lines = Lines::open(&self.path)?;
        while lines.advance()? {
            if !lines.text().trim().is_empty() {
                each(lines.number(), lines.text())?;
            }
        }
        Ok(())
    }

    /// Each line as a JSON object of this form.
    pub(super) fn objects<T: DeserializeOwned>(
        &self,
        mut each: impl FnMut(usize, T) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        self.lines(|line, text| {
            let object = serde_json::from_str(text).map_err(|error| {
                let (at, reason) = self.json_error(line, &error);
                DataError::Json { at, reason }
            })?;
            each(line, object)
        })
    }

    /// The whole file as one JSON document of this form.
    pub(super) fn document<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        serde_json::from_str(&self.text()?).map_err(|error| {
            let (at, reason) = self.json_error(error.line(), &error);
            DataError::JsonDocument { at, reason }
        })
    }

    /// All text.
    fn text(&self) -> Result<String, DataError> {
        read_text(&self.path)
    }

    /// Where and why a text is not the JSON that it should be.
    fn json_error(&self, line: usize, error: &serde_json::Error) -> (Location, String) {
        let at = Location::new(self.path.clone(), line.max(1), error.column().max(1));
        // The parser appends a place of its own.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        (at, reason)
    }

    /// The error that a line is not what the task's files hold.
    pub(super) fn refused(&self, line: usize, expected: &'static str) -> DataError {
        let at = Location::new(self.path.clone(), line, 1);
        BenchmarkError::Row { at, task: self.task.full_name(), expected }.into()
    }
}

/// The text with each run of white space as one space, and none around it.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
