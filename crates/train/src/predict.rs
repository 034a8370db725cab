//! Predictions of a finished run, one JSON object an input row.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use mtl_core_tensor::Prediction;
use mtl_data::{Encoded, Source};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Asked};
use crate::build::with_model;
use crate::error::TrainError;
use crate::load::{read, source_of};
use crate::observer::Observer;
use crate::options::on_threads;
use crate::run_folder::RunFolder;

/// What is predicted, from what, to where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PredictOptions {
    /// The task; may be left out if the run has one only.
    pub task: Option<String>,
    /// The input: a file with the columns of the task's own, whose label column may be absent. Its format is the one that
    /// its name tells, unless the configuration sets the task's.
    pub input: PathBuf,
    /// The file to write, whole or not at all; `None` to write none.
    pub output: Option<PathBuf>,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
}

/// The predictions for the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predictions {
    /// How many rows there were.
    pub rows: u64,
    /// One JSON object a line, in the order of the rows; each line is ended.
    pub lines: String,
}

/// Predicts each row of a file, in order, and writes the predictions if there is an output.
///
/// One line each: `{"label", "probabilities"}` for classification, `{"value"}` in the file's scale for regression,
/// `{"labels", "probabilities"}` for several labels a text, and `{"labels"}`, one a word, for token classification;
/// a word that truncation cut off gets `null`.
///
/// Errors if there is no such run or task, if the input is refused or has an empty line between rows of a table or of JSON
/// lines, if the output is the input or a folder, or if the output cannot be written.
pub fn predict(
    folder: &Path,
    options: &PredictOptions,
    observer: &mut dyn Observer,
) -> Result<Predictions, TrainError> {
    on_threads(options.threads, || {
        if let Some(output) = &options.output {
            check_output(output, &options.input)?;
        }
        let run = RunFolder::new(folder).open()?;
        let task_idx = run.tasks.find(options.task.as_deref())?;
        let spec = &run.tasks.tasks[task_idx];
        let source = source_of(&run.config.tasks[task_idx], options.input.clone());
        observer.tokenizing(&options.input, 0, 1);
        let examples = read(&Source { label: None, refuse_empty_lines: true, ..source }, None)?;
        let encoded = run.tokenizer.encode_all(&examples)?;
        let texts: Vec<&Encoded> = encoded.iter().collect();
        let pack_tokens = run.tasks.pack_tokens;
        let answers = with_model!(&run.model, model => {
            Asked { model, task_idx, spec, pack_tokens }.answer(&texts, None)
        })?
        .answers;
        let mut lines = String::new();
        for answer in &answers {
            lines.push_str(&line(answer, &spec.labels).to_string());
            lines.push('\n');
        }
        if let Some(output) = &options.output {
            write_output(output, lines.as_bytes())?;
        }
        Ok(Predictions { rows: answers.len() as u64, lines })
    })
}

/// Errors if the output can be seen to be a mistake before anything is predicted.
fn check_output(output: &Path, input: &Path) -> Result<(), TrainError> {
    let refused = |problem| Err(TrainError::Output { path: output.to_owned(), problem });
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if output.is_dir() {
        refused("it is a folder")
    } else if !folder.is_dir() {
        refused("its folder does not exist")
    } else if output.canonicalize().is_ok_and(|output| input.canonicalize().ok() == Some(output)) {
        refused("it is the input")
    } else {
        Ok(())
    }
}

/// Writes a file whole or not at all. A device or a pipe is written to, and what a link points to is replaced.
fn write_output(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    match path.metadata() {
        Ok(there) if !there.is_file() => {
            let opened = OpenOptions::new().write(true).open(path);
            opened.and_then(|mut file| file.write_all(bytes)).map_err(TrainError::io("write", path))
        }
        _ => {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            Ok(mtl_core_tensor::weights::write_whole(&path, bytes)?)
        }
    }
}

/// The JSON object of one answer.
fn line(answer: &Answer, labels: &[String]) -> Value {
    let by_label = |probabilities: &[f64]| -> Map<String, Value> {
        labels.iter().cloned().zip(probabilities.iter().map(|p| json!(p))).collect()
    };
    match answer {
        Answer::Text(Prediction::Class(class, p)) => {
            json!({ "label": labels[*class], "probabilities": by_label(p) })
        }
        Answer::Text(Prediction::Labels(hold, p)) => {
            let names: Vec<&String> = hold.iter().map(|&label| &labels[label]).collect();
            json!({ "labels": names, "probabilities": by_label(p) })
        }
        Answer::Text(Prediction::Value(value)) => json!({ "value": value }),
        Answer::Words(words) => {
            let names: Vec<Option<&String>> =
                words.iter().map(|word| word.map(|label| &labels[label])).collect();
            json!({ "labels": names })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_answer_has_its_line() {
        let labels = ["a".to_owned(), "b".to_owned()];
        let text = |prediction| line(&Answer::Text(prediction), &labels).to_string();
        assert_eq!(
            text(Prediction::Class(1, vec![0.25, 0.75])),
            r#"{"label":"b","probabilities":{"a":0.25,"b":0.75}}"#
        );
        assert_eq!(
            text(Prediction::Labels(vec![0], vec![0.5, 0.25])),
            r#"{"labels":["a"],"probabilities":{"a":0.5,"b":0.25}}"#
        );
        assert_eq!(text(Prediction::Value(2.5)), r#"{"value":2.5}"#);
        assert_eq!(
            line(&Answer::Words(vec![Some(1), None]), &labels).to_string(),
            r#"{"labels":["b",null]}"#
        );
    }
}
