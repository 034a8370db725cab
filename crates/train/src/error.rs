//! What can go wrong before, in and after a run.

use std::io;
use std::path::{Path, PathBuf};

use mtl_core_tensor::{FileAction, FileProblem, TensorError};
use mtl_curriculum::CurriculumError;
use mtl_data::synthetic::SyntheticError;
use mtl_data::{DataError, Location};
use mtl_encoders::EncoderError;
use mtl_metrics::{MetricError, MetricKey};
use mtl_sharing::SharingError;

use crate::benchmark::ScoreError;
use crate::config::ConfigError;
use crate::inspect::HistoryProblem;

/// A run, an evaluation or a prediction that cannot be done, or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A data file or a tokenizer was refused.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The synthetic corpus was not written.
    #[error("{source}: {}", std::error::Error::source(.source).map_or(String::new(), ToString::to_string))]
    Synthetic {
        /// What failed.
        #[from]
        source: SyntheticError,
    },
    /// The encoder's folder was refused, or could not be written.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The curriculum cannot be followed.
    #[error(transparent)]
    Curriculum(#[from] CurriculumError),
    /// The losses cannot be weighted.
    #[error(transparent)]
    Sharing(#[from] SharingError),
    /// A tensor operation failed, or a weight file could not be read or written.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// The predictions for a task cannot be scored.
    #[error("failed to score task `{task}`: {source}")]
    Score {
        /// The task.
        task: String,
        /// Why.
        source: MetricError,
    },
    /// A file of predictions, or its gold file, was refused.
    #[error(transparent)]
    Predictions(#[from] ScoreError),
    /// The scores of several runs or tasks cannot be put together.
    #[error(transparent)]
    Summary(MetricError),
    /// The operating system refused a file or folder.
    #[error("{}: failed to {action}: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// There can be no output at the path that was asked for.
    #[error("{}: cannot be the output: {problem}", path.display())]
    Output {
        /// The path.
        path: PathBuf,
        /// Why.
        problem: &'static str,
    },
    /// The examples of a task cannot be split.
    #[error("{}:1:1: failed to split the examples of task `{task}`: {source}", path.display())]
    Split {
        /// The task.
        task: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<DataError>,
    },
    /// The pool of threads could not be started.
    #[error("failed to start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// The folder for a new run holds one already.
    #[error("{}: the folder already holds a run; resume it, or choose another folder", folder.display())]
    HoldsRun {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process runs in the folder.
    #[error("{}: another process is running in this folder", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A new run would write over a file or folder that is not of a run.
    #[error("{}: is there already, and a run would write over it; choose another folder", path.display())]
    Occupied {
        /// The file or folder.
        path: PathBuf,
    },
    /// There is no finished run in the folder.
    #[error("{}: the folder holds no finished run: {what} is missing", folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// The first file that is missing.
        what: &'static str,
    },
    /// There is no history in the folder.
    #[error("{}: the folder holds no run: history.jsonl is missing", folder.display())]
    NoHistory {
        /// The folder.
        folder: PathBuf,
    },
    /// A line of a history was refused.
    #[error("{at}: {problem}")]
    History {
        /// The line, and the column where it goes wrong.
        at: Location,
        /// Why.
        problem: HistoryProblem,
    },
    /// The run to be resumed was started with another configuration.
    #[error("{}: the run was started with another configuration; changed: {}", folder.display(), keys.join(", "))]
    ConfigChanged {
        /// The run's folder.
        folder: PathBuf,
        /// The dotted keys whose values differ.
        keys: Vec<String>,
    },
    /// A run that is to be resumed, or whose scores are to be used, was started with other examples.
    #[error("{}:1:1: the run in {} was started with other examples of this file", file.display(), folder.display())]
    DataChanged {
        /// The run's folder.
        folder: PathBuf,
        /// The file as it is now.
        file: PathBuf,
    },
    /// A run that is to be resumed, or whose scores are to be used, was started from an encoder with other weights.
    #[error(
        "{}: the run was started from an encoder with other weights than `encoder.from` holds now; choose another folder",
        folder.display()
    )]
    EncoderChanged {
        /// The run's folder.
        folder: PathBuf,
    },
    /// A run of a comparison whose folder holds one that shows other examples in other steps.
    #[error(
        "{}: the run was started with other draws of its examples; remove the folder, or compare in another",
        folder.display()
    )]
    DrawsChanged {
        /// The run's folder.
        folder: PathBuf,
    },
    /// A file of a run's folder does not hold what this program writes there.
    #[error("{}: the file of the run is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The run has no task of this name.
    #[error("there is no task `{name}`; tasks: {}{}", tasks.join(", "), nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownTask {
        /// The name.
        name: String,
        /// The tasks there are.
        tasks: Vec<String>,
        /// The most similar of them.
        nearest: Option<String>,
    },
    /// A file can be evaluated for one task only.
    #[error("a file is evaluated for one task, and the run has {}: name one of {}", tasks.len(), tasks.join(", "))]
    TaskNeeded {
        /// The tasks there are.
        tasks: Vec<String>,
    },
    /// A task names no file for the split that is to be evaluated.
    #[error("task `{task}` has no {split} set")]
    NoSplit {
        /// The task.
        task: String,
        /// The split.
        split: &'static str,
    },
    /// No example of a set has a label.
    #[error("{}:1:1: no example has a label for task `{task}`", path.display())]
    Unlabelled {
        /// The task.
        task: String,
        /// The file.
        path: PathBuf,
    },
    /// All labelled examples of a set have one class, and a metric compares two.
    #[error(
        "{}:1:1: every labelled example is `{label}`, and {metric} of task `{task}` needs both classes",
        path.display()
    )]
    OneClass {
        /// The task.
        task: String,
        /// The file.
        path: PathBuf,
        /// The only label that occurs.
        label: String,
        /// The metric.
        metric: MetricKey,
    },
    /// A benchmark's task that no head of this version answers.
    #[error(
        "task `{task}` ({benchmark}) needs a head for {head}, which does not exist; it can be described and scored, not trained"
    )]
    MissingHead {
        /// The task.
        task: String,
        /// The benchmark's task, as `superglue/copa`.
        benchmark: String,
        /// The head.
        head: &'static str,
    },
    /// A run without a task of the benchmark that files are asked for.
    #[error("the run has no task of {benchmark}; its tasks: {}", tasks.join(", "))]
    NoBenchmarkTask {
        /// The benchmark.
        benchmark: &'static str,
        /// The run's tasks.
        tasks: Vec<String>,
    },
    /// A folder without any file of predictions.
    #[error("{}: the folder holds no predictions for {benchmark}; looked for {}", folder.display(), files.join(", "))]
    NoPredictions {
        /// The folder.
        folder: PathBuf,
        /// The benchmark.
        benchmark: &'static str,
        /// The files that were looked for.
        files: Vec<String>,
    },
    /// A predicted alternative that a question does not have.
    #[error("{}:{line}:1: there is no choice {choice}; the question has {choices}, from 0", path.display())]
    NoSuchChoice {
        /// The file of predictions.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// What was predicted.
        choice: String,
        /// How many alternatives there are.
        choices: usize,
    },
    /// Not one prediction for each candidate answer.
    #[error("{}:{line}:1: question {question} has {expected} answers, got labels for {got}", path.display())]
    CandidateCount {
        /// The file of predictions.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The question.
        question: String,
        /// Its candidate answers.
        expected: usize,
        /// The labels.
        got: usize,
    },
    /// Two tasks that label the same examples read different numbers of them.
    #[error("{}:1:1: tasks `{first}` and `{second}` label the same examples, but read {got} and {other} of them", path.display())]
    OtherExamples {
        /// The first task.
        first: String,
        /// The second task.
        second: String,
        /// The file.
        path: PathBuf,
        /// Examples of the first.
        got: usize,
        /// Examples of the second.
        other: usize,
    },
    /// A tag `I-X` that follows neither `B-X` nor `I-X`, where the configuration refuses it.
    #[error(
        "{at}: `{tag}` follows {}, but must follow `B{}` or `{tag}` (invalid_bio = \"refuse\")",
        said(before),
        tag.trim_start_matches('I')
    )]
    InvalidBio {
        /// The tag's place.
        at: Location,
        /// The tag.
        tag: String,
        /// The tag before it, or `the start`.
        before: String,
    },
    /// A tag that is no BIO tag, where the configuration asks for valid BIO.
    #[error(
        "{at}: `{tag}` is no BIO tag: expected O, B-TYPE or I-TYPE; invalid_bio = \"keep\" takes any tag"
    )]
    NoBio {
        /// The tag's place.
        at: Location,
        /// The tag.
        tag: String,
    },
    /// A label outside the scale that the configuration sets.
    #[error("{source}; the scale stands at {scale}")]
    OutOfScale {
        /// The label and its place.
        source: Box<DataError>,
        /// Where the scale is set.
        scale: Location,
    },
    /// Something that follows from a setting of the configuration, with the place of the setting.
    #[error("{at}: {source}")]
    Setting {
        /// The place.
        at: Location,
        /// What is wrong.
        source: Box<TrainError>,
    },
    /// Sequences may be longer than the encoder can take.
    #[error("`encoder.max_tokens` is {max_tokens}, but the encoder has only {positions} positions")]
    TooLong {
        /// The limit on tokens.
        max_tokens: usize,
        /// The encoder's positions.
        positions: usize,
    },
    /// Sequences are longer than an encoder can take.
    #[error("sequences of {tokens} tokens are too long: {encoder} has only {positions} positions")]
    TooFewPositions {
        /// The encoder.
        encoder: String,
        /// Tokens of a sequence.
        tokens: usize,
        /// The encoder's positions.
        positions: usize,
    },
    /// There is no preset of this name.
    #[error("there is no preset `{name}`; presets: {}", crate::config::PRESETS.join(", "))]
    UnknownPreset {
        /// The name.
        name: String,
    },
    /// A method looks at the gradients where the encoder ends, and tasks label different sequences or read different
    /// rows there: no conflict can be seen.
    #[error(
        "sharing.gradients = \"{method}\" compares tasks at the encoder's output, which needs tasks that label the same \
         sequences and all read sequences or all read words; `{first}` and `{second}` do not (see same_examples_as)"
    )]
    NothingToCompare {
        /// The method.
        method: &'static str,
        /// A task.
        first: String,
        /// Another.
        second: String,
    },
    /// A method looks at the gradients of what tasks share, and they share nothing.
    #[error(
        "sharing.{key} = \"{method}\" works on the parameters that tasks share, but with architecture \"{architecture}\" they \
         share none: use \"{plain}\", or another architecture"
    )]
    NothingShared {
        /// The key of the method.
        key: &'static str,
        /// The method.
        method: &'static str,
        /// The architecture.
        architecture: &'static str,
        /// The method that asks for nothing.
        plain: &'static str,
    },
    /// A joint run shows nothing of a task, so there is nothing to compare.
    #[error("the joint run of {steps} steps shows no example of task `{task}`; make it longer")]
    NeverShown {
        /// The task.
        task: String,
        /// The steps of the joint run.
        steps: u64,
    },
    /// Runs of a comparison were scored on other examples, or on examples with other labels.
    #[error(
        "the runs of a comparison must be scored on the same examples of task `{task}`, and seed {seed} of {arm} \
         is not: {source}"
    )]
    OtherGold {
        /// The task.
        task: String,
        /// Which run differs from the first: `the task alone`, `all tasks together`, or all but one.
        arm: String,
        /// Its seed.
        seed: u64,
        /// How they differ.
        source: MetricError,
    },
    /// One task cannot be compared with itself.
    #[error("a comparison needs at least two tasks, and `{task}` is the only one")]
    OneTask {
        /// The task.
        task: String,
    },
    /// There must be at least one seed.
    #[error("a comparison needs at least one seed, got 0")]
    NoSeeds,
    /// A loss or gradient is not a finite number.
    #[error("the {what} of task `{task}` is {value} in step {step}; its examples: {}", examples.join(", "))]
    NotFinite {
        /// `loss` or `gradient`.
        what: &'static str,
        /// The task, or the tasks of the step.
        task: String,
        /// The step, from 1.
        step: u64,
        /// The value.
        value: f64,
        /// `file:line` of the task's examples in the pack.
        examples: Vec<String>,
    },
    /// The weights of a step could not be judged on the dev sets.
    #[error("in the evaluation after step {step}: {source}")]
    Evaluation {
        /// The step, from 1; 0 before the first.
        step: u64,
        /// Why.
        source: Box<TrainError>,
    },
    /// The run was interrupted; what it had done is saved.
    #[error("interrupted after step {step}; saved, resume with the same configuration and folder")]
    Interrupted {
        /// Steps done.
        step: u64,
    },
}

