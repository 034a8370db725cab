//! Scores of a finished run on any labelled set.

use std::path::{Path, PathBuf};

use crate::error::TrainError;
use crate::observer::Observer;
use crate::scores::Scores;

/// Which of a task's sets is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// The dev set.
    #[default]
    Dev,
    /// The test set.
    Test,
}

/// What is evaluated, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvaluateOptions {
    /// The only task to score; all of them if it is not given.
    pub task: Option<String>,
    /// A file in the form of the task's own to score instead of its dev set; needs `task`, unless there is one only.
    pub file: Option<PathBuf>,
    /// Which set to score where no file is given.
    pub split: Split,
    /// The folder that relative paths of the configuration start from, if the data moved.
    pub data: Option<PathBuf>,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
}

/// Scores the model of the finished run in `folder`.
///
/// Errors if there is no such run or task, or if the data is refused.
pub fn evaluate(
    folder: &Path,
    options: &EvaluateOptions,
    observer: &mut dyn Observer,
) -> Result<Scores, TrainError> {
    unimplemented!("{folder:?} {options:?} {}", std::mem::size_of_val(observer))
}
