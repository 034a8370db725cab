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
    /// A value that cannot be negative is.
    #[error("{what} {index} is negative: {value}")]
    Negative {
        /// What the value is.
        what: &'static str,
        /// Its index, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A probability lies outside 0 to 1.
    #[error("probability of class {class} in row {row} is not between 0 and 1: {value}")]
    NotAProbability {
        /// Index of the row, from 0.
        row: usize,
        /// Index of the class, from 0.
        class: usize,
        /// The value.
        value: f64,
    },
    /// The probabilities of one example do not sum to one.
    #[error("probabilities in row {row} sum to {sum}, not to 1")]
    NotADistribution {
        /// Index of the row, from 0.
        row: usize,
        /// Their sum.
        sum: f64,
    },
    /// The table of probabilities does not have one row of `n_classes` per example.
    #[error("{got} probabilities for {examples} examples of {n_classes} classes")]
    ProbabilityShape {
        /// Number of examples.
        examples: usize,
        /// Number of classes.
        n_classes: usize,
        /// How many probabilities there are.
        got: usize,
    },
    /// The gold side has one class only, so nothing can be told apart.
    #[error("{metric} needs both classes in gold, got only class {class} ({examples} examples)")]
    OneClass {
        /// The metric asked for.
        metric: MetricKey,
        /// The class that every example has.
        class: usize,
        /// Number of examples.
        examples: usize,
    },
    /// A tag `I-X` that follows neither `B-X` nor `I-X`.
    #[error(
        "word {word} of sentence {sentence}: {tag} follows {before}, but must follow B{} or {tag}",
        tag.trim_start_matches('I')
    )]
    InvalidBio {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Index of the word in the sentence, from 0.
        word: usize,
        /// The tag.
        tag: String,
        /// The tag before it, or `the start`.
        before: String,
    },
    /// A tag is neither `O` nor `B-X` nor `I-X`.
    #[error("word {word} of sentence {sentence} has tag \"{tag}\": expected O, B-TYPE or I-TYPE")]
    UnknownTag {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Index of the word in the sentence, from 0.
        word: usize,
        /// The tag.
        tag: String,
    },
    /// A text has no reference to be compared with.
    #[error("text {example} has no reference")]
    NoReference {
        /// Index of the text, from 0.
        example: usize,
    },
    /// A smoothing constant lies outside its range.
    #[error("smoothing {name} must be {range}, got {value}")]
    Smoothing {
        /// The kind of smoothing.
        name: &'static str,
        /// The allowed range, in words.
        range: &'static str,
        /// The value.
        value: f64,
    },
    /// A metric of two classes was asked of another number of them.
    #[error("{metric} needs exactly two classes, got {n_classes}{hint}", hint = hint(*metric))]
    NotBinary {
        /// The metric asked for.
        metric: MetricKey,
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
    /// A word's head lies beyond its sentence.
    #[error("word {word} of sentence {sentence} has head {head}, but the sentence has {words} words")]
    HeadOutOfRange {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Number of the word, from 1 as heads are.
        word: usize,
        /// The head found there.
        head: usize,
        /// Words of the sentence.
        words: usize,
    },
    /// Examples and the names of their groups (questions, pairs) differ in number.
    #[error("{groups} group names for {examples} examples")]
    GroupsMismatch {
        /// How many names.
        groups: usize,
        /// How many examples.
        examples: usize,
    },
    /// A question has no accepted answer.
    #[error("example {example} has no gold answer")]
    NoAnswer {
        /// Index of the example, from 0.
        example: usize,
    },
    /// A minimal pair has more or fewer than two examples.
    #[error("the pair of example {example} has {members} examples, expected 2")]
    NotAPair {
        /// Index of its first example, from 0.
        example: usize,
        /// How many examples it has.
        members: usize,
    },
    /// Tasks of a benchmark have no score.
    #[error("no {aggregate} without {}", missing.join(", "))]
    MissingTasks {
        /// The score over all tasks.
        aggregate: &'static str,
        /// The tasks that it lacks.
        missing: Vec<&'static str>,
    },
    /// A metric without bounds was to be normalised.
    #[error("{metric} has no upper bound, so it cannot be normalised by its range")]
    Unbounded {
        /// The metric.
        metric: MetricKey,
    },
    /// A score that its metric cannot take.
    #[error("{metric} {score} lies outside its range, {min} to {max}")]
    OutsideRange {
        /// The metric.
        metric: MetricKey,
        /// The score.
        score: f64,
        /// The metric's smallest value.
        min: f64,
        /// Its largest.
        max: f64,
    },
    /// A task's weight is negative or not a number.
    #[error("the weight of task {task} must not be negative, got {weight}")]
    BadWeight {
        /// Index of the task, from 0.
        task: usize,
        /// Its weight.
        weight: f64,
    },
    /// The weights of all tasks cannot be divided by.
    #[error("the weights of the tasks add up to {total}")]
    BadWeights {
        /// Their sum.
        total: f64,
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

/// What to use instead of a metric of two classes.
fn hint(metric: MetricKey) -> &'static str {
    match metric {
        MetricKey::F1 => ": use macro_f1 or micro_f1",
        _ => "",
    }
}
