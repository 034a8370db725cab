//! What can be wrong with a configuration file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use mtl_curriculum::CurriculumError;
use thiserror::Error;

/// Why a configuration file was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}:1:1: failed to read the configuration: {error}{}", .path.display(), meant(nearest, there))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
        /// The TOML file beside a missing one whose name is most like its own.
        nearest: Option<String>,
        /// All TOML files beside a missing one.
        there: Vec<String>,
    },
    /// A folder that relative paths start from cannot be written into a TOML file.
    #[error("{}: failed to note the folder in the configuration: its name is not valid UTF-8", .path.display())]
    NotUnicode {
        /// The folder.
        path: PathBuf,
    },
    /// The file breaks a rule.
    #[error("{}:{line}:{column}: {problem}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// The rule.
        problem: Box<ConfigProblem>,
    },
}

/// The rules that a configuration file can break, with the names and values that broke them.
///
/// Keys are dotted, as in `train.batch`.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// The text is not UTF-8.
    #[error("the file is not valid UTF-8: byte 0x{byte:02x}")]
    NotUtf8 {
        /// The first byte that does not belong.
        byte: u8,
    },
    /// The text is not TOML.
    #[error("not valid TOML: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key stands twice in one table, such as two tasks with one name.
    #[error("`{key}` is given twice")]
    GivenTwice {
        /// The key as it is written.
        key: String,
    },
    /// The key does not exist.
    #[error("unknown key `{key}`{suggestion}")]
    UnknownKey {
        /// The key.
        key: String,
        /// What was probably meant.
        suggestion: Suggestion,
    },
    /// The value is of another type.
    #[error("`{key}` must be {expected}, got {got}")]
    WrongType {
        /// The key.
        key: String,
        /// The type that it takes.
        expected: &'static str,
        /// The type that it was given.
        got: &'static str,
    },
    /// The value is none of those that the key takes.
    #[error("`{key}` cannot be `{value}`{suggestion}")]
    UnknownValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What was probably meant.
        suggestion: Suggestion,
    },
    /// The number, or the number of items, is out of its range.
    #[error("`{key}` must be {rule}, got {got}")]
    OutOfRange {
        /// The key.
        key: String,
        /// The range in words.
        rule: String,
        /// The value.
        got: String,
    },
    /// A table lacks a key.
    #[error("{table} needs {key}")]
    Missing {
        /// The table, as `[tasks.name]`.
        table: String,
        /// The key, or the keys of which one is needed, and why where that is not plain.
        key: String,
    },
    /// Two keys exclude each other.
    #[error("`{first}` and `{second}` are both given, only one of them can hold")]
    Conflict {
        /// One key.
        first: String,
        /// The other.
        second: String,
    },
    /// A key makes no sense beside what another key says.
    #[error("`{key}` applies to {applies_to}, not to {given}")]
    NotApplicable {
        /// The key.
        key: String,
        /// Where it does apply.
        applies_to: &'static str,
        /// What the file says instead.
        given: String,
    },
    /// The metric exists, but not for this kind of task.
    #[error("`{key}` cannot be `{metric}` for {kind}, expected one of {}", .valid.join(", "))]
    MetricOfOtherKind {
        /// The key.
        key: String,
        /// The metric.
        metric: String,
        /// The task's kind.
        kind: &'static str,
        /// The metrics that apply to it.
        valid: &'static [&'static str],
    },
    /// A task's name is part of file names and of parameter names.
    #[error("a task's name is made of letters, digits, `_` and `-`, got `{name}`")]
    TaskName {
        /// The name.
        name: String,
    },
    /// A weight is given that the weighting does not read.
    #[error(
        "`sharing.weighting` is {weighting}, but task `{task}` has weight {weight}; set weighting = \"fixed\""
    )]
    UnusedWeight {
        /// The weighting.
        weighting: &'static str,
        /// The task.
        task: String,
        /// Its weight.
        weight: f64,
    },
    /// A method looks at several tasks in one step, and each step is of one task.
    #[error(
        "`{key}` cannot be {value} where each step is of one task; set curriculum.unit = \"every-task\" or \"sequence\""
    )]
    OneTaskSteps {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
    /// A method cuts each step into three batches, each with every task.
    #[error(
        "sharing.gradients = \"{value}\" cuts each step into three batches: {tasks} tasks need train.batch of at least \
         {least}, got {batch}"
    )]
    TooFewSequences {
        /// The method.
        value: &'static str,
        /// The number of tasks.
        tasks: usize,
        /// Sequences per step.
        batch: usize,
        /// The fewest that serve.
        least: usize,
    },
    /// GradNorm balances the gradients of a weighted sum of losses, so there must be one.
    #[error(
        "sharing.weighting = \"{first}\" balances a sum of gradients; it cannot be used with gradients = \"{second}\""
    )]
    NotTogether {
        /// The loss weighting.
        first: &'static str,
        /// The gradient combining.
        second: &'static str,
    },
    /// All tasks are auxiliaries, of nothing.
    #[error("every task is an auxiliary; at least one must have role = \"target\", the default")]
    NoTarget,
    /// An architecture shares between tasks, and there is one.
    #[error("architecture \"{architecture}\" shares between tasks, but there is one task only: use \"hard\"")]
    NothingToShare {
        /// The architecture.
        architecture: &'static str,
    },
    /// An adapter acts in one encoder, and each task has its own.
    #[error(
        "adapter \"{adapter}\" acts in the one encoder that tasks share, but with architecture \"{architecture}\" each \
         task has its own: use architecture \"hard\""
    )]
    AdapterOfCopies {
        /// The adapter.
        adapter: &'static str,
        /// The architecture.
        architecture: &'static str,
    },
    /// A penalty ties copies, and there are none.
    #[error(
        "penalty \"{penalty}\" ties the tasks' copies of an encoder, but with architecture \"{architecture}\" there is one \
         encoder: use architecture \"soft\" or \"cross-stitch\""
    )]
    PenaltyWithoutCopies {
        /// The penalty.
        penalty: &'static str,
        /// The architecture.
        architecture: &'static str,
    },
    /// Tasks that label the same examples disagree about where they are.
    #[error("`{key}` must be the same as in [tasks.{other}], whose examples the task labels")]
    OtherExamples {
        /// The key.
        key: String,
        /// The task that is named by `same_examples_as`.
        other: String,
    },
    /// `same_examples_as` names a task that itself follows another.
    #[error("`{key}` must name a task that has examples of its own, which `{other}` has not")]
    NoOwnExamples {
        /// The key.
        key: String,
        /// The task that was named.
        other: String,
    },
    /// The tasks cannot be mixed as asked.
    #[error(transparent)]
    Curriculum(CurriculumError),
}