impl TrainError {
    /// The exit code of a program that ends with this error: 2 for the user's mistakes, 1 for a failed run, 130
    /// after an interrupt.
    pub fn exit_code(&self) -> u8 {
        self.fault().exit_code()
    }

    /// Whose fault the error is.
    pub fn fault(&self) -> Fault {
        match self {
            TrainError::Interrupted { .. } => Fault::Interrupted,
            TrainError::Setting { source, .. } | TrainError::Evaluation { source, .. } => source.fault(),
            TrainError::Tensor(error) => fault_of_tensor(error),
            TrainError::Encoder(error) => fault_of_encoder(error),
            // Of what can be wrong with predictions, only this follows from what the file says.
            TrainError::Score { source: MetricError::NotBinary { .. }, .. } => Fault::User,
            TrainError::Score { .. }
            | TrainError::Synthetic { .. }
            | TrainError::Sharing(_)
            | TrainError::Summary(_)
            | TrainError::Io { .. }
            | TrainError::Threads { .. }
            | TrainError::NotFinite { .. } => Fault::Run,
            TrainError::Config(_)
            | TrainError::Data(_)
            | TrainError::Curriculum(_)
            | TrainError::Predictions(_)
            | TrainError::Output { .. }
            | TrainError::Split { .. }
            | TrainError::HoldsRun { .. }
            | TrainError::Busy { .. }
            | TrainError::Occupied { .. }
            | TrainError::NoRun { .. }
            | TrainError::NoHistory { .. }
            | TrainError::History { .. }
            | TrainError::ConfigChanged { .. }
            | TrainError::DataChanged { .. }
            | TrainError::EncoderChanged { .. }
            | TrainError::DrawsChanged { .. }
            | TrainError::Damaged { .. }
            | TrainError::UnknownTask { .. }
            | TrainError::TaskNeeded { .. }
            | TrainError::NoSplit { .. }
            | TrainError::Unlabelled { .. }
            | TrainError::OneClass { .. }
            | TrainError::MissingHead { .. }
            | TrainError::NoBenchmarkTask { .. }
            | TrainError::NoPredictions { .. }
            | TrainError::NoSuchChoice { .. }
            | TrainError::CandidateCount { .. }
            | TrainError::OtherExamples { .. }
            | TrainError::InvalidBio { .. }
            | TrainError::NoBio { .. }
            | TrainError::OutOfScale { .. }
            | TrainError::TooLong { .. }
            | TrainError::TooFewPositions { .. }
            | TrainError::UnknownPreset { .. }
            | TrainError::NothingShared { .. }
            | TrainError::NothingToCompare { .. }
            | TrainError::NeverShown { .. }
            | TrainError::OtherGold { .. }
            | TrainError::OneTask { .. }
            | TrainError::NoSeeds => Fault::User,
        }
    }

