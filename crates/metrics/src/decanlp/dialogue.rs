//! Dialogue-state exact match of WOZ: after each turn, is all known that the user wants?
//!
//! A turn's answer is the change of state, `SLOT: VALUE, SLOT: VALUE; REQUEST, REQUEST` (goals before the semicolon, requests
//! after it), or `None`. The goals of a dialogue accumulate over its turns, a later value replacing an earlier one.
//!
//! - *joint goal*: all goals accumulated so far are right,
//! - *turn goal*: the goals of this turn are right, *turn request*: its requests are, in order.
//!
//! An answer that has no semicolon, or several, changes nothing; a goal without exactly one colon is left out. An answer
//! `None`, one without anything, or one that cannot be read has no list of requests, which differs from an empty list: after
//! `price: cheap;` gold has an empty one.
//!
//! The released decaNLP `metrics.py` calls the mean of joint goal and turn request `avg_dialogue`, and adds the joint goal to
//! the decaScore. Difference: turns accumulate in the order in which they are given; there, ids are sorted as text,
//! so that turn 10 comes before turn 2.

use std::collections::BTreeMap;

use crate::error::MetricError;

/// One turn: which dialogue it belongs to, and its change of state as gold and as predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Any text that tells the dialogue from its neighbours.
    pub dialogue: &'a str,
    /// The gold change of state.
    pub gold: &'a str,
    /// The predicted change of state.
    pub predicted: &'a str,
}

/// Shares of turns that are right, each in `[0, 1]`, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dialogue {
    /// All goals since the dialogue's first turn.
    pub joint_goal: f64,
    /// The goals of the turn.
    pub turn_goal: f64,
    /// The requests of the turn.
    pub turn_request: f64,
}

impl Dialogue {
    /// The mean of joint goal and turn request.
    pub fn mean(&self) -> f64 {
        (self.joint_goal + self.turn_request) / 2.0
    }
}

/// Scores dialogues; the turns of one stand together, in order.
///
/// # Shapes
/// `turns`: (turns,)
///
/// # Errors
/// Errors if there is no turn.
pub fn dialogue(turns: &[Turn]) -> Result<Dialogue, MetricError> {
    if turns.is_empty() {
        return Err(MetricError::Empty { what: "turns" });
    }
    let (mut joint_goals, mut goals, mut requests) = (0, 0, 0);
    for turns in turns.chunk_by(|left, right| left.dialogue == right.dialogue) {
        let (mut gold_state, mut state) = (BTreeMap::new(), BTreeMap::new());
        for turn in turns {
            let (gold, predicted) = (Change::read(turn.gold), Change::read(turn.predicted));
            goals += usize::from(gold.goals == predicted.goals);
            requests += usize::from(gold.requests == predicted.requests);
            gold_state.extend(gold.goals);
            state.extend(predicted.goals);
            joint_goals += usize::from(gold_state == state);
        }
    }
    let share = |count: usize| count as f64 / turns.len() as f64;
    Ok(Dialogue { joint_goal: share(joint_goals), turn_goal: share(goals), turn_request: share(requests) })
}

/// What a turn changes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Change<'a> {
    goals: BTreeMap<&'a str, &'a str>,
    requests: Option<Vec<&'a str>>,
}

impl<'a> Change<'a> {
    fn read(text: &'a str) -> Self {
        if text == "None" || matches!(text.trim(), "" | ";") {
            return Change::default();
        }
        let mut parts = text.split(';');
        let (Some(goals), Some(requests), None) = (parts.next(), parts.next(), parts.next()) else {
            return Change::default();
        };
        let goal = |goal: &'a str| {
            let (slot, value) = goal.split_once(':')?;
            (!value.contains(':')).then(|| (slot.trim(), value.trim()))
        };
        Change {
            goals: goals.split(',').filter_map(goal).collect(),
            requests: Some(requests.split(',').map(str::trim).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(turns: &[(&str, &str, &str)]) -> Dialogue {
        let turn = |&(dialogue, gold, predicted)| Turn { dialogue, gold, predicted };
        dialogue(&turns.iter().map(turn).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn goals_accumulate_and_can_be_put_right() {
        let scores = scores(&[
            ("1", "food: thai; phone", "food: thai; phone"),
            ("1", "price range: cheap;", "price range: dear;"),
            ("1", "None", "price range: cheap;"),
            ("2", "area: north;", "area : north ;"),
        ]);
        // Joint: right, wrong, right (put right late), right. Goals: 1, 4. Requests: 1, 2, 4.
        assert_eq!(scores, Dialogue { joint_goal: 0.75, turn_goal: 0.5, turn_request: 0.75 });
        assert_eq!(scores.mean(), 0.75);
    }

    #[test]
    fn no_answer_differs_from_an_empty_list_of_requests() {
        assert_eq!(scores(&[("1", "food: thai;", "None")]).turn_request, 0.0);
        assert_eq!(scores(&[("1", "None", ";")]).turn_request, 1.0);
        assert_eq!(scores(&[("1", "None", "food; thai; x")]).joint_goal, 1.0);
        assert_eq!(scores(&[("1", "food: thai;", "food: thai: x, food: thai;")]).turn_goal, 1.0);
    }

    #[test]
    fn no_turn_is_an_error() {
        assert_eq!(dialogue(&[]), Err(MetricError::Empty { what: "turns" }));
    }
}