/// What the user probably meant: the nearest valid name, or all of them if none is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The nearest valid name.
    pub nearest: Option<String>,
    /// Every valid name.
    pub valid: Vec<String>,
}

impl Suggestion {
    /// The [`nearest`](mtl_data::nearest) of the `valid` names to what was written.
    pub(super) fn new<'v>(written: &str, valid: impl IntoIterator<Item = &'v str>) -> Self {
        let valid: Vec<String> = valid.into_iter().map(str::to_owned).collect();
        let nearest = mtl_data::nearest(written, valid.iter().map(String::as_str)).map(str::to_owned);
        Self { nearest, valid }
    }
}

/// The file that was probably meant, or the first of those that there are.
fn meant(nearest: &Option<String>, there: &[String]) -> String {
    const LISTED: usize = 5;
    match (nearest, there) {
        (Some(name), _) => format!("; did you mean {name:?}?"),
        (None, []) => String::new(),
        (None, there) => {
            let listed = there.iter().take(LISTED).map(|name| format!("{name:?}"));
            let more = if there.len() > LISTED { ", ..." } else { "" };
            format!("; its folder holds {}{more}", listed.collect::<Vec<_>>().join(", "))
        }
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
            None if self.valid.is_empty() => Ok(()),
            None => write!(f, ", expected one of {}", self.valid.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested() {
        let valid = ["epochs", "learning_rate", "batch"];
        let nearest = |written| Suggestion::new(written, valid).nearest;
        assert_eq!(nearest("epoch").as_deref(), Some("epochs"));
        assert_eq!(nearest("learning-rate").as_deref(), Some("learning_rate"));
        assert_eq!(nearest("learn").as_deref(), Some("learning_rate"));
        assert_eq!(nearest("Bacth").as_deref(), Some("batch"));
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        let suggestion = Suggestion::new("zzz", ["epochs", "batch"]);
        assert_eq!(suggestion.to_string(), ", expected one of epochs, batch");
        assert_eq!(Suggestion::new("zzz", []).to_string(), "");
    }
}
