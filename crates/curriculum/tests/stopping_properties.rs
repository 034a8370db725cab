//! Laws of stopping rules.

use mtl_base::Value;
use mtl_curriculum::{Action, Score, Stopping, StoppingConfig, StoppingState, TaskId};
use proptest::prelude::*;

fn patience(patience: u64, min_delta: f64) -> StoppingConfig {
    let keys = [("patience", patience as f64), ("min_delta", min_delta)];
    let given = keys.map(|(key, value)| (key.to_owned(), Value::Number(value))).into();
    StoppingConfig::new("patience", given).unwrap()
}

fn score(value: f64) -> Score {
    Score { value, higher_is_better: true }
}

/// What is done after the scores of steps 1, 2, ... of one task.
fn actions(config: &StoppingConfig, scores: impl IntoIterator<Item = Score>) -> Vec<Action> {
    let mut stopping = Stopping::new(config, 1);
    (1..).zip(scores).map(|(step, score)| stopping.evaluated(TaskId(0), step, score)).collect()
}

/// Scores with many that are equal.
fn scores() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec((0_u8..8).prop_map(|eighths| f64::from(eighths) / 8.0), 1..40)
}

proptest! {
    #[test]
    fn a_task_whose_score_always_improves_never_stops(
        gains in proptest::collection::vec(0.01_f64..1.0, 1..40), most in 1_u64..5
    ) {
        let mut sum = 0.0;
        let rising = gains.iter().map(|gain| { sum += gain; score(sum) });
        prop_assert!(actions(&patience(most, 0.0), rising).iter().all(|action| *action == Action::Continue));
    }

    #[test]
    fn a_task_that_never_improves_stops_after_its_patience(value in -5.0_f64..5.0, most in 1_u64..9) {
        let got = actions(&patience(most, 0.0), vec![score(value); most as usize + 3]);
        let stop = most as usize;
        prop_assert!(got.iter().enumerate().all(|(at, action)| (at == stop) == (*action != Action::Continue)));
        prop_assert_eq!(got[stop], Action::RollBack { to: 1 });
    }

    #[test]
    fn it_goes_back_to_the_first_of_its_best_evaluations(scores in scores(), most in 1_u64..5) {
        let got = actions(&patience(most, 0.0), scores.iter().map(|&value| score(value)));
        let Some(at) = got.iter().position(|action| *action != Action::Continue) else { return Ok(()) };
        let seen = &scores[..=at];
        let best = seen.iter().copied().fold(f64::MIN, f64::max);
        let first = seen.iter().position(|value| *value == best).unwrap();
        prop_assert_eq!(got[at], Action::RollBack { to: first as u64 + 1 });
        prop_assert_eq!(at - first, most as usize);
    }

    #[test]
    fn the_direction_of_a_metric_changes_nothing_but_its_sign(scores in scores(), most in 1_u64..5) {
        let lower = scores.iter().map(|&value| Score { value: -value, higher_is_better: false });
        prop_assert_eq!(
            actions(&patience(most, 0.0), lower),
            actions(&patience(most, 0.0), scores.iter().map(|&value| score(value)))
        );
    }

    #[test]
    fn a_larger_patience_or_smaller_min_delta_never_stops_earlier(
        scores in scores(), most in 1_u64..5, more in 0_u64..3, min_delta in 0.0_f64..0.5
    ) {
        let stop = |config: &StoppingConfig| {
            let got = actions(config, scores.iter().map(|&value| score(value)));
            got.iter().position(|action| *action != Action::Continue).unwrap_or(usize::MAX)
        };
        prop_assert!(stop(&patience(most + more, 0.0)) >= stop(&patience(most, 0.0)));
        prop_assert!(stop(&patience(most, 0.0)) >= stop(&patience(most, min_delta)));
    }

    #[test]
    fn tasks_do_not_see_each_other(first in scores(), second in scores(), most in 1_u64..4) {
        let config = patience(most, 0.0);
        let mut both = Stopping::new(&config, 2);
        let steps = first.iter().zip(&second).zip(1..);
        let got: Vec<[Action; 2]> = steps
            .map(|((&first, &second), step)| {
                [both.evaluated(TaskId(0), step, score(first)), both.evaluated(TaskId(1), step, score(second))]
            })
            .collect();
        let alone = [&first, &second].map(|scores| actions(&config, scores.iter().map(|&value| score(value))));
        for (step, got) in got.iter().enumerate() {
            prop_assert_eq!(*got, [alone[0][step], alone[1][step]]);
        }
    }

    #[test]
    fn resumed_rules_do_what_uninterrupted_ones_do(scores in scores(), most in 1_u64..4, at in 0_usize..40) {
        let config = patience(most, 0.01);
        let mut whole = Stopping::new(&config, 1);
        let (before, after) = scores.split_at(at.min(scores.len()));
        for (step, &value) in (1..).zip(before) {
            whole.evaluated(TaskId(0), step, score(value));
        }
        let text = serde_json::to_string(&whole.state()).unwrap();
        let mut resumed = Stopping::new(&config, 1);
        resumed.restore(&serde_json::from_str::<StoppingState>(&text).unwrap()).unwrap();
        for (step, &value) in (1 + before.len() as u64..).zip(after) {
            let of = |stopping: &mut Stopping| stopping.evaluated(TaskId(0), step, score(value));
            prop_assert_eq!(of(&mut resumed), of(&mut whole));
        }
        prop_assert_eq!(resumed.state(), whole.state());
    }
}
