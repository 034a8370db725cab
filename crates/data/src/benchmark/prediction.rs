//! Files of predictions in the official layout of each benchmark.
//!
//! | benchmark | file | content |
//! |---|---|---|
//! | GLUE | `RTE.tsv`, `MNLI-m.tsv`, ... | `index` and `prediction` between tabs, with these names in the first line; the index counts the rows of the set from 0, the prediction is the label as the data set writes it, or a number (STS-B) |
//! | SuperGLUE | `BoolQ.jsonl`, ... | `{"idx": 0, "label": "true"}` a line, with the data set's `idx`; COPA's label is the number of the choice, ReCoRD's the text of the entity; MultiRC nests: `{"idx": 3, "passage": {"questions": [{"idx": 9, "answers": [{"idx": 20, "label": 1}]}]}}` |
//! | decaNLP | `squad.txt`, `iwslt.en.de.txt`, ... | one answer a line, in the order of the data set |

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::questions::File;
use super::{Asks, Benchmark, BenchmarkError, BenchmarkTask, Question};
use crate::error::DataError;
use crate::example::{Label, LabelKind, Text};
use crate::location::Location;
use crate::read::{Format, Lines, Source};
use mtl_base::nearest;

/// What was predicted for one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The question's identifier.
    pub id: String,
    /// The answer; of MultiRC `0` or `1` for each candidate, in the order of their numbers.
    pub answers: Vec<String>,
    /// The line of the file, from 1.
    pub line: usize,
}

#[derive(Deserialize)]
struct Row {
    idx: Value,
    label: Option<Value>,
    passage: Option<Passage>,
}

#[derive(Deserialize)]
struct Passage {
    questions: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    idx: u64,
    answers: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    idx: u64,
    label: Value,
}

impl BenchmarkTask {
    /// The name of the file that holds its predictions, such as `RTE.tsv`.
    pub fn prediction_file(&self) -> String {
        let end = match self.benchmark {
            Benchmark::Glue => "tsv",
            Benchmark::SuperGlue => "jsonl",
            Benchmark::DecaNlp => "txt",
        };
        format!("{}.{end}", self.submission)
    }

    /// The predictions for `questions` in a file of the official layout, in the order of the questions.
    ///
    /// Errors if the file cannot be read, a row has another form, an answer is not one of the task's labels, or the file
    /// does not have exactly one prediction for each question.
    pub fn read_predictions(
        &'static self,
        path: &Path,
        questions: &[Question],
    ) -> Result<Vec<Prediction>, DataError> {
        let file = File { path: path.into(), task: self };
        match self.benchmark {
            Benchmark::Glue => in_order(&file, rows(&file)?, questions),
            Benchmark::SuperGlue => in_order(&file, objects(&file)?, questions),
            Benchmark::DecaNlp => lines(&file, questions),
        }
    }
}

/// The rows of GLUE. Labels are checked here, and so is that values are numbers.
fn rows(file: &File) -> Result<Vec<Prediction>, DataError> {
    let kind = file.task.asks.label_kind().unwrap_or(LabelKind::Class);
    let source = Source::new(&*file.path, kind).text(["index"]).label("prediction");
    let source = Source { format: Some(Format::Tsv), header: Some(true), ..source };
    let mut predictions = Vec::new();
    for example in source.read()? {
        let example = example?;
        let Text::Single(id) = example.text else { unreachable!("one column is a single text") };
        let answer = match example.label {
            Label::Class(name) => name,
            Label::Value(value) => value.to_string(),
            other => unreachable!("a column of classes or numbers has no {other:?}"),
        };
        check_label(file, &answer, example.line)?;
        predictions.push(Prediction { id, answers: vec![answer], line: example.line });
    }
    Ok(predictions)
}

