//! Who watches a run: a progress bar, a log, a test. This crate prints nothing.

use std::path::Path;

use crate::plan::Plan;
use crate::scores::Scores;

/// Told what happens, in order. Every method does nothing unless it is written.
pub trait Observer: Send {
    /// A run of a comparison begins: its folder's name, its number from 1, and how many there are.
    fn run(&mut self, _name: &str, _number: usize, _total: usize) {}

    /// A file is about to be read and tokenized, `done` of `total` files being ready.
    fn tokenizing(&mut self, _file: &Path, _done: usize, _total: usize) {}

    /// What the run will do.
    fn planned(&mut self, _plan: &Plan) {}

    /// A step was done.
    fn step(&mut self, _report: &StepReport<'_>) {}

    /// The dev sets were scored after a step.
    fn evaluated(&mut self, _step: u64, _scores: &Scores) {}

    /// A checkpoint of a step was saved.
    fn saved(&mut self, _step: u64, _folder: &Path) {}

    /// Something that the user should know: a warning, or where a resumed run continues.
    fn message(&mut self, _text: &str) {}
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// One step, as a progress bar shows it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StepReport<'a> {
    /// The step, from 1.
    pub step: u64,
    /// All steps of the run.
    pub total: u64,
    /// Each task's name and its running loss: an exponential mean over its steps of weight 0.05 for the newest;
    /// `None` before its first.
    pub losses: &'a [(String, Option<f64>)],
    /// What each task's gradient was multiplied by in the shared parameters, the same kind of mean over the steps since
    /// the run began or was resumed; `None` before its first, and where each element has its own factor. In the order
    /// of `losses`.
    pub weights: &'a [Option<f64>],
    /// The norm of each task's gradient when it was last measured, unweighted; `None` before that. In the order of
    /// `losses`.
    pub gradient_norms: &'a [Option<f64>],
    /// The two tasks whose gradients conflicted most when they were last measured, and their cosine; `None` if none did.
    pub conflict: Option<&'a (String, String, f64)>,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// The norm of the whole gradient before clipping.
    pub gradient_norm: f64,
    /// Real tokens trained on since the run began.
    pub tokens: u64,
    /// Tokens per second since the run began, evaluation and checkpoints aside.
    pub tokens_per_second: f64,
    /// The rate of the model's operations as a part of what the machine can do at most on as many threads in the same
    /// precision, as it was measured when the run began.
    pub share_of_peak: f64,
}
