//! Which evaluation's weights are kept.
//!
//! Of the weights that were kept so far and those of the newest evaluation, the ones with the lower mean rank over
//! tasks among all evaluations so far. Equal mean ranks keep the older weights. (An evaluation that lost once is not
//! reconsidered, since its weights are gone.)

use mtl_metrics::{Direction, mean_ranks};

use crate::error::TrainError;
use crate::scores::Scores;
use crate::spec::TaskSpec;

/// Whether the newest evaluation is better than the one of step `kept`.
pub(super) fn newest_is_better(
    evaluations: &[(u64, Scores)],
    kept: Option<u64>,
    tasks: &[TaskSpec],
) -> Result<bool, TrainError> {
    let Some(kept) = evaluations.iter().position(|(step, _)| Some(*step) == kept) else { return Ok(true) };
    let of =
        |scores: &Scores| -> Vec<f64> { tasks.iter().map(|task| scores[&task.name][&task.metric]).collect() };
    let scores: Vec<Vec<f64>> = evaluations.iter().map(|(_, scores)| of(scores)).collect();
    let directions: Vec<Direction> = tasks.iter().map(|task| task.metric_key().direction()).collect();
    let ranks = mean_ranks(&scores, &directions).map_err(TrainError::Summary)?;
    Ok(ranks[ranks.len() - 1] < ranks[kept])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TaskKind;

    fn task(name: &str, metric: &str) -> TaskSpec {
        TaskSpec {
            name: name.into(),
            kind: TaskKind::Classification,
            labels: Vec::new(),
            scale: None,
            metric: metric.into(),
            metrics: Vec::new(),
            dev: None,
        }
    }

    fn better(history: &[[f64; 2]], kept: Option<u64>) -> bool {
        let scores = |[a, b]: [f64; 2]| {
            let one = |metric: &str, value| [(metric.to_owned(), value)].into();
            Scores::from([("a".into(), one("accuracy", a)), ("b".into(), one("loss", b))])
        };
        let evaluations: Vec<_> = (1..).zip(history).map(|(step, pair)| (step, scores(*pair))).collect();
        newest_is_better(&evaluations, kept, &[task("a", "accuracy"), task("b", "loss")]).unwrap()
    }

    #[test]
    fn the_lower_mean_rank_wins_and_ties_keep_the_older() {
        assert!(better(&[[0.5, 1.0]], None));
        assert!(better(&[[0.5, 1.0], [0.6, 0.9]], Some(1)));
        assert!(!better(&[[0.5, 1.0], [0.6, 1.1]], Some(1)));
        assert!(!better(&[[0.5, 1.0], [0.5, 1.0]], Some(1)));
    }
}
