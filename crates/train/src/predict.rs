//! Predictions of a finished run, one JSON object an input row.

use std::path::{Path, PathBuf};

use crate::error::TrainError;
use crate::observer::Observer;

/// What is predicted, from what, to where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PredictOptions {
    /// The task; may be left out if the run has one only.
    pub task: Option<String>,
    /// The input: a file in the form of the task's own, whose label column may be absent.
    pub input: PathBuf,
    /// The file to write, whole or not at all.
    pub output: PathBuf,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
}

/// Predicts each row of a file, in order, and says how many rows there were.
///
/// One line each: `{"label", "probabilities"}` for classification, `{"value"}` in the file's scale for regression,
/// `{"labels", "probabilities"}` for several labels a text, and `{"labels"}`, one a word, for token classification;
/// a word that truncation cut off gets `null`.
///
/// Errors if there is no such run or task, if the input is refused, or if the output cannot be written.
pub fn predict(
    folder: &Path,
    options: &PredictOptions,
    observer: &mut dyn Observer,
) -> Result<u64, TrainError> {
    unimplemented!("{folder:?} {options:?} {}", std::mem::size_of_val(observer))
}