/// The objects of SuperGLUE. Truth values may be written in any case, as truth or as text.
fn objects(file: &File) -> Result<Vec<Prediction>, DataError> {
    let mut predictions = Vec::new();
    let expected = "`idx` and `label`, or for MultiRC `idx` and `passage`";
    file.objects(|line, row: Row| {
        match (row.label, row.passage) {
            (Some(label), None) => {
                let answer = answer(file, label).ok_or_else(|| file.refused(line, expected))?;
                check_label(file, &answer, line)?;
                let id = text(&row.idx).ok_or_else(|| file.refused(line, expected))?;
                predictions.push(Prediction { id, answers: vec![answer], line });
            }
            (None, Some(passage)) => {
                let passage_id = text(&row.idx).ok_or_else(|| file.refused(line, expected))?;
                for mut asked in passage.questions {
                    asked.answers.sort_by_key(|candidate| candidate.idx);
                    let answers = asked.answers.into_iter().map(|candidate| {
                        let label = text(&candidate.label).filter(|label| label == "0" || label == "1");
                        label.ok_or_else(|| file.refused(line, "label 0 or 1 for each answer"))
                    });
                    let answers = answers.collect::<Result<_, _>>()?;
                    predictions.push(Prediction { id: format!("{passage_id}/{}", asked.idx), answers, line });
                }
            }
            _ => return Err(file.refused(line, expected)),
        }
        Ok(())
    })?;
    Ok(predictions)
}

/// One line an answer, empty ones included.
fn lines(file: &File, questions: &[Question]) -> Result<Vec<Prediction>, DataError> {
    let (mut lines, mut predictions) = (Lines::open(&file.path)?, Vec::new());
    while lines.advance()? {
        let question = questions.get(predictions.len());
        let id = question.map_or(String::new(), |question| question.id.clone());
        let answers = vec![lines.text().trim().to_owned()];
        predictions.push(Prediction { id, answers, line: lines.number() });
    }
    let (expected, got) = (questions.len(), predictions.len());
    if expected == got {
        return Ok(predictions);
    }
    let at = Location::new(file.path.clone(), got.min(expected) + 1, 1);
    Err(BenchmarkError::PredictionCount { at, task: file.task.full_name(), expected, got }.into())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A label's text, truth values in lower case.
fn answer(file: &File, label: Value) -> Option<String> {
    let text = text(&label)?;
    let lower = text.to_ascii_lowercase();
    Some(if file.task.labels.contains(&lower.as_str()) { lower } else { text })
}

/// Errors if the task has labels and this is none of them.
fn check_label(file: &File, answer: &str, line: usize) -> Result<(), DataError> {
    let labels = file.task.labels;
    if file.task.asks != Asks::Class || labels.contains(&answer) {
        return Ok(());
    }
    Err(BenchmarkError::NoLabel {
        at: Location::new(file.path.clone(), line, 1),
        task: file.task.full_name(),
        label: answer.to_owned(),
        labels: labels.to_vec(),
        nearest: nearest(answer, labels.iter().copied()).map(String::from),
    }
    .into())
}

/// The predictions in the order of the questions, each of which must have exactly one.
fn in_order(
    file: &File,
    predictions: Vec<Prediction>,
    questions: &[Question],
) -> Result<Vec<Prediction>, DataError> {
    let at = |line| Location::new(file.path.clone(), line, 1);
    let known: HashMap<&str, usize> =
        questions.iter().enumerate().map(|(place, question)| (question.id.as_str(), place)).collect();
    let mut ordered: Vec<Option<Prediction>> = vec![None; questions.len()];
    for prediction in predictions {
        let (line, id) = (prediction.line, prediction.id.clone());
        let Some(&place) = known.get(id.as_str()) else {
            return Err(BenchmarkError::UnknownPrediction { at: at(line), id }.into());
        };
        if let Some(first) = ordered[place].replace(prediction) {
            return Err(BenchmarkError::PredictedTwice { at: at(line), id, first: first.line }.into());
        }
    }
    let missing = ordered.iter().filter(|prediction| prediction.is_none()).count();
    if let Some(first) = ordered.iter().position(Option::is_none) {
        let (id, questions) = (questions[first].id.clone(), questions.len());
        return Err(BenchmarkError::MissingPredictions { at: at(1), missing, questions, id }.into());
    }
    Ok(ordered.into_iter().flatten().collect())
}