    /// Turns an error of the system about `path` into one of a run.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TrainError {
        let path = path.to_owned();
        move |source| TrainError::Io { action, path, source }
    }
}

/// Who can do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The user: the command, the configuration or the data have a mistake.
    User,
    /// Nobody who reads the message: a run, or the system, failed.
    Run,
    /// Somebody stopped the run, which is no error.
    Interrupted,
}

impl Fault {
    /// The exit code of a program that ends so.
    pub fn exit_code(self) -> u8 {
        match self {
            Fault::Run => 1,
            Fault::User => 2,
            Fault::Interrupted => 130,
        }
    }
}

/// A file that is damaged or not a model's is a mistake; that it cannot be written is not.
fn fault_of_tensor(error: &TensorError) -> Fault {
    match error {
        TensorError::File { problem: FileProblem::Io { action: FileAction::Write, .. }, .. } => Fault::Run,
        TensorError::File { .. } | TensorError::UnknownIsa { .. } => Fault::User,
        _ => Fault::Run,
    }
}

/// A folder that cannot be read, or is not a model's, is a mistake; that it cannot be written is not.
fn fault_of_encoder(error: &EncoderError) -> Fault {
    match error {
        EncoderError::Tensor(TensorError::File {
            problem: FileProblem::Io { action: FileAction::Write, .. },
            ..
        }) => Fault::Run,
        EncoderError::Io { action, .. } if *action != "read" => Fault::Run,
        _ => Fault::User,
    }
}

/// A tag in quotes, or the words that stand for none.
fn said(tag: &str) -> String {
    if tag.contains(' ') { tag.to_owned() } else { format!("`{tag}`") }
}
