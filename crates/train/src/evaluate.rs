//! Scores of a finished run on any labelled set.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::answer::Asked;
use crate::build::with_model;
use crate::config::Dev;
use crate::dataset::ExampleSet;
use crate::error::TrainError;
use crate::load::{held_out, labelled_file};
use crate::observer::Observer;
use crate::options::on_threads;
use crate::run_folder::{FinishedRun, RunFolder};
use crate::score::{Judged, score_task};
use crate::scores::Scores;

/// Which of a task's sets is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The dev set.
    #[default]
    Dev,
    /// The test set.
    Test,
}

impl Split {
    /// `dev` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Split::Dev => "dev",
            Split::Test => "test",
        }
    }
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
/// Without a file or another split, the scores are those of the run's `metrics.json`.
/// Errors if there is no such run or task, if the data is refused, or if the dev set is not the one that the run was
/// started with.
pub fn evaluate(
    folder: &Path,
    options: &EvaluateOptions,
    observer: &mut dyn Observer,
) -> Result<Scores, TrainError> {
    on_threads(options.threads, || {
        let mut run = RunFolder::new(folder).open()?;
        if let Some(data) = &options.data {
            run.config.data = data.clone();
        }
        let tasks = match (&options.task, &options.file) {
            (None, None) => (0..run.tasks.tasks.len()).collect(),
            (task, _) => vec![run.tasks.find(task.as_deref())?],
        };
        let mut scores = Scores::new();
        for (done, &task_idx) in tasks.iter().enumerate() {
            let announce = |file: &Path| observer.tokenizing(file, done, tasks.len());
            let set = read_set(&run, folder, task_idx, options, announce)?;
            if let Some(repaired) = &set.repaired {
                observer.message(&repaired.to_string());
            }
            let judged = judge(&run, task_idx, &set)?;
            scores.insert(run.tasks.tasks[task_idx].name.clone(), judged.scores);
        }
        Ok(scores)
    })
}

/// Scores one task of a finished run on a set, in the run's precision.
pub(crate) fn judge(run: &FinishedRun, task_idx: usize, set: &ExampleSet) -> Result<Judged, TrainError> {
    let (spec, pack_tokens) = (&run.tasks.tasks[task_idx], run.tasks.pack_tokens);
    with_model!(&run.model, model => score_task(&Asked { model, task_idx, spec, pack_tokens }, set))
}

/// The examples to score: a file, the test set, the dev file, or what the run held out of the train file.
fn read_set(
    run: &FinishedRun,
    folder: &Path,
    task_idx: usize,
    options: &EvaluateOptions,
    announce: impl FnOnce(&Path),
) -> Result<ExampleSet, TrainError> {
    let (spec, task) = (&run.tasks.tasks[task_idx], &run.config.tasks[task_idx]);
    let examples = &task.examples;
    let path = match (&options.file, options.split, &examples.dev) {
        (Some(file), _, _) => file.clone(),
        (None, Split::Test, _) => {
            let none = || TrainError::NoSplit { task: spec.name.clone(), split: "test" };
            run.config.path(examples.test.as_ref().ok_or_else(none)?)
        }
        (None, Split::Dev, Dev::File(file)) => run.config.path(file),
        (None, Split::Dev, Dev::Fraction(_)) => {
            let train = run.config.path(&examples.train);
            announce(&train);
            let indices = spec.dev.as_deref().unwrap_or_default();
            let set = held_out(task, spec, (&train, indices), &run.tokenizer)?;
            let changed = || TrainError::DataChanged { folder: folder.to_owned(), file: train.clone() };
            return set.filter(|set| run.tasks.holds_dev(task_idx, set)).ok_or_else(changed);
        }
    };
    announce(&path);
    let set = labelled_file(task, spec, &path, &run.tokenizer)
        .map_err(|error| run.config.explain_scale(&spec.name, error))?;
    let own = options.file.is_none() && options.split == Split::Dev;
    if own && !run.tasks.holds_dev(task_idx, &set) {
        return Err(TrainError::DataChanged { folder: folder.to_owned(), file: path });
    }
    Ok(set)
}
