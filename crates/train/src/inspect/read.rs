//! Reads a run's `history.jsonl` into one series a task and one a pair of tasks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use mtl_data::Location;
use serde::Deserialize;

use crate::error::TrainError;
use crate::run_folder::RunFolder;
use crate::scores::Scores;

/// The reason why a line of a history was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryProblem {
    /// It is not JSON, or not of the form that runs write.
    #[error("the line is not one of a run's history: {reason}")]
    Form {
        /// What is wrong with it.
        reason: String,
    },
    /// It is of neither kind, or of both.
    #[error("the line must have either \"losses\", as a step's has, or \"evaluation\"")]
    Kind,
    /// Steps do not ascend.
    #[error("step {step} comes after step {before}")]
    Order {
        /// The line's step.
        step: u64,
        /// The step of a line before it.
        before: u64,
    },
    /// There is no such cosine.
    #[error("the cosine of `{first}` and `{second}` must be from -1 to 1, got {cosine}")]
    Cosine {
        /// A task.
        first: String,
        /// Another.
        second: String,
        /// What stands there.
        cosine: f64,
    },
}

/// Values by step, ascending.
pub type Points = Vec<(u64, f64)>;

/// What the history tells of a task.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TaskTrace {
    /// Its mean loss in each step that shows it, in the loss's own unit (nats for classes).
    pub losses: Points,
    /// What the gradient of that loss was multiplied by in the shared parameters, where it was one number.
    pub weights: Points,
    /// The norm of that gradient, unweighted, in the steps that measured it.
    pub gradient_norms: Points,
    /// The scores on the dev set, by metric.
    pub scores: BTreeMap<String, Points>,
}

/// The whole history of a run, finished or under way.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// The steps that were done.
    pub steps: u64,
    /// The steps that measured gradients.
    pub measured: u64,
    /// Whether any step shows two tasks.
    pub mixes: bool,
    /// The evaluations.
    pub evaluations: u64,
    /// Each task, by name.
    pub tasks: BTreeMap<String, TaskTrace>,
    /// How far the conditions of the combining's inner problem were from holding, in the steps that had one.
    pub residuals: Points,
    /// The steps whose inner problem had no solution.
    pub fallbacks: u64,
    /// The cosines of each pair of tasks, the first name before the second in the alphabet.
    pub cosines: BTreeMap<(String, String), Points>,
}

#[derive(Deserialize)]
struct Record {
    step: u64,
    losses: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    weights: BTreeMap<String, f64>,
    gradient_norms: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    cosines: Vec<Pair>,
    residual: Option<f64>,
    #[serde(default)]
    fallback: bool,
    evaluation: Option<Scores>,
}

#[derive(Deserialize)]
struct Pair {
    first: String,
    second: String,
    cosine: f64,
}

impl Trace {
    /// Reads the history in a run's folder. A last line that has no end yet, because the run is writing it, is left out.
    ///
    /// Errors if there is none, or at the first line that no run has written.
    pub fn read(folder: &Path) -> Result<Trace, TrainError> {
        let path = RunFolder::new(folder).history();
        let file = File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                TrainError::NoHistory { folder: folder.to_owned() }
            }
            _ => TrainError::io("read", &path)(error),
        })?;
        let (mut lines, mut line) = (BufReader::new(file), Vec::new());
        let (mut trace, mut number, mut before) = (Trace::default(), 0, 0);
        loop {
            line.clear();
            lines.read_until(b'\n', &mut line).map_err(TrainError::io("read", &path))?;
            if line.pop() != Some(b'\n') {
                return Ok(trace);
            }
            number += 1;
            trace.add(&line, &mut before).map_err(|(column, problem)| {
                let at = Location::new(path.as_path(), number, column);
                TrainError::History { at, problem }
            })?;
        }
    }

    /// Takes a line in, `before` being the step of the last one. Errors with the column.
    fn add(&mut self, line: &[u8], before: &mut u64) -> Result<(), (usize, HistoryProblem)> {
        let record: Record = serde_json::from_slice(line).map_err(|error| refused(line, &error))?;
        let Record { step, losses, weights, gradient_norms, cosines, residual, fallback, evaluation } =
            record;
        let least = if losses.is_some() { *before + 1 } else { *before };
        if step < least {
            return Err((1, HistoryProblem::Order { step, before: *before }));
        }
        *before = step;
        match (losses, evaluation) {
            (Some(losses), None) => {
                self.add_losses(step, losses, weights);
                self.add_norms(step, gradient_norms);
                self.residuals.extend(residual.map(|residual| (step, residual)));
                self.fallbacks += u64::from(fallback);
                cosines
                    .into_iter()
                    .try_for_each(|pair| self.add_cosine(step, pair))
                    .map_err(|problem| (1, problem))
            }
            (None, Some(scores)) => {
                self.add_scores(step, scores);
                Ok(())
            }
            _ => Err((1, HistoryProblem::Kind)),
        }
    }

    fn add_losses(&mut self, step: u64, losses: BTreeMap<String, f64>, weights: BTreeMap<String, f64>) {
        self.steps += 1;
        self.mixes |= losses.len() > 1;
        for (task, loss) in losses {
            self.task(task).losses.push((step, loss));
        }
        for (task, weight) in weights {
            self.task(task).weights.push((step, weight));
        }
    }

    fn add_norms(&mut self, step: u64, norms: Option<BTreeMap<String, f64>>) {
        self.measured += u64::from(norms.is_some());
        for (task, norm) in norms.into_iter().flatten() {
            self.task(task).gradient_norms.push((step, norm));
        }
    }

    fn add_cosine(&mut self, step: u64, pair: Pair) -> Result<(), HistoryProblem> {
        let Pair { first, second, cosine } = pair;
        if !(-1.0..=1.0).contains(&cosine) {
            return Err(HistoryProblem::Cosine { first, second, cosine });
        }
        let names = if first <= second { (first, second) } else { (second, first) };
        self.cosines.entry(names).or_default().push((step, cosine));
        Ok(())
    }

    fn add_scores(&mut self, step: u64, scores: Scores) {
        self.evaluations += 1;
        for (task, values) in scores {
            let task = self.task(task);
            for (metric, value) in values {
                task.scores.entry(metric).or_default().push((step, value));
            }
        }
    }

    fn task(&mut self, name: String) -> &mut TaskTrace {
        self.tasks.entry(name).or_default()
    }
}

/// Where and why a line could not be read.
fn refused(line: &[u8], error: &serde_json::Error) -> (usize, HistoryProblem) {
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
    // Bytes up to and with the one in question; columns count characters.
    let read = &line[..error.column().clamp(1, line.len().max(1)).min(line.len())];
    (String::from_utf8_lossy(read).chars().count().max(1), HistoryProblem::Form { reason })
}
