//! No stopping: every task is trained to the end of the run.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::{Action, Build, Rule, RuleState};
use crate::Score;

/// The rule's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "stopping",
        "none",
        "every task is trained to the end of the run",
        "",
        "crates/curriculum/src/stopping/none.rs",
    ),
    build: |_| Box::new(Never),
};

/// The rule that stops nothing.
#[derive(Debug, Clone, Copy)]
pub struct Never;

impl Rule for Never {
    fn evaluated(&mut self, _step: u64, _score: Score) -> Action {
        Action::Continue
    }

    fn best(&self) -> Option<u64> {
        None
    }

    fn state(&self) -> RuleState {
        RuleState::default()
    }

    fn restore(&mut self, _state: &RuleState) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_however_bad_the_scores_are() {
        for step in 1..100 {
            let score = Score { value: -(step as f64), higher_is_better: true };
            assert_eq!(Never.evaluated(step, score), Action::Continue);
        }
    }
}
