//! What a run will do, before anything runs.

use serde::Serialize;

use crate::config::Config;
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::Options;

/// What a run will do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Each task, in the order of the configuration.
    pub tasks: Vec<TaskPlan>,
    /// Optimizer updates.
    pub steps: u64,
    /// Sequences shown, repeats counted.
    pub sequences: u64,
    /// Real tokens shown, repeats counted: exact where every example is shown equally often, else expected.
    pub tokens: u64,
    /// Numbers that are learned.
    pub parameters: u64,
    /// What the run will need, estimated.
    pub estimate: Estimate,
    /// Texts of a dev set that stand in the train set too, and other things to look at before the start.
    pub warnings: Vec<String>,
}

/// What a run will do with one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskPlan {
    /// The task's name.
    pub name: String,
    /// Labelled train examples.
    pub train_examples: usize,
    /// Labelled dev examples.
    pub dev_examples: usize,
    /// Tokens of the train examples, after truncation.
    pub train_tokens: u64,
    /// Train examples that truncation shortened or may have shortened: those of exactly the longest length.
    pub at_limit: usize,
    /// Number of labels; 1 for regression.
    pub labels: usize,
    /// Steps that show the task.
    pub steps: u64,
    /// Examples of the task that are shown, repeats counted.
    pub sequences: u64,
    /// How often each of its examples is shown, on average.
    pub epochs: f64,
    /// The step, from 1, in which its examples begin to repeat; `None` if they never do.
    pub first_repeat: Option<u64>,
    /// The share of the run's sequences that are of this task.
    pub probability: f64,
}

/// What a run will need. These are estimates: the formulas are with the fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Peak memory in MiB: 16 bytes a parameter (weight, gradient, two moments; 12 with momentum SGD), the
    /// activations of one pack, and 48 MiB for the program, the text and scratch.
    pub memory_mib: f64,
    /// Floating-point operations of all training steps: 6 a token and weight of a matrix product, and
    /// 12 x layers x hidden a token and token of its sequence for attention.
    pub flops: f64,
    /// Operations per second that a few products of the encoder's sizes reached just now.
    pub flops_per_second: f64,
    /// Seconds of training: `flops / flops_per_second`, and half as much again for what is not a product.
    pub seconds: f64,
}

/// Reads and tokenizes the data of a configuration and says what a run would do.
///
/// Writes nothing but the cache of tokenized texts. Errors if the data, the tokenizer or the encoder is refused.
pub fn plan(config: &Config, options: &Options, observer: &mut dyn Observer) -> Result<Plan, TrainError> {
    unimplemented!("{config:?} {options:?} {}", std::mem::size_of_val(observer))
}
