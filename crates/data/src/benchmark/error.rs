//! What can be wrong with the files of a benchmark.

use std::path::PathBuf;

use crate::error::DataError;
use crate::location::Location;
use crate::nearest::hint;

/// What can be wrong with the files of a benchmark. An error about a file begins with `path:line:column: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// No file of a benchmark's task is where it was looked for.
    #[error(
        "{at}: no such file; looked in {} for the {part} set of {task}: {}; it is published at {homepage}",
        .folder.display(), .looked.join(", ")
    )]
    File {
        /// The first character of the first file that was looked for.
        at: Location,
        /// The task, as `glue/rte`.
        task: String,
        /// `train`, `dev` or `test`.
        part: &'static str,
        /// The folder.
        folder: PathBuf,
        /// Each file that was looked for, below the folder.
        looked: Vec<String>,
        /// Where people get it.
        homepage: &'static str,
    },
    /// A set that a benchmark does not have.
    #[error("{task} is published without a {part} set")]
    Part {
        /// The task, as `glue/ax`.
        task: String,
        /// `train`, `dev` or `test`.
        part: &'static str,
    },
    /// A file that is not one of a benchmark's task.
    #[error("{at}: not a file of {task}: expected {}, got {got}", .wanted.join("; or "))]
    Layout {
        /// The first character of the file.
        at: Location,
        /// The task, as `glue/rte`.
        task: String,
        /// The text columns of each form that its files have.
        wanted: Vec<String>,
        /// What the first line shows.
        got: String,
    },
    /// A row that is not one of a benchmark's task.
    #[error("{at}: not a row of {task}: expected {expected}")]
    Row {
        /// The row.
        at: Location,
        /// The task, as `decanlp/qa-srl`.
        task: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A task whose files hold no examples with labels.
    #[error("{at}: {task} needs a head for {head}; its files are read as questions, not as examples")]
    NoExamples {
        /// The first character of the file.
        at: Location,
        /// The task, as `superglue/copa`.
        task: String,
        /// The head.
        head: &'static str,
    },
    /// A file of predictions with another number of lines than there are questions.
    #[error("{at}: expected one prediction for each of {expected} questions of {task}, got {got}")]
    PredictionCount {
        /// Where the first one is missing or too many.
        at: Location,
        /// The task, as `decanlp/woz`.
        task: String,
        /// The questions.
        expected: usize,
        /// The lines.
        got: usize,
    },
    /// A predicted label that the task does not have.
    #[error("{at}: {label:?} is no label of {task}; labels: {}{}", .labels.join(", "), hint(.nearest))]
    NoLabel {
        /// The prediction.
        at: Location,
        /// The task, as `glue/rte`.
        task: String,
        /// What was predicted.
        label: String,
        /// The labels there are.
        labels: Vec<&'static str>,
        /// The most similar of them.
        nearest: Option<String>,
    },
    /// A prediction for a question that does not exist.
    #[error("{at}: there is no question with the number {id}")]
    UnknownPrediction {
        /// The prediction.
        at: Location,
        /// What it refers to.
        id: String,
    },
    /// Two predictions for one question.
    #[error("{at}: a second prediction for {id}; the first is in line {first}")]
    PredictedTwice {
        /// The second.
        at: Location,
        /// The question.
        id: String,
        /// The line of the first.
        first: usize,
    },
    /// Two questions with one identifier, where predictions go by it.
    #[error("{at}: two questions are called {id}, so it does not tell which one a prediction is for")]
    AskedTwice {
        /// The file of predictions.
        at: Location,
        /// The identifier.
        id: String,
    },
    /// Questions without a prediction.
    #[error("{at}: {missing} of {questions} questions have no prediction; the first of them is {id}")]
    MissingPredictions {
        /// The file.
        at: Location,
        /// How many have none.
        missing: usize,
        /// How many questions there are.
        questions: usize,
        /// The first without.
        id: String,
    },
}

impl From<BenchmarkError> for DataError {
    fn from(error: BenchmarkError) -> Self {
        Self::Benchmark(Box::new(error))
    }
}
