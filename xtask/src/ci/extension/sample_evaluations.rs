//! A sample of a stopping rule: a task stops after a number of evaluations, whatever its scores.

use mtl_base::Method;
use mtl_base::registry::{Default, Key, Range, Row};

use super::{Action, Build, Rule, RuleState};
use crate::Score;

/// The rule's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "stopping",
        "sample-evaluations",
        "a task stops after a number of evaluations",
        "",
        "crates/curriculum/src/stopping/sample_evaluations.rs",
    )
    .with(&[Key {
        name: "evaluations",
        default: Default::Number(3.0),
        range: Range::WholeFrom(1),
        meaning: "evaluations after which a task stops",
    }]),
    build: |settings| Box::new(Evaluations { most: settings.whole("evaluations"), seen: 0 }),
};

/// The rule for one task.
#[derive(Debug, Clone)]
pub struct Evaluations {
    most: u64,
    seen: u64,
}

impl Rule for Evaluations {
    fn evaluated(&mut self, _step: u64, _score: Score) -> Action {
        self.seen += 1;
        if self.seen < self.most { Action::Continue } else { Action::Stop }
    }

    fn best(&self) -> Option<u64> {
        None
    }

    fn state(&self) -> RuleState {
        RuleState { waited: self.seen, ..RuleState::default() }
    }

    fn restore(&mut self, state: &RuleState) {
        self.seen = state.waited;
    }
}
