//! Early stopping with patience: a task stops after `patience` evaluations in a row none of which was better than its best
//! so far by more than `min_delta`, and goes back to the parameters that it had at that best one.
//!
//! With `roll_back = false` it keeps the parameters that it has when it stops.
//!
//! Lutz Prechelt: *Early Stopping - But When?*, Neural Networks: Tricks of the Trade, 1998; the third class of criteria
//! there, with evaluations for strips.

use mtl_base::Method;
use mtl_base::registry::{Default, Key, Range, Row};

use super::{Action, Build, Rule, RuleState};
use crate::Score;

/// The rule's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "stopping",
        "patience",
        "a task stops when its score has not improved for some evaluations",
        "Prechelt 1998",
        "crates/curriculum/src/stopping/patience.rs",
    )
    .with(&[
        Key {
            name: "patience",
            default: Default::Number(3.0),
            range: Range::WholeFrom(1),
            meaning: "evaluations without improvement after which a task stops",
        },
        Key {
            name: "min_delta",
            default: Default::Number(0.0),
            range: Range::AtLeastZero,
            meaning: "an improvement is more than this",
        },
        Key {
            name: "roll_back",
            default: Default::Flag(true),
            range: Range::Flag,
            meaning: "whether the task goes back to its best evaluation",
        },
        Key {
            name: "freed",
            default: Default::Text("others"),
            range: Range::OneOf(&["others", "nothing"]),
            meaning: "who gets the draws of a stopped task",
        },
    ]),
    build: |settings| {
        Box::new(Patience::new(
            settings.whole("patience"),
            settings.number("min_delta"),
            settings.flag("roll_back"),
        ))
    },
};

/// The rule for one task.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "early stopping")]
pub struct Patience {
    patience: u64,
    min_delta: f64,
    roll_back: bool,
    /// The step and the score of the best evaluation.
    best: Option<(u64, f64)>,
    /// Evaluations since then.
    waited: u64,
}

impl Patience {
    /// The rule before the first evaluation; `patience` is at least 1, `min_delta` at least 0.
    pub fn new(patience: u64, min_delta: f64, roll_back: bool) -> Self {
        Self { patience, min_delta, roll_back, best: None, waited: 0 }
    }
}

impl Rule for Patience {
    fn evaluated(&mut self, step: u64, score: Score) -> Action {
        match self.best {
            Some((best, before)) if !(score.gain_over(before) > self.min_delta) => {
                self.waited += 1;
                match self.waited >= self.patience {
                    true if self.roll_back => Action::RollBack { to: best },
                    true => Action::Stop,
                    false => Action::Continue,
                }
            }
            _ => {
                (self.best, self.waited) = (Some((step, score.value)), 0);
                Action::Continue
            }
        }
    }

    fn best(&self) -> Option<u64> {
        self.best.map(|(step, _)| step).filter(|_| self.roll_back)
    }

    fn state(&self) -> RuleState {
        RuleState {
            best_step: self.best.map(|(step, _)| step),
            best_score: self.best.map(|(_, score)| score),
            waited: self.waited,
        }
    }

    fn restore(&mut self, state: &RuleState) {
        (self.best, self.waited) = (state.best_step.zip(state.best_score), state.waited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done after each score, which are those of steps 1, 2, ...
    fn actions(mut rule: Patience, higher_is_better: bool, scores: &[f64]) -> Vec<Action> {
        let scores = (1..).zip(scores);
        scores.map(|(step, &value)| rule.evaluated(step, Score { value, higher_is_better })).collect()
    }

    #[test]
    fn it_waits_for_its_patience_and_goes_back() {
        let expected = [Action::Continue, Action::Continue, Action::Continue, Action::RollBack { to: 2 }];
        assert_eq!(actions(Patience::new(2, 0.0, true), true, &[0.5, 0.6, 0.6, 0.4]), expected);
        assert_eq!(actions(Patience::new(2, 0.0, true), false, &[0.5, 0.4, 0.4, 0.6]), expected);
    }

    #[test]
    fn a_gain_of_min_delta_is_none() {
        let stops = |min_delta| actions(Patience::new(1, min_delta, false), true, &[0.5, 0.75])[1];
        assert_eq!(stops(0.25), Action::Stop);
        assert_eq!(stops(0.2), Action::Continue);
    }

    #[test]
    fn a_score_that_is_no_number_is_no_improvement() {
        assert_eq!(actions(Patience::new(1, 0.0, false), true, &[0.5, f64::NAN])[1], Action::Stop);
    }
}
