//! SQuAD as its own scripts take it: a file of questions, and files of answers or numbers by the questions' identifiers.

use std::collections::HashMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::questions::{File, squad};
use super::{BenchmarkError, task};
use crate::error::DataError;
use crate::location::Location;

/// The questions of a file with their answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquadQuestions {
    /// (questions,) The identifiers.
    pub ids: Vec<String>,
    /// (questions,) The answers of each; none where the paragraph holds none.
    pub references: Vec<Vec<String>>,
    /// Whether the file is one of version 2.0: it says of each question whether it can be answered, or leaves some
    /// without answer.
    pub has_unanswerable: bool,
}

/// Reads a file of questions of SQuAD 1.1 or 2.0.
///
/// Errors if the file cannot be read, is of another form, or holds no question with answers.
pub fn squad_questions(path: &Path) -> Result<SquadQuestions, DataError> {
    let mut read = SquadQuestions { ids: vec![], references: vec![], has_unanswerable: false };
    for (_, asked) in squad::asked(&file(path))? {
        let Some(references) = asked.answers() else { continue };
        read.has_unanswerable |= references.is_empty() || asked.is_impossible.is_some();
        read.ids.push(asked.id);
        read.references.push(references);
    }
    if read.ids.is_empty() { Err(DataError::Empty { at: Location::start(path) }) } else { Ok(read) }
}

/// Reads a JSON object with one value for each question, in the order of `ids`; and how many values of others it has.
///
/// Errors if the file cannot be read, is no such object, or a question has no value.
pub fn squad_values<T: DeserializeOwned>(path: &Path, ids: &[String]) -> Result<(Vec<T>, usize), DataError> {
    let mut values: HashMap<String, T> = file(path).document()?;
    let missing = ids.iter().filter(|id| !values.contains_key(*id)).count();
    if let Some(id) = ids.iter().find(|id| !values.contains_key(*id)) {
        let (at, questions, id) = (Location::start(path), ids.len(), id.clone());
        return Err(BenchmarkError::MissingPredictions { at, missing, questions, id }.into());
    }
    let mut ordered = Vec::with_capacity(ids.len());
    for id in ids {
        let again = || BenchmarkError::AskedTwice { at: Location::start(path), id: id.clone() };
        ordered.push(values.remove(id).ok_or_else(again)?);
    }
    Ok((ordered, values.len()))
}

fn file(path: &Path) -> File {
    File { path: path.into(), task: task("decanlp/squad").expect("a task of decaNLP") }
}
