//! What a run predicted for each example, beside its label: `outcomes.dev.jsonl` and `outcomes.test.jsonl` of a run folder.
//!
//! One line a task: `{"task": "mood", "outcomes": {"kind": "classes", "gold": [0, 1], "predicted": [0, 0], "n_classes":
//! 2}}`. A task that is judged by probabilities has them in place of what was predicted. Comparisons pair the
//! examples of two runs by their places; examples without a label are left out in all runs.

use std::fs;

use mtl_core_tensor::weights::write_whole;
use mtl_metrics::significance::OwnedOutcomes;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::evaluate::Split;
use crate::run_folder::RunFolder;
use crate::score::Judged;
use crate::scores::Scores;

/// One task's outcomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskOutcomes {
    /// The task's name.
    pub task: String,
    /// A hash of the examples, where nothing else of the run tells which they are: those of a test set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<String>,
    /// Gold labels and predictions of its labelled examples, in the order of the file.
    pub outcomes: OwnedOutcomes,
}

/// Scores and outcomes of several tasks.
pub(crate) fn apart(judged: Vec<(String, Judged)>) -> (Scores, Vec<TaskOutcomes>) {
    let one = |(task, Judged { scores, outcomes }): (String, Judged)| {
        ((task.clone(), scores), TaskOutcomes { task, examples: None, outcomes })
    };
    judged.into_iter().map(one).unzip()
}

/// Writes the outcomes of a set, whole or not at all.
pub(crate) fn write(folder: &RunFolder, split: Split, outcomes: &[TaskOutcomes]) -> Result<(), TrainError> {
    let line = |outcomes| {
        let text = serde_json::to_string(outcomes).expect("names and finite numbers are valid json");
        text + "\n"
    };
    let text: String = outcomes.iter().map(line).collect();
    Ok(write_whole(&folder.outcomes(split), text.as_bytes())?)
}

/// The outcomes of a set; `None` if the run has none.
///
/// Errors if the file cannot be read or is not what a run writes.
pub fn read(folder: &RunFolder, split: Split) -> Result<Option<Vec<TaskOutcomes>>, TrainError> {
    let path = folder.outcomes(split);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    lines.map(Some).map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
}
