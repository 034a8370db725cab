//! Numbers over runs and tasks: mean, spread, relative gain over baselines, mean rank.

use crate::check;
use crate::error::MetricError;
use crate::ranks::average_ranks;
use crate::scale::{Direction, Scale};

/// Direction and range of a relative gain: any number, 0 being the baseline's score.
pub const RELATIVE_GAIN: Scale = Scale::higher(f64::NEG_INFINITY, f64::INFINITY);

/// Direction and range of a mean rank: 1, and no more than the number of candidates, which bounds it here by infinity.
pub const MEAN_RANK: Scale = Scale::lower(1.0, f64::INFINITY);

/// The arithmetic mean.
///
/// # Shapes
/// `values`: (n,)
///
/// # Errors
/// Errors if there is no value, or one is not finite.
pub fn mean(values: &[f64]) -> Result<f64, MetricError> {
    check::finite("value", values)?;
    match values.len() {
        0 => Err(MetricError::Empty { what: "values" }),
        n => Ok(sum(values) / n as f64),
    }
}

/// The sum in sixteen lanes that are added in order: the lanes become vectors, and up to sixteen values are added in order.
fn sum(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0; 16];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, value)| *lane += value);
    lanes.iter().sum()
}

/// The sample standard deviation `sqrt(sum_i (x_i - mean)^2 / (n - 1))`.
///
/// # Shapes
/// `values`: (n,)
///
/// # Errors
/// Errors if there are fewer than two values, or one is not finite.
pub fn standard_deviation(values: &[f64]) -> Result<f64, MetricError> {
    if values.len() < 2 {
        return Err(MetricError::TooFew { what: "a standard deviation", needed: 2, got: values.len() });
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((squares / (values.len() - 1) as f64).sqrt())
}

/// One metric of one task, beside the score of that task's single-task baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The single-task score.
    pub baseline: f64,
    /// The multi-task score.
    pub score: f64,
    /// Which way the metric improves.
    pub direction: Direction,
}

impl Comparison {
    /// `(score - baseline) / |baseline|`, negated where lower is better: positive means better than the baseline.
    ///
    /// `None` if the baseline is 0.
    pub fn relative_gain(&self) -> Option<f64> {
        let change = self.direction.sign() * (self.score - self.baseline);
        (self.baseline != 0.0).then(|| change / self.baseline.abs())
    }
}

/// The mean over tasks of the mean over each task's metrics of the relative gain: 0.02 is 2 % better on average.
///
/// Maninis et al. 2019, "Attentive Single-Tasking of Multiple Tasks" (the average per-task drop, sign turned), for several metrics per task.
/// Difference: divided by the baseline's absolute value, so that gains over a negative correlation keep their sign.
///
/// # Shapes
/// `tasks`: (tasks,), each (metrics,)
///
/// # Errors
/// Errors if there is no task, a task has no metric, a score is not finite, or a baseline is 0.
pub fn relative_gain(tasks: &[Vec<Comparison>]) -> Result<f64, MetricError> {
    let gains: Result<Vec<f64>, _> = tasks.iter().enumerate().map(task_gain).collect();
    mean(&gains?).map_err(|_| MetricError::Empty { what: "tasks" })
}

fn task_gain((task, metrics): (usize, &Vec<Comparison>)) -> Result<f64, MetricError> {
    let mut gains = Vec::with_capacity(metrics.len());
    for (metric, comparison) in metrics.iter().enumerate() {
        check::finite("value", &[comparison.baseline, comparison.score])?;
        let gain = comparison.relative_gain();
        gains.push(gain.ok_or(MetricError::ZeroBaseline { task, metric })?);
    }
    mean(&gains)
}

