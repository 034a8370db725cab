//! The content of `compare.json`.

use mtl_metrics::{Direction, MetricError, MetricKey, mean, mean_ranks, relative_gain, standard_deviation};
use serde::{Deserialize, Serialize};

use super::CompareOptions;
use super::arms::{Arms, Judgement};
use super::evidence::{self, Evidence};
use super::who_hurts::{self, WhoHurts};
use crate::config::{Config, TaskConfig};
use crate::evaluate::Split;

/// Which tasks a run of a comparison trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// One task alone.
    Single,
    /// All tasks together.
    Joint,
}

/// The content of `compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every run's score on every task that it trains, each task alone and all together.
    pub runs: Vec<RunScore>,
    /// Each target over all seeds.
    pub summary: Vec<TaskSummary>,
    /// All tasks at once.
    pub overall: Overall,
    /// Which task helps or hurts which; `null` unless it was asked.
    pub who_hurts: Option<WhoHurts>,
}

/// The score of one run on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunScore {
    /// Alone or together.
    pub arm: Arm,
    /// The run's seed.
    pub seed: u64,
    /// The task.
    pub task: String,
    /// The metric by which the task is judged.
    pub metric: String,
    /// The score on the task's test set, or on its dev set if it has no labelled test set.
    pub value: f64,
    /// The set that `value` is of.
    pub split: Split,
    /// The score on the dev set.
    pub dev_value: f64,
    /// The run's optimizer updates.
    pub steps: u64,
    /// The run's seconds of training.
    pub seconds: f64,
}

/// One task over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The task.
    pub task: String,
    /// The metric.
    pub metric: String,
    /// Whether a higher score is the better one.
    pub higher_is_better: bool,
    /// The set that the scores are of; by a dev set `keep = "best"` also chooses weights.
    pub split: Split,
    /// Mean score alone.
    pub single_mean: f64,
    /// Sample standard deviation alone; `null` with one seed.
    pub single_sd: Option<f64>,
    /// Mean score together.
    pub joint_mean: f64,
    /// Sample standard deviation together; `null` with one seed.
    pub joint_sd: Option<f64>,
    /// `joint_mean - single_mean`.
    pub difference: f64,
    /// The difference over the size of `single_mean`, negated where lower is better, so that positive means that
    /// training together helped; `null` if `single_mean` is 0.
    pub relative_gain: Option<f64>,
    /// How sure the difference is, and what follows.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// All tasks at once; never a sum of scores of different kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overall {
    /// The mean over tasks of the rank of training alone, 1 being better and 2 worse.
    pub single_mean_rank: f64,
    /// The same of training together.
    pub joint_mean_rank: f64,
    /// The mean over tasks of the relative gain; `null` if a task's score alone is 0.
    pub mean_relative_gain: Option<f64>,
}

/// Everything that follows from the runs.
pub(super) fn of(config: &Config, options: &CompareOptions, arms: &Arms) -> Result<Comparison, MetricError> {
    let mut summary: Vec<TaskSummary> = (config.tasks.iter().zip(arms.single.iter().zip(&arms.joint)))
        .filter(|(task, _)| task.is_target())
        .map(|(task, (single, joint))| summarize(task, single, joint, config.seed))
        .collect::<Result<_, _>>()?;
    let improvements = improvements(&summary)?;
    let mut tests: Vec<(&mut Evidence, f64)> =
        summary.iter_mut().map(|task| &mut task.evidence).zip(improvements).collect();
    evidence::decide(&mut tests)?;
    let who_hurts = match options.who_hurts {
        true => Some(who_hurts::of(config, arms)?),
        false => None,
    };
    Ok(Comparison { runs: runs(config, arms), overall: overall(&summary)?, summary, who_hurts })
}

/// Seed by seed: each task alone, then all together.
fn runs(config: &Config, arms: &Arms) -> Vec<RunScore> {
    let seeds = arms.joint.first().map_or(0, Vec::len);
    let by_seed = (0..seeds).flat_map(|seed| [(Arm::Single, seed), (Arm::Joint, seed)]);
    let of = |(arm, seed): (Arm, usize)| {
        let judgements = if arm == Arm::Single { &arms.single } else { &arms.joint };
        let ran = config.tasks.iter().zip(judgements).filter(|(_, of_task)| !of_task.is_empty());
        ran.map(move |(task, of_task)| RunScore {
            arm,
            seed: of_task[seed].seed,
            task: task.name.clone(),
            metric: task.metric.clone(),
            value: of_task[seed].value,
            split: of_task[seed].split,
            dev_value: of_task[seed].dev_value,
            steps: of_task[seed].steps,
            seconds: of_task[seed].seconds,
        })
    };
    by_seed.flat_map(of).collect()
}

fn summarize(
    task: &TaskConfig,
    single: &[Judgement],
    joint: &[Judgement],
    seed: u64,
) -> Result<TaskSummary, MetricError> {
    let key: MetricKey = task.metric.parse()?;
    let values = |arm: &[Judgement]| arm.iter().map(|judged| judged.value).collect::<Vec<f64>>();
    let (singles, joints) = (values(single), values(joint));
    let (baseline, score) = (mean(&singles)?, mean(&joints)?);
    let gain = mtl_metrics::Comparison { baseline, score, direction: key.direction() }.relative_gain();
    Ok(TaskSummary {
        task: task.name.clone(),
        metric: task.metric.clone(),
        higher_is_better: key.direction() == Direction::Higher,
        split: single[0].split,
        single_mean: baseline,
        single_sd: standard_deviation(&singles).ok(),
        joint_mean: score,
        joint_sd: standard_deviation(&joints).ok(),
        difference: score - baseline,
        relative_gain: gain,
        evidence: Evidence::gather(key, single, joint, seed)?,
    })
}

/// Each task's difference, positive if training together is better.
fn improvements(summary: &[TaskSummary]) -> Result<Vec<f64>, MetricError> {
    let of = |task: &TaskSummary| {
        let key: MetricKey = task.metric.parse()?;
        Ok(key.direction().sign() * task.difference)
    };
    summary.iter().map(of).collect()
}

fn overall(summary: &[TaskSummary]) -> Result<Overall, MetricError> {
    let direction = |task: &TaskSummary| Ok(task.metric.parse::<MetricKey>()?.direction());
    let directions = summary.iter().map(direction).collect::<Result<Vec<_>, MetricError>>()?;
    let scores = |of: fn(&TaskSummary) -> f64| summary.iter().map(of).collect::<Vec<f64>>();
    let ranks = mean_ranks(&[scores(|task| task.single_mean), scores(|task| task.joint_mean)], &directions)?;
    let of_task = |(task, &direction): (&TaskSummary, _)| {
        vec![mtl_metrics::Comparison { baseline: task.single_mean, score: task.joint_mean, direction }]
    };
    let gains: Vec<_> = summary.iter().zip(&directions).map(of_task).collect();
    Ok(Overall {
        single_mean_rank: ranks[0],
        joint_mean_rank: ranks[1],
        mean_relative_gain: relative_gain(&gains).ok(),
    })
}
