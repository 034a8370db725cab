//! What can be wrong with the input of a metric.

use crate::key::MetricKey;
use crate::outcomes::OutcomeKind;

/// The rule that an input breaks, with the values that break it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// There is nothing to score.
    #[error("nothing to score: no {what}")]
    Empty {
        /// What holds no element.
        what: &'static str,
    },
    /// Gold and predicted sides differ in length.
    #[error("{gold} gold against {predicted} predicted {what}")]
    LengthMismatch {
        /// What is counted.
        what: &'static str,
        /// Length of the gold side.
        gold: usize,
        /// Length of the predicted side.
        predicted: usize,
    },
    /// Batch means and batch sizes differ in number.
    #[error("{means} batch means against {sizes} batch sizes")]
    BatchMismatch {
        /// How many means.
        means: usize,
        /// How many sizes.
        sizes: usize,
    },
    /// A candidate has more or fewer scores than there are tasks.
    #[error("candidate {candidate} has {scores} scores for {tasks} tasks")]
    ScoresMismatch {
        /// Index of the candidate, from 0.
        candidate: usize,
        /// How many scores it has.
        scores: usize,
        /// How many tasks there are.
        tasks: usize,
    },
    /// One sentence has more words on one side than on the other.
    #[error("sentence {sentence} has {gold} gold against {predicted} predicted words")]
    SentenceLengthMismatch {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Words on the gold side.
        gold: usize,
        /// Words on the predicted side.
        predicted: usize,
    },
    /// A label index is not below the number of labels.
    #[error("label {label} of example {example} is out of range: there are {n_labels} labels")]
    LabelOutOfRange {
        /// Index of the example (of the sentence, where there are tags), from 0.
        example: usize,
        /// The label found there.
        label: usize,
        /// Number of labels.
        n_labels: usize,
    },
    /// A value is infinite or not a number.
    #[error("{what} {index} is not finite: {value}")]
    NotFinite {
        /// What the value is.
        what: &'static str,
        /// Its index, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Binary F1 was asked of something other than two classes.
    #[error("f1 needs exactly two classes, got {n_classes}: use macro_f1 or micro_f1")]
    NotBinary {
        /// Number of classes.
        n_classes: usize,
    },
    /// The metric is not defined for this kind of prediction.
    #[error("{metric} does not apply to {kind}")]
    NotApplicable {
        /// The metric asked for.
        metric: MetricKey,
        /// What was predicted.
        kind: OutcomeKind,
    },
    /// No metric has this key.
    #[error("unknown metric \"{name}\"")]
    UnknownMetric {
        /// The name as it was given.
        name: String,
    },
    /// A statistic needs more values than there are.
    #[error("{what} needs at least {needed} values, got {got}")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// The fewest values that define it.
        needed: usize,
        /// How many there are.
        got: usize,
    },
    /// A relative gain over a baseline of zero.
    #[error("no relative gain over a baseline of zero (task {task}, metric {metric})")]
    ZeroBaseline {
        /// Index of the task, from 0.
        task: usize,
        /// Index of the metric in the task, from 0.
        metric: usize,
    },
    /// Two sides that are compared in pairs differ in length.
    #[error("{first} {what} of the first against {second} of the second")]
    PairMismatch {
        /// What is counted.
        what: &'static str,
        /// Length of the first.
        first: usize,
        /// Length of the second.
        second: usize,
    },
    /// Two systems that are compared were scored against different gold labels.
    #[error("the systems have different gold labels, first at example {example}")]
    OtherGold {
        /// Index of the example, from 0.
        example: usize,
    },
    /// A number is outside the range that it can have.
    #[error("{what} must be {rule}, got {value}")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// The range in words.
        rule: &'static str,
        /// The number.
        value: f64,
    },
}
