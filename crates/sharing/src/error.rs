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
        /// What was counted: "losses" or "gradient norms", say.
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
    /// A loss is negative, where the weighting compares losses by their ratios or logarithms.
    #[error(
        "the loss of task {task_idx} is {loss} in step {step}, {weighting} weighting needs losses of at least 0"
    )]
    LossNegative {
        /// The weighting.
        weighting: &'static str,
        /// The task's index.
        task_idx: usize,
        /// The step, from 0.
        step: u64,
        /// The loss, in the task's unit.
        loss: f64,
    },
    /// The weighting learns from losses, and the step shows none.
    #[error("{weighting} weighting needs the losses of step {step}, no task has one")]
    NoLosses {
        /// The weighting.
        weighting: &'static str,
        /// The step, from 0.
        step: u64,
    },
    /// A loss on development data is negative, infinite or not a number.
    #[error("the dev loss of task {task_idx} must be at least 0 and finite, got {loss}")]
    InvalidDevLoss {
        /// The task's index.
        task_idx: usize,
        /// The loss, in the task's unit.
        loss: f64,
    },
    /// The norm of a gradient is negative, infinite or not a number.
    #[error("the gradient norm of task {task_idx} must be at least 0 and finite, got {norm} in step {step}")]
    InvalidGradientNorm {
        /// The task's index.
        task_idx: usize,
        /// The step, from 0.
        step: u64,
        /// The norm.
        norm: f64,
    },
    /// Something belongs to a step whose losses were not shown, or not for the same tasks.
    #[error("{what} of step {step} came without the losses of the same tasks before them")]
    OutOfOrder {
        /// What came: "gradient norms" or "losses after the update".
        what: &'static str,
        /// The step, from 0.
        step: u64,
    },
    /// A weighting was asked for weights before it was told what it needs for them.
    #[error("{weighting} weighting needs {what} before the weights of step {step}")]
    Untold {
        /// The weighting.
        weighting: &'static str,
        /// What it was not told.
        what: &'static str,
        /// The step, from 0.
        step: u64,
    },
    /// A method has no such key.
    #[error(
        "{method} has no key `{key}`{}",
        nearest.map_or_else(|| listed(expected), |nearest| format!(", did you mean `{nearest}`?"))
    )]
    UnknownKey {
        /// The loss weighting or gradient combining.
        method: &'static str,
        /// The key that was given.
        key: String,
        /// The name that is most like it, if one is.
        nearest: Option<&'static str>,
        /// Every key of the method.
        expected: Vec<&'static str>,
    },
    /// A key's value is out of its range.
    #[error("`{key}` of {weighting} weighting must be {range}, got {got}")]
    KeyOutOfRange {
        /// The weighting.
        weighting: &'static str,
        /// The key.
        key: &'static str,
        /// The range, in words.
        range: &'static str,
        /// The value.
        got: f64,
    },
    /// A saved state lacks something.
    #[error("a saved state for loss weighting {weighting} lacks `{key}`")]
    MissingState {
        /// The weighting that was to be restored.
        weighting: &'static str,
        /// The key that is not there.
        key: &'static str,
    },
    /// A saved state belongs to another number of tasks.
    #[error(
        "a saved state for loss weighting {weighting} holds {got} values of `{key}`, expected {expected}"
    )]
    StateLength {
        /// The weighting that was to be restored.
        weighting: &'static str,
        /// The key in the state.
        key: &'static str,
        /// Number of values that belong there.
        expected: usize,
        /// Number of values in the state.
        got: usize,
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
    #[error("`{key}` of {combining} combining must be {range}, got {got}")]
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
    /// An architecture was given another number of encoders than it needs.
    #[error("architecture `{architecture}` needs {expected} encoders, got {got}")]
    EncoderCount {
        /// The architecture's name.
        architecture: &'static str,
        /// How many it needs.
        expected: usize,
        /// How many it was given.
        got: usize,
    },
    /// The tasks' copies of an encoder must have one form.
    #[error(
        "the copies of an encoder must have one form: `{name}` has hidden size {}, {} layers and {} parameters, `{first}` has {}, {} and {}",
        got[0], got[1], got[2], expected[0], expected[1], expected[2]
    )]
    EncoderForm {
        /// The name of the first copy.
        first: String,
        /// Its hidden size, number of layers and number of parameters.
        expected: [usize; 3],
        /// The name of the copy that differs.
        name: String,
        /// Its hidden size, number of layers and number of parameters.
        got: [usize; 3],
    },
    /// The method needs several tasks.
    #[error("`architecture = \"{architecture}\"` needs at least {expected} tasks, got {got}")]
    TooFewTasks {
        /// The architecture's name.
        architecture: &'static str,
        /// How many it needs.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Adapters act in one encoder, and the architecture has one for each task.
    #[error(
        "architecture `{architecture}` takes no adapters: they act in the one encoder of architecture `hard`"
    )]
    AdaptersRefused {
        /// The architecture's name.
        architecture: &'static str,
    },
}

fn listed(expected: &[&str]) -> String {
    if expected.is_empty() { ", it has none".to_owned() } else { format!(", only {}", expected.join(", ")) }
}
