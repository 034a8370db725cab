//! Benchmarks: official scores of files of predictions, and the official files of a run's predictions.

mod conll18;
mod conlleval;
mod decanlp;
mod error;
mod glue;
mod squad;
mod submission;
mod superglue;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtl_data::benchmark::{Benchmark, BenchmarkTask, Part, Prediction, Question};
use mtl_metrics::{Aggregate, MetricError};
use serde::Serialize;

use crate::error::TrainError;

pub use conll18::{ParserRow, ParserScore, score_parser};
pub use conlleval::{ChunkRow, ChunkScore, score_chunks};
pub use error::ScoreError;
pub use squad::{AnswerFileScore, NoAnswerFile, score_answers};
pub use submission::{Submission, SubmissionOptions, submission};

/// What is scored.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreOptions {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// The folder of the benchmark's data, in which each task has the folder that it is published in.
    pub gold: PathBuf,
    /// The folder of the files of predictions, under their official names.
    pub predictions: PathBuf,
    /// Which sets they are predictions for.
    pub part: Part,
}

/// The scores of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BenchmarkScore {
    /// `glue`, `superglue` or `decanlp`.
    pub benchmark: &'static str,
    /// `train`, `dev` or `test`.
    pub part: &'static str,
    /// The tasks that there are predictions for, in the order of the benchmark.
    pub tasks: Vec<TaskScore>,
    /// The others.
    pub missing: Vec<MissingTask>,
    /// The name of the benchmark's one number, such as `GLUE score`.
    pub name: &'static str,
    /// That number, in points; `None` unless each task that counts has predictions.
    pub score: Option<f64>,
    /// What it is over the tasks that have them; `None` if no task that counts has.
    pub score_so_far: Option<f64>,
}

/// The scores of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskScore {
    /// The task, as `glue/rte`.
    pub task: String,
    /// The questions.
    pub questions: usize,
    /// The benchmark's metrics, in the unit of each: shares and correlations are at most 1.
    pub metrics: BTreeMap<&'static str, f64>,
    /// What the task counts with, in points: the mean of the metrics that count.
    pub score: f64,
    /// Whether it counts in the benchmark's one number; diagnostics do not.
    pub counts: bool,
    /// The task's name within the benchmark.
    #[serde(skip)]
    name: &'static str,
}

/// A task without predictions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MissingTask {
    /// The task, as `glue/rte`.
    pub task: String,
    /// The file that was looked for.
    pub file: String,
    /// Whether the benchmark's one number needs it.
    pub counts: bool,
}

/// What a task's metrics come to: all of them, and those that count, as shares.
struct Scored {
    metrics: BTreeMap<&'static str, f64>,
    counted: Vec<f64>,
}

impl Scored {
    /// Metrics that all count.
    fn all(metrics: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        let metrics: Vec<_> = metrics.into_iter().collect();
        Self {
            counted: metrics.iter().map(|(_, value)| *value).collect(),
            metrics: metrics.into_iter().collect(),
        }
    }
}

/// A task with its questions and what was predicted for each.
struct Answered<'a> {
    task: &'static BenchmarkTask,
    gold: &'a Path,
    file: &'a Path,
    questions: &'a [Question],
    predictions: &'a [Prediction],
}

/// Scores the files of predictions in a folder as the benchmark does.
///
/// Errors if there is no file of predictions at all, if one is not what the benchmark asks for, or if the data that it
/// is to be compared with is missing or has no labels.
pub fn score_benchmark(options: &ScoreOptions) -> Result<BenchmarkScore, TrainError> {
    let benchmark = options.benchmark;
    let (mut tasks, mut missing) = (Vec::new(), Vec::new());
    for task in benchmark.tasks() {
        let path = options.predictions.join(task.prediction_file());
        if path.is_file() {
            tasks.push(score_task(options, task, &path)?);
        } else {
            let (file, counts) = (task.prediction_file(), number(benchmark).counts(task.name));
            missing.push(MissingTask { task: task.full_name(), file, counts });
        }
    }
    if tasks.is_empty() {
        let (folder, files) =
            (options.predictions.clone(), missing.into_iter().map(|task| task.file).collect());
        return Err(TrainError::NoPredictions { folder, benchmark: benchmark.name(), files });
    }
    let number = number(benchmark);
    let scores: Vec<(&str, f64)> = tasks.iter().map(|task| (task.name, task.score)).collect();
    let score_so_far = number.so_far(&scores).map_err(TrainError::Summary)?;
    let complete = !missing.iter().any(|task| task.counts);
    let (name, score) = (number.name(), score_so_far.filter(|_| complete));
    let part = options.part.name();
    Ok(BenchmarkScore { benchmark: benchmark.name(), part, tasks, missing, name, score, score_so_far })
}

