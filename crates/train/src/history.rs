//! `history.jsonl`: one line a step and one an evaluation.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::TrainError;
use crate::scores::Scores;

/// One line of the history.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Line<'a> {
    /// A step.
    Step {
        /// The step, from 1.
        step: u64,
        /// The mean loss of each task that the step shows.
        losses: BTreeMap<&'a str, f64>,
        /// What the gradient of each task's mean loss was multiplied by in the shared parameters, if it was one number.
        weights: BTreeMap<&'a str, f64>,
        /// The norm of each task's gradient, in a step that measures it; of which parameters, `step::Conflict` says.
        #[serde(skip_serializing_if = "Option::is_none")]
        gradient_norms: Option<BTreeMap<&'a str, f64>>,
        /// How the tasks' gradients lie to each other, in a step that measures it.
        #[serde(skip_serializing_if = "Option::is_none")]
        cosines: Option<Vec<Pair<'a>>>,
        /// How far the conditions of the combining's inner problem are from holding, if it has one; 0 is exact.
        #[serde(skip_serializing_if = "Option::is_none")]
        residual: Option<f64>,
        /// Whether that problem had no solution, so that the weights are the method's documented substitute.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        fallback: bool,
        /// The sum of the penalties, if there are any.
        #[serde(skip_serializing_if = "Option::is_none")]
        penalty: Option<f64>,
        /// The learning rate.
        learning_rate: f64,
        /// The norm of the whole gradient before clipping.
        gradient_norm: f64,
        /// The step's tokens.
        tokens: u64,
        /// The step's seconds.
        seconds: f64,
    },
    /// An evaluation on the dev sets.
    Evaluation {
        /// The step after which it was made.
        step: u64,
        /// The scores.
        evaluation: &'a Scores,
    },
}

/// The cosine of the gradients of two tasks.
#[derive(Debug, Serialize)]
pub struct Pair<'a> {
    /// A task.
    pub first: &'a str,
    /// Another task.
    pub second: &'a str,
    /// The cosine, from -1 to 1; negative where the tasks conflict.
    pub cosine: f64,
}

/// The open history of a run.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl History {
    /// Opens the history at `path`, cut to its first `bytes` bytes.
    ///
    /// Errors if it cannot be opened, or is shorter.
    pub fn open(path: &Path, bytes: u64) -> Result<History, TrainError> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(TrainError::io("open", path))?;
        let length = file.metadata().map_err(TrainError::io("open", path))?.len();
        if length < bytes {
            let reason = format!("it has {length} bytes, but the checkpoint knows of {bytes}");
            return Err(TrainError::Damaged { path: path.to_owned(), reason });
        }
        file.set_len(bytes).map_err(TrainError::io("cut", path))?;
        Ok(History { path: path.to_owned(), file, bytes })
    }

    /// Appends a line.
    pub fn add(&mut self, line: &Line<'_>) -> Result<(), TrainError> {
        let mut text = serde_json::to_string(line).expect("names and finite numbers are valid json");
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(TrainError::io("write", &self.path))?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Waits until all lines are on the disk, and says how many bytes they are.
    pub fn sync(&mut self) -> Result<u64, TrainError> {
        self.file.sync_data().map_err(TrainError::io("write", &self.path))?;
        Ok(self.bytes)
    }
}
