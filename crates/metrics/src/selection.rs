//! Choosing a model over several tasks by the weighted mean of its scores, each in its metric's range.
//!
//! Scores of unlike metrics are never added as they are. With task `t` of weight `w_t`, whose metric runs from `min_t`
//! to `max_t`,
//!
//! ```text
//! mean = sum_t w_t u_t / sum_t w_t     u_t = (score_t - min_t) / (max_t - min_t), or 1 - that where lower is better
//! ```
//!
//! which is in `[0, 1]`, 1 being perfect on every task. A metric without an upper bound, such as a loss, has no place in it;
//! [`crate::mean_ranks`] and [`crate::relative_gain`] have.

use crate::error::MetricError;
use crate::key::MetricKey;
use crate::scale::{Direction, Scale};

/// Direction and range of a weighted mean of normalised scores.
pub const SCALE: Scale = Scale::SHARE;

/// One task as model selection sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedMetric {
    /// The task's metric.
    pub metric: MetricKey,
    /// How much the task counts: not negative.
    pub weight: f64,
}

/// For each candidate, the weighted mean of its scores normalised by their metrics' ranges, in `[0, 1]`, higher is better.
///
/// # Shapes
/// `scores`: (candidates,), each (tasks,); `tasks`: (tasks,); result: (candidates,)
///
/// # Errors
/// Errors if there is no candidate or no task, a candidate has another number of scores than there are tasks, a score lies
/// outside its metric's range, a metric has no bounds, a weight is negative or not finite, or all weights are 0.
pub fn normalised_means(scores: &[Vec<f64>], tasks: &[WeightedMetric]) -> Result<Vec<f64>, MetricError> {
    if scores.is_empty() {
        return Err(MetricError::Empty { what: "candidates" });
    }
    let total = total_weight(tasks)?;
    let mean = |(candidate, scores): (usize, &Vec<f64>)| {
        if scores.len() != tasks.len() {
            let (scores, tasks) = (scores.len(), tasks.len());
            return Err(MetricError::ScoresMismatch { candidate, scores, tasks });
        }
        let weighted = scores.iter().zip(tasks);
        let weighted =
            weighted.map(|(&score, task)| Ok(task.weight / total * normalised(task.metric, score)?));
        weighted.sum()
    };
    scores.iter().enumerate().map(mean).collect()
}

/// The index of the candidate with the highest normalised mean; of equals, the first.
///
/// # Shapes
/// `scores`: (candidates,), each (tasks,); `tasks`: (tasks,)
///
/// # Errors
/// As [`normalised_means`].
pub fn best_by_normalised_mean(scores: &[Vec<f64>], tasks: &[WeightedMetric]) -> Result<usize, MetricError> {
    let means = normalised_means(scores, tasks)?;
    let better = |best, candidate| if means[candidate] > means[best] { candidate } else { best };
    Ok((1..means.len()).fold(0, better))
}

fn total_weight(tasks: &[WeightedMetric]) -> Result<f64, MetricError> {
    if tasks.is_empty() {
        return Err(MetricError::Empty { what: "tasks" });
    }
    let total: f64 = tasks.iter().map(|task| task.weight).sum();
    let bad = tasks.iter().position(|task| !(task.weight >= 0.0 && task.weight.is_finite()));
    match bad {
        Some(task) => Err(MetricError::BadWeight { task, weight: tasks[task].weight }),
        None if !(total > 0.0 && total.is_finite()) => Err(MetricError::BadWeights { total }),
        None => Ok(total),
    }
}

fn normalised(metric: MetricKey, score: f64) -> Result<f64, MetricError> {
    let (min, max) = metric.range();
    if !(min.is_finite() && max.is_finite()) {
        return Err(MetricError::Unbounded { metric });
    }
    if !(min..=max).contains(&score) {
        return Err(MetricError::OutsideRange { metric, score, min, max });
    }
    let share = (score - min) / (max - min);
    Ok(match metric.direction() {
        Direction::Higher => share,
        Direction::Lower => 1.0 - share,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS: [WeightedMetric; 2] = [
        WeightedMetric { metric: MetricKey::Accuracy, weight: 3.0 },
        WeightedMetric { metric: MetricKey::Matthews, weight: 1.0 },
    ];

    #[test]
    fn scores_are_normalised_by_their_ranges() {
        let scores = [vec![0.8, 0.0], vec![0.7, 0.5], vec![0.8, 0.0]];
        let means = normalised_means(&scores, &TASKS).unwrap();
        assert!((means[0] - 0.725).abs() < 1e-15 && (means[1] - 0.7125).abs() < 1e-15);
        assert_eq!(best_by_normalised_mean(&scores, &TASKS), Ok(0));
    }

    #[test]
    fn bad_input_is_named() {
        let message = |scores: &[f64], tasks: &[WeightedMetric]| {
            normalised_means(&[scores.to_vec()], tasks).unwrap_err().to_string()
        };
        let task = |metric, weight| WeightedMetric { metric, weight };
        assert_eq!(message(&[0.8], &TASKS), "candidate 0 has 1 scores for 2 tasks");
        assert_eq!(message(&[80.0, 0.0], &TASKS), "accuracy 80 lies outside its range, 0 to 1");
        assert_eq!(
            message(&[0.5], &[task(MetricKey::Loss, 1.0)]),
            "loss has no upper bound, so it cannot be normalised by its range"
        );
        assert_eq!(
            message(&[0.5], &[task(MetricKey::F1, -1.0)]),
            "the weight of task 0 must not be negative, got -1"
        );
        assert_eq!(message(&[0.5], &[task(MetricKey::F1, 0.0)]), "the weights of the tasks add up to 0");
        assert_eq!(message(&[], &[]), "nothing to score: no tasks");
    }
}
