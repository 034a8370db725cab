//! What can be wrong with a way of sharing.

use thiserror::Error;

/// The rules that a way of sharing can find broken, with the values that broke them.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SharingError {
    /// There is nothing to weight.
    #[error("a loss weighting needs at least one task, got none")]
    NoTasks,
    /// A weight must be a positive, finite number.
    #[error("the weight of task {task_idx} must be positive and finite, got {weight}")]
    InvalidWeight {
        /// The task's index.
        task_idx: usize,
        /// Its weight.
        weight: f64,
    },
    /// There must be one value for every task.
    #[error("expected {expected} {what}, one for each task, got {got}")]
    TaskCount {
        /// What was counted: "weights" or "losses".
        what: &'static str,
        /// Number of tasks.
        expected: usize,
        /// Number of values.
        got: usize,
    },
    /// A loss is infinite or not a number.
    #[error("the loss of task {task_idx} is {loss} in step {step}")]
    LossNotFinite {
        /// The task's index.
        task_idx: usize,
        /// The step, from 0.
        step: u64,
        /// The loss, in the task's unit.
        loss: f64,
    },
    /// A saved state holds something that this weighting does not know.
    #[error("a saved state for loss weighting {weighting} holds unknown `{key}`")]
    UnknownState {
        /// The weighting that was to be restored.
        weighting: &'static str,
        /// The key in the state.
        key: String,
    },
    /// The name is not in the registry.
    #[error("unknown loss weighting `{name}`, expected one of {}", expected.join(", "))]
    UnknownWeighting {
        /// The name that was given.
        name: String,
        /// Every name that would do.
        expected: Vec<&'static str>,
    },
    /// There is nothing to combine.
    #[error("gradient combining needs at least one task, got none")]
    NoGradients,
    /// A gradient holds an infinite value or one that is not a number.
    #[error("the gradient of task {task_idx} is not finite (squared norm {squared_norm})")]
    GradientNotFinite {
        /// The task's index.
        task_idx: usize,
        /// The product that shows it.
        squared_norm: f64,
    },
    /// The tasks' gradients must be of one length.
    #[error("the gradient of task {task_idx} has {got} values, expected {expected}")]
    GradientLength {
        /// The task's index.
        task_idx: usize,
        /// Values of the first gradient.
        expected: usize,
        /// Values of this one.
        got: usize,
    },
    /// A Gram matrix has a row and a column for each task.
    #[error("the gram matrix of {n_tasks} tasks has {} values, got {got}", n_tasks * n_tasks)]
    GramShape {
        /// Number of tasks.
        n_tasks: usize,
        /// Number of values.
        got: usize,
    },
    /// The products `g_s . g_t` and `g_t . g_s` differ by more than rounding.
    #[error(
        "the gram matrix is not symmetric: {upper} at tasks ({row}, {column}), {lower} at ({column}, {row})"
    )]
    GramNotSymmetric {
        /// Index of the one task.
        row: usize,
        /// Index of the other.
        column: usize,
        /// The value above the diagonal.
        upper: f64,
        /// The value below it.
        lower: f64,
    },
    /// The indices of the tasks in a Gram matrix must ascend.
    #[error("task indices must ascend, got {after} after {before}")]
    TasksNotAscending {
        /// An index.
        before: usize,
        /// The one that follows it.
        after: usize,
    },
    /// A Gram matrix names a task that the combining was not made for.
    #[error("task index {task_idx} in the gram matrix, but there are {n_tasks} tasks")]
    TaskOutOfRange {
        /// The task's index.
        task_idx: usize,
        /// Number of tasks.
        n_tasks: usize,
    },
    /// A normalization by the loss needs a loss to divide by.
    #[error("gradient normalization `{normalization}` needs a positive loss, task {task_idx} has {loss}")]
    LossNotPositive {
        /// The name of the normalization.
        normalization: &'static str,
        /// The task's index.
        task_idx: usize,
        /// Its loss, in its unit.
        loss: f64,
    },
    /// The order in which a task's gradient meets the others' must name each task of the step once.
    #[error("the order for task {task_idx} must name each of 0 to {} once, got {order:?}", n_tasks - 1)]
    InvalidOrder {
        /// The task's index.
        task_idx: usize,
        /// Number of tasks in the step.
        n_tasks: usize,
        /// What was given.
        order: Vec<usize>,
    },
    /// The inner problem of a combining was not solved well enough for its weights to be used.
    #[error("{combining} did not converge: residual {residual:e}, at most {tolerance:e} is accepted")]
    NotConverged {
        /// The combining's name.
        combining: &'static str,
        /// How far the conditions of the problem are from holding.
        residual: f64,
        /// How far they may be.
        tolerance: f64,
    },
    /// The combining does not work on a Gram matrix.
    #[error("{combining} needs {needs}, not the gram matrix of one batch")]
    NotFromGram {
        /// The combining's name.
        combining: &'static str,
        /// What it works on.
        needs: &'static str,
    },
    /// A key of a combining has a value outside its range.
    #[error("{combining}: `{key}` must be {range}, got {got}")]
    InvalidKey {
        /// The combining's name.
        combining: &'static str,
        /// The key.
        key: &'static str,
        /// What it may be.
        range: &'static str,
        /// What was given.
        got: String,
    },
    /// A combining does not have the key.
    #[error("{combining} has no key `{key}`, expected {}", one_of(expected))]
    UnknownKey {
        /// The combining's name.
        combining: &'static str,
        /// The key that was given.
        key: String,
        /// The keys that it has.
        expected: Vec<&'static str>,
    },
    /// A saved state is not one of this combining for as many tasks.
    #[error(
        "a saved state for gradient combining {combining}: `{key}` has {got} values, expected {expected}"
    )]
    CombiningState {
        /// The combining that was to be restored.
        combining: &'static str,
        /// The key in the state.
        key: String,
        /// How many values it should have; 0 if the key is unknown.
        expected: usize,
        /// How many it has.
        got: usize,
    },
    /// The name is not in the registry.
    #[error("unknown gradient combining `{name}`, expected one of {}", expected.join(", "))]
    UnknownCombining {
        /// The name that was given.
        name: String,
        /// Every name that would do.
        expected: Vec<&'static str>,
    },
}

fn one_of(names: &[&'static str]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("one of {}", names.join(", ")) }
}
