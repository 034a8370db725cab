//! When a task has been trained enough.
//!
//! A rule is a file with a type and its row; [`ROWS`] lists the rows. [`Stopping`] follows one rule per task: after each
//! evaluation it is told the task's own metric, and says what to do.

pub mod none;
pub mod patience;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use mtl_base::registry::Row;
use mtl_base::{Settings, Value};
use serde::{Deserialize, Serialize};

pub use none::Never;
pub use patience::Patience;

use crate::method::MethodConfig;
use crate::name::named;
use crate::{CurriculumError, Score};

/// The stopping rules, in the order in which an error lists them.
pub static ROWS: &[Row<Build>] = &[none::ROW, patience::ROW];

/// How the rule of a task is made from its settings.
pub type Build = fn(&Settings) -> Box<dyn Rule>;

/// A stopping rule with its settings.
pub type StoppingConfig = MethodConfig<Build>;

/// What is to be done with a task after an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Go on.
    Continue,
    /// Train it no more.
    Stop,
    /// Train it no more, and take its parameters back to what they were at an evaluation.
    RollBack {
        /// The step of that evaluation.
        to: u64,
    },
}

/// What becomes of the draws of a stopped task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freed {
    /// The tasks that go on get them: probabilities are normalised anew.
    Others,
    /// They are dropped.
    Nothing,
}

named!(
    Freed, "freed",
    Others => "others",
    Nothing => "nothing",
);

/// Where a rule stands: all that has to be saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleState {
    /// The step of the best evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_step: Option<u64>,
    /// The score of the best evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_score: Option<f64>,
    /// Evaluations since then.
    #[serde(default)]
    pub waited: u64,
}

/// A rule that says when a task stops.
pub trait Rule: Debug + Send {
    /// Takes the task's score after a step, and says what to do.
    fn evaluated(&mut self, step: u64, score: Score) -> Action;

    /// The step of the evaluation that an action may lead back to; its parameters are to be kept.
    fn best(&self) -> Option<u64>;

    /// What to save.
    fn state(&self) -> RuleState;

    /// Continues from a saved state.
    fn restore(&mut self, state: &RuleState);
}

impl StoppingConfig {
    /// The rule `name` with these settings.
    ///
    /// Errors if there is no such rule, or a setting is refused.
    pub fn new(name: &str, given: BTreeMap<String, Value>) -> Result<Self, CurriculumError> {
        Self::find(ROWS, name, given)
    }

    /// What becomes of the draws of a stopped task.
    pub fn freed(&self) -> Freed {
        let given = self.settings().text_if_given("freed");
        given.map_or(Freed::Others, |name| name.parse().expect("the range has these names"))
    }

    /// Whether it ever stops a task.
    pub fn stops(&self) -> bool {
        self.name() != none::ROW.method.name
    }
}

/// The rule of a name, with the defaults of its settings.
impl FromStr for StoppingConfig {
    type Err = CurriculumError;

    fn from_str(name: &str) -> Result<Self, CurriculumError> {
        StoppingConfig::new(name, BTreeMap::new())
    }
}

impl Default for StoppingConfig {
    fn default() -> Self {
        none::ROW.method.name.parse().expect("it has no settings")
    }
}

/// One rule per task, and which tasks have stopped.
#[derive(Debug)]
pub struct Stopping {
    rules: Vec<Box<dyn Rule>>,
    stopped: Vec<bool>,
}

/// Where the rules of all tasks stand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoppingState(Vec<TaskState>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskState {
    stopped: bool,
    rule: RuleState,
}

impl StoppingState {
    /// Whether nothing has been evaluated yet.
    pub fn is_new(&self) -> bool {
        self.0.iter().all(|task| *task == TaskState::default())
    }
}

impl Stopping {
    /// The rules of `n_tasks` tasks before the first evaluation.
    pub fn new(config: &StoppingConfig, n_tasks: usize) -> Self {
        let rules = (0..n_tasks).map(|_| config.build_fn()(config.settings())).collect();
        Self { rules, stopped: vec![false; n_tasks] }
    }

