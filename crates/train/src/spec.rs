//! What a task is once its data is known: the content of a run's `tasks.json`.

use std::path::{Path, PathBuf};

use mtl_data::nearest;
use mtl_metrics::MetricKey;
use serde::{Deserialize, Serialize};

use crate::config::TaskKind;
use crate::dataset::ExampleSet;
use crate::error::TrainError;

/// A task with its labels, as heads and scores need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The name.
    pub name: String,
    /// What it predicts.
    #[serde(with = "kind")]
    pub kind: TaskKind,
    /// The labels of the train file (of a token task, of the sentences that are not held out), sorted; the place of a label
    /// is its class. Empty for regression.
    pub labels: Vec<String>,
    /// The scale of a regression: the configuration's, or else the least and greatest value of the train set.
    pub scale: Option<[f64; 2]>,
    /// The score by which the task is judged.
    pub metric: String,
    /// More scores to report.
    pub metrics: Vec<String>,
    /// The dev examples, by their index in the train file, if they are a share of it.
    pub dev: Option<Vec<usize>>,
}

impl TaskSpec {
    /// The metrics to report: the one that judges, more, and the loss.
    pub fn metric_keys(&self) -> Vec<MetricKey> {
        let mut keys: Vec<MetricKey> = std::iter::once(&self.metric)
            .chain(&self.metrics)
            .map(|name| name.parse().expect("the configuration accepts only names of metrics"))
            .collect();
        if !keys.contains(&MetricKey::Loss) {
            keys.push(MetricKey::Loss);
        }
        keys
    }

    /// The metric that judges.
    pub fn metric_key(&self) -> MetricKey {
        self.metric_keys()[0]
    }
}

/// All that evaluation and prediction need beside weights and tokenizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    /// The most tokens of a sequence.
    pub max_tokens: usize,
    /// The most tokens of a pack.
    pub pack_tokens: usize,
    /// The tasks, in the order of the configuration.
    pub tasks: Vec<TaskSpec>,
    /// The files of examples that the run was started with. Runs of older versions name none.
    #[serde(default)]
    pub data: Vec<DataFile>,
    /// A hash of the pretrained encoder that the run was started from; none of a preset, or of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<String>,
    /// What tells the run's draws from others of the same configuration: there for the runs of a comparison
    /// that show a part of its draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<String>,
}

/// A file of examples as a run saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Where it was.
    pub path: PathBuf,
    /// A hash of its examples: their tokens and their labels.
    pub sha256: String,
}

impl TaskFile {
    /// The first file whose examples are others than those of the same file in `now`; `None` if there is none, or if one
    /// side names no files.
    pub fn changed(&self, now: &TaskFile) -> Option<PathBuf> {
        let mut pairs = self.data.iter().zip(&now.data);
        pairs.find(|(then, now)| then.sha256 != now.sha256).map(|(_, now)| now.path.clone())
    }

    /// Whether these are the dev examples that the run was started with; true if the file does not tell.
    pub(crate) fn holds_dev(&self, task_idx: usize, dev: &ExampleSet) -> bool {
        // Each task has its train set and its dev set here.
        let then = self.data.get(2 * task_idx + 1);
        then.is_none_or(|then| then.sha256 == dev.file().sha256)
    }

    /// Reads the file. Errors if it cannot be read or is not what a run writes.
    pub fn read(path: &Path) -> Result<TaskFile, TrainError> {
        let bytes = std::fs::read(path).map_err(TrainError::io("read", path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| TrainError::Damaged { path: path.to_owned(), reason: error.to_string() })
    }

    /// The index of a task; of the only one if there is no name.
    ///
    /// Errors if there is no such task, or no name and several tasks.
    pub fn find(&self, name: Option<&str>) -> Result<usize, TrainError> {
        let tasks = || self.tasks.iter().map(|task| task.name.clone()).collect();
        match name {
            None if self.tasks.len() == 1 => Ok(0),
            None => Err(TrainError::TaskNeeded { tasks: tasks() }),
            Some(name) => self.tasks.iter().position(|task| task.name == name).ok_or_else(|| {
                let names = self.tasks.iter().map(|task| task.name.as_str());
                let nearest = nearest(name, names).map(String::from);
                TrainError::UnknownTask { name: name.to_owned(), tasks: tasks(), nearest }
            }),
        }
    }
}

/// A kind of task by its name.
mod kind {
    use crate::config::TaskKind;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(kind: &TaskKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskKind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = TaskKind::ALL.iter().find(|kind| kind.name() == name);
        known.copied().ok_or_else(|| D::Error::custom(format!("no kind of task is named {name:?}")))
    }
}
