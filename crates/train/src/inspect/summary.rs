//! What a history comes to: a line a task, a line a pair of tasks.

use std::fmt;

use serde::Serialize;

use super::read::{Points, TaskTrace, Trace};
use super::shared::SharedTable;

/// What was seen in a run. Its JSON form is that of `mtl inspect --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The steps that were done.
    pub steps: u64,
    /// The evaluations.
    pub evaluations: u64,
    /// The steps that measured the tasks' gradients.
    pub measured: u64,
    /// How the inner problems of the gradient combining ended, if it has one.
    pub inner_problem: Option<InnerProblem>,
    /// Why there is no pair, if there is none.
    pub unmeasured: Option<Unmeasured>,
    /// The tasks, by name.
    pub tasks: Vec<TaskInspection>,
    /// The pairs of tasks that a step has measured, those of the lowest mean cosine first.
    pub pairs: Vec<PairInspection>,
    /// What the architecture learned about sharing, if the run has finished and the architecture reports something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<SharedTable>,
}

/// How a gradient combining's inner problems ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InnerProblem {
    /// The steps that had one.
    pub steps: u64,
    /// The largest residual: how far the problem's conditions were from holding, 0 being exact.
    pub largest_residual: f64,
    /// Its step.
    pub largest_step: u64,
    /// The steps in which it had no solution, and the weights were the method's documented substitute.
    pub fallbacks: u64,
}

/// What was seen of a task. Losses are means over the steps that show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskInspection {
    /// Its name.
    pub name: String,
    /// The steps that show it.
    pub shown: u64,
    /// The mean loss over the first tenth of them.
    pub first_loss: Option<f64>,
    /// Over the last tenth.
    pub last_loss: Option<f64>,
    /// Over all.
    pub mean_loss: Option<f64>,
    /// The mean of what the gradient of its loss was multiplied by in the shared parameters.
    pub mean_weight: Option<f64>,
    /// The mean norm of that gradient, unweighted, over the steps that measured it.
    pub mean_gradient_norm: Option<f64>,
}

/// How the gradients of two tasks lay to each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairInspection {
    /// A task.
    pub first: String,
    /// Another.
    pub second: String,
    /// The steps that measured both.
    pub measured: u64,
    /// The mean cosine over them, from -1 to 1.
    pub mean_cosine: f64,
    /// The share of them in which the cosine is below 0, from 0 to 1.
    pub conflicting: f64,
    /// The smallest cosine.
    pub sharpest: f64,
    /// Its step.
    pub sharpest_step: u64,
}

/// Why no step measured how the tasks lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unmeasured {
    /// No step is done yet.
    NoSteps,
    /// The run has one task.
    OneTask,
    /// No step shows two tasks.
    OneTaskSteps,
    /// No step measured.
    NotAsked,
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unmeasured::NoSteps => "no step is done yet",
            Unmeasured::OneTask => "the run shows one task, and a conflict takes two",
            Unmeasured::OneTaskSteps => {
                "not measured: every step shows one task; set curriculum.unit = \"every-task\" or \"sequence\""
            }
            Unmeasured::NotAsked => {
                "not measured: set sharing.measure_every to the steps between two measurements, such as 50"
            }
        })
    }
}

impl Inspection {
    /// Sums a history up.
    pub fn of(trace: &Trace) -> Inspection {
        let pairs = trace.cosines.iter().filter_map(|((first, second), points)| pair(first, second, points));
        let mut pairs: Vec<PairInspection> = pairs.collect();
        // Stable: pairs that are equal in this stay in the order of the alphabet.
        pairs.sort_by(|a, b| a.mean_cosine.total_cmp(&b.mean_cosine));
        Inspection {
            steps: trace.steps,
            evaluations: trace.evaluations,
            measured: trace.measured,
            inner_problem: inner_problem(trace),
            unmeasured: pairs.is_empty().then(|| unmeasured(trace)),
            tasks: trace.tasks.iter().map(|(name, of_task)| task(name, of_task)).collect(),
            pairs,
            shared: Vec::new(),
        }
    }

    /// The pairs that are in conflict on average, their mean cosine being below 0; the sharpest first.
    ///
    /// Not those that are so in most steps: noise puts unrelated tasks below 0 in half of them.
    pub fn conflicts(&self) -> impl Iterator<Item = &PairInspection> {
        self.pairs.iter().filter(|pair| pair.mean_cosine < 0.0)
    }
}

fn unmeasured(trace: &Trace) -> Unmeasured {
    let shown = trace.tasks.values().filter(|task| !task.losses.is_empty()).count();
    match (trace.steps, shown) {
        (0, _) => Unmeasured::NoSteps,
        (_, 0 | 1) => Unmeasured::OneTask,
        _ if !trace.mixes => Unmeasured::OneTaskSteps,
        _ => Unmeasured::NotAsked,
    }
}

fn task(name: &str, trace: &TaskTrace) -> TaskInspection {
    let losses = &trace.losses;
    let tenth = losses.len().div_ceil(10);
    TaskInspection {
        name: name.to_owned(),
        shown: losses.len() as u64,
        first_loss: mean(&losses[..tenth]),
        last_loss: mean(&losses[losses.len() - tenth..]),
        mean_loss: mean(losses),
        mean_weight: mean(&trace.weights),
        mean_gradient_norm: mean(&trace.gradient_norms),
    }
}

fn inner_problem(trace: &Trace) -> Option<InnerProblem> {
    let (largest_step, largest_residual) =
        trace.residuals.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (steps, fallbacks) = (trace.residuals.len() as u64, trace.fallbacks);
    Some(InnerProblem { steps, largest_residual, largest_step, fallbacks })
}

fn pair(first: &str, second: &str, points: &Points) -> Option<PairInspection> {
    let (sharpest_step, sharpest) = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let conflicting = points.iter().filter(|point| point.1 < 0.0).count();
    Some(PairInspection {
        first: first.to_owned(),
        second: second.to_owned(),
        measured: points.len() as u64,
        mean_cosine: mean(points)?,
        conflicting: conflicting as f64 / points.len() as f64,
        sharpest,
        sharpest_step,
    })
}

fn mean(points: &[(u64, f64)]) -> Option<f64> {
    let sum: f64 = points.iter().map(|point| point.1).sum();
    (!points.is_empty()).then(|| sum / points.len() as f64)
}