    /// Takes a task's score after a step, and says what to do. A task that has stopped goes on having stopped:
    /// [`Action::Continue`] changes nothing then.
    ///
    /// # Panics
    ///
    /// If there is no such task.
    pub fn evaluated(&mut self, task: crate::TaskId, step: u64, score: Score) -> Action {
        if self.stopped[task.0] {
            return Action::Continue;
        }
        let action = self.rules[task.0].evaluated(step, score);
        self.stopped[task.0] = action != Action::Continue;
        action
    }

    /// Whether a task has stopped.
    pub fn is_stopped(&self, task: crate::TaskId) -> bool {
        self.stopped[task.0]
    }

    /// The step of a task's best evaluation, to which it may be rolled back.
    pub fn best(&self, task: crate::TaskId) -> Option<u64> {
        self.rules[task.0].best()
    }

    /// What to save.
    pub fn state(&self) -> StoppingState {
        let tasks = self.rules.iter().zip(&self.stopped);
        StoppingState(tasks.map(|(rule, &stopped)| TaskState { stopped, rule: rule.state() }).collect())
    }

    /// Continues from a saved state of as many tasks, or of a run that had no rules.
    ///
    /// Errors if the state is of another number of tasks.
    pub fn restore(&mut self, state: &StoppingState) -> Result<(), CurriculumError> {
        if state.is_new() {
            return Ok(());
        }
        if state.0.len() != self.rules.len() {
            let reason = "it is of another number of tasks";
            return Err(CurriculumError::OtherState { what: "the stopping rules", reason });
        }
        for ((rule, stopped), state) in self.rules.iter_mut().zip(&mut self.stopped).zip(&state.0) {
            rule.restore(&state.rule);
            *stopped = state.stopped;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaskId;

    #[test]
    fn every_row_is_in_a_file_that_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for row in ROWS {
            assert_eq!(row.method.group, "stopping");
            assert!(root.join(row.method.file).is_file(), "{}", row.method.file);
            assert_eq!(row.method.name.parse::<StoppingConfig>().unwrap().name(), row.method.name);
        }
        assert!(!StoppingConfig::default().stops());
    }

    #[test]
    fn a_task_stops_once_and_alone() {
        let given = [("patience".to_owned(), Value::Number(1.0))].into();
        let config = StoppingConfig::new("patience", given).unwrap();
        let mut stopping = Stopping::new(&config, 2);
        let score = |value| Score { value, higher_is_better: true };
        let mut all = |step, values: [f64; 2]| {
            [0, 1].map(|task| stopping.evaluated(TaskId(task), step, score(values[task])))
        };
        assert_eq!(all(5, [0.5, 0.5]), [Action::Continue; 2]);
        assert_eq!(all(10, [0.5, 0.6]), [Action::RollBack { to: 5 }, Action::Continue]);
        assert_eq!(all(15, [0.1, 0.2]), [Action::Continue, Action::RollBack { to: 10 }]);
        assert!(stopping.is_stopped(TaskId(0)) && stopping.is_stopped(TaskId(1)));
        let text = serde_json::to_string(&stopping.state()).unwrap();
        let task = |best_step, best_score| {
            format!(
                "{{\"stopped\":true,\"rule\":{{\"best_step\":{best_step},\"best_score\":{best_score},\"waited\":1}}}}"
            )
        };
        assert_eq!(text, format!("[{},{}]", task(5, 0.5), task(10, 0.6)));
    }

    #[test]
    fn a_state_of_other_tasks_is_refused() {
        let config: StoppingConfig = "patience".parse().unwrap();
        let mut stopping = Stopping::new(&config, 1);
        stopping.evaluated(TaskId(0), 1, Score { value: 1.0, higher_is_better: true });
        let error = Stopping::new(&config, 2).restore(&stopping.state()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a saved state of the stopping rules does not fit: it is of another number of tasks"
        );
        Stopping::new(&config, 2).restore(&StoppingState::default()).unwrap();
    }
}