fn score_task(
    options: &ScoreOptions,
    task: &'static BenchmarkTask,
    path: &Path,
) -> Result<TaskScore, TrainError> {
    let gold = task
        .look_among(&options.gold, options.part)
        .map_or_else(|| task.find(&options.gold, options.part), Ok)?;
    let questions = questions(task, &gold, options.part)?;
    if questions.iter().all(|question| question.answers.is_empty()) {
        return Err(TrainError::Unlabelled { task: task.full_name(), path: gold });
    }
    let predictions = task.read_predictions(path, &questions)?;
    let answered =
        Answered { task, gold: &gold, file: path, questions: &questions, predictions: &predictions };
    let scored = match options.benchmark {
        Benchmark::Glue => glue::score(&answered),
        Benchmark::SuperGlue => superglue::score(&answered),
        Benchmark::DecaNlp => decanlp::score(&answered),
    }?;
    let score = 100.0 * scored.counted.iter().sum::<f64>() / scored.counted.len() as f64;
    Ok(TaskScore {
        task: task.full_name(),
        questions: questions.len(),
        metrics: scored.metrics,
        score,
        counts: number(options.benchmark).counts(task.name),
        name: task.name,
    })
}

/// The questions of a set. decaNLP asks those of MultiNLI's two dev sets one after the other.
fn questions(task: &'static BenchmarkTask, gold: &Path, part: Part) -> Result<Vec<Question>, TrainError> {
    let mut questions = task.questions(gold, part)?;
    let name = gold.file_name().unwrap_or_default().to_string_lossy();
    if task.benchmark == Benchmark::DecaNlp && name.contains("dev_matched") {
        let mismatched = gold.with_file_name(name.replace("dev_matched", "dev_mismatched"));
        questions.extend(task.questions(&mismatched, part)?);
    }
    Ok(questions)
}

/// The benchmark's one number.
fn number(benchmark: Benchmark) -> Aggregate {
    match benchmark {
        Benchmark::Glue => Aggregate::Glue,
        Benchmark::SuperGlue => Aggregate::SuperGlue,
        Benchmark::DecaNlp => Aggregate::DecaNlp,
    }
}

impl Answered<'_> {
    fn failed(&self, source: MetricError) -> TrainError {
        TrainError::Score { task: self.task.full_name(), source }
    }

    /// Each question's first answer. Errors if one has none.
    fn gold(&self) -> Result<Vec<&str>, TrainError> {
        let unlabelled =
            || TrainError::Unlabelled { task: self.task.full_name(), path: self.gold.to_owned() };
        let answers = self.questions.iter().map(|question| question.answers.first().map(String::as_str));
        answers.map(|answer| answer.ok_or_else(unlabelled)).collect()
    }

    /// Every answer of each question.
    fn all_gold(&self) -> Vec<Vec<&str>> {
        let answers = self.questions.iter().map(|question| &question.answers);
        answers.map(|answers| answers.iter().map(String::as_str).collect()).collect()
    }

    /// What was predicted for each question.
    fn predicted(&self) -> Vec<&str> {
        self.predictions
            .iter()
            .map(|prediction| prediction.answers.first().map_or("", String::as_str))
            .collect()
    }

    /// Gold and predicted classes, by their place among the task's labels.
    fn classes(&self) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
        let place = |answer: &str| {
            let place = self.task.labels.iter().position(|label| *label == answer);
            let unlabelled =
                || TrainError::Unlabelled { task: self.task.full_name(), path: self.gold.to_owned() };
            place.ok_or_else(unlabelled)
        };
        let gold = self.gold()?.into_iter().map(place).collect::<Result<_, _>>()?;
        let predicted = self.predicted().into_iter().map(place).collect::<Result<_, _>>()?;
        Ok((gold, predicted))
    }
}