/// For each candidate, the mean over tasks of its rank among the candidates; 1 is best, equals share the average rank.
///
/// Ranks make metrics of different kinds comparable: only the order within each task counts.
///
/// # Shapes
/// `scores`: (candidates,), each (tasks,); `directions`: (tasks,); result: (candidates,)
///
/// # Errors
/// Errors if there is no candidate or no task, a candidate has another number of scores than there are directions, or
/// a score is not finite.
pub fn mean_ranks(scores: &[Vec<f64>], directions: &[Direction]) -> Result<Vec<f64>, MetricError> {
    check_scores(scores, directions)?;
    let mut ranks = vec![0.0; scores.len()];
    for (task, direction) in directions.iter().enumerate() {
        // Ascending ranks: the best is the smallest once the sign is turned.
        let column: Vec<f64> = scores.iter().map(|scores| -direction.sign() * scores[task]).collect();
        for (sum, rank) in ranks.iter_mut().zip(average_ranks(&column)) {
            *sum += rank;
        }
    }
    ranks.iter_mut().for_each(|sum| *sum /= directions.len() as f64);
    Ok(ranks)
}

fn check_scores(scores: &[Vec<f64>], directions: &[Direction]) -> Result<(), MetricError> {
    if scores.is_empty() {
        return Err(MetricError::Empty { what: "candidates" });
    }
    if directions.is_empty() {
        return Err(MetricError::Empty { what: "tasks" });
    }
    for (candidate, scores) in scores.iter().enumerate() {
        if scores.len() != directions.len() {
            return Err(MetricError::ScoresMismatch {
                candidate,
                scores: scores.len(),
                tasks: directions.len(),
            });
        }
        check::finite("score of task", scores)?;
    }
    Ok(())
}

/// The index of the candidate with the lowest mean rank; of equals, the first.
///
/// # Shapes
/// `scores`: (candidates,), each (tasks,); `directions`: (tasks,)
///
/// # Errors
/// As [`mean_ranks`].
pub fn best_by_mean_rank(scores: &[Vec<f64>], directions: &[Direction]) -> Result<usize, MetricError> {
    let ranks = mean_ranks(scores, directions)?;
    let better = |best, candidate| if ranks[candidate] < ranks[best] { candidate } else { best };
    Ok((1..ranks.len()).fold(0, better))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Higher, Lower};

    fn comparison(baseline: f64, score: f64, direction: Direction) -> Comparison {
        Comparison { baseline, score, direction }
    }

    #[test]
    fn spread_by_hand() {
        assert_eq!(mean(&[2.0, 4.0, 9.0]), Ok(5.0));
        assert_eq!(standard_deviation(&[2.0, 4.0, 9.0]), Ok(13.0_f64.sqrt()));
        let error = standard_deviation(&[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "a standard deviation needs at least 2 values, got 1");
    }

    #[test]
    fn relative_gain_of_two_tasks() {
        let tasks = [
            vec![comparison(96.0, 93.0, Higher), comparison(98.0, 99.0, Lower)],
            vec![comparison(0.2, 0.5, Higher)],
        ];
        assert!((relative_gain(&tasks).unwrap() - 0.739636).abs() < 5e-7);
    }

    #[test]
    fn a_gain_over_a_negative_baseline_is_positive() {
        assert_eq!(comparison(-0.5, 0.5, Higher).relative_gain(), Some(2.0));
    }

    #[test]
    fn a_baseline_of_zero_is_named() {
        let tasks = [vec![comparison(1.0, 1.0, Higher)], vec![comparison(0.0, 1.0, Higher)]];
        let error = relative_gain(&tasks).unwrap_err();
        assert_eq!(error, MetricError::ZeroBaseline { task: 1, metric: 0 });
    }

    #[test]
    fn mean_ranks_by_hand() {
        // Task 0 (higher): ranks 1.5, 3, 1.5. Task 1 (lower): ranks 2, 1, 3.
        let scores = [vec![0.9, 0.4], vec![0.8, 0.3], vec![0.9, 0.5]];
        let ranks = mean_ranks(&scores, &[Higher, Lower]).unwrap();
        assert_eq!(ranks, [1.75, 2.0, 2.25]);
        assert_eq!(best_by_mean_rank(&scores, &[Higher, Lower]), Ok(0));
    }

    #[test]
    fn of_equals_the_first_is_best() {
        let scores = [vec![1.0], vec![2.0], vec![2.0]];
        assert_eq!(best_by_mean_rank(&scores, &[Higher]), Ok(1));
        let error = mean_ranks(&scores, &[Higher, Lower]).unwrap_err();
        assert_eq!(error.to_string(), "candidate 0 has 1 scores for 2 tasks");
    }
}
