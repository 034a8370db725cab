//! Which task helps or hurts which: all tasks together against all but one.
//!
//! A task's effect on another is the other's score with it less the score without it, under equal seeds and with the very
//! examples of every task that remains, in the same order: the run without it is the joint run whose steps lack its
//! sequences, and a step of it alone falls away. (Of two tasks,
//! the run without one is the other alone, shown as many of its examples.) The tests are those of [`evidence`](super::evidence), adjusted by Holm's
//! method over all pairs of tasks.

use mtl_metrics::{MetricError, MetricKey, mean};
use serde::{Deserialize, Serialize};

use super::arms::{Arms, Judgement};
use super::evidence::{self, Evidence};
use crate::config::Config;

/// Which task helps or hurts which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhoHurts {
    /// The tasks, in the order of the configuration.
    pub tasks: Vec<String>,
    /// Every ordered pair of tasks: by the one that is left out, then by the one that is scored.
    pub effects: Vec<Effect>,
    /// The score of every run that leaves one task out.
    pub runs: Vec<LeftOut>,
}

/// What one task does to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The task whose effect it is: present with all others, or left out.
    pub of: String,
    /// The task that is scored.
    pub on: String,
    /// The metric by which that task is judged.
    pub metric: String,
    /// Its mean score with all tasks.
    pub with_mean: f64,
    /// Its mean score with all but `of`.
    pub without_mean: f64,
    /// `with_mean - without_mean`.
    pub difference: f64,
    /// The same in the direction of better scores: positive if `of` helps.
    pub improvement: f64,
    /// How sure that is: `helped` and `hurt` say what `of` does to `on`.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// The score of one run that leaves a task out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The task that is left out.
    pub without: String,
    /// The run's seed.
    pub seed: u64,
    /// The task that is scored.
    pub task: String,
    /// The score.
    pub value: f64,
}

impl WhoHurts {
    /// What `of` does to `on`; `None` for a task on itself.
    pub fn effect(&self, of: &str, on: &str) -> Option<&Effect> {
        self.effects.iter().find(|effect| effect.of == of && effect.on == on)
    }
}

/// The effects that the runs show.
pub(super) fn of(config: &Config, arms: &Arms) -> Result<WhoHurts, MetricError> {
    let pairs = arms.without.iter().enumerate().flat_map(|(of, scored)| {
        let others = scored.iter().enumerate();
        let others = others.filter(|(on, judged)| config.tasks[*on].is_target() && !judged.is_empty());
        others.map(move |(on, judged)| (of, on, judged))
    });
    let mut effects = Vec::new();
    let mut runs = Vec::new();
    for (of, on, without) in pairs {
        effects.push(effect(config, (of, on), without, &arms.joint[on])?);
        runs.extend(without.iter().map(|judged| LeftOut {
            without: config.tasks[of].name.clone(),
            seed: judged.seed,
            task: config.tasks[on].name.clone(),
            value: judged.value,
        }));
    }
    let mut tests: Vec<(&mut Evidence, f64)> =
        effects.iter_mut().map(|effect| (&mut effect.evidence, effect.improvement)).collect();
    evidence::decide(&mut tests)?;
    Ok(WhoHurts { tasks: config.task_names().map(str::to_owned).collect(), effects, runs })
}

fn effect(
    config: &Config,
    (of, on): (usize, usize),
    without: &[Judgement],
    with: &[Judgement],
) -> Result<Effect, MetricError> {
    let task = &config.tasks[on];
    let key: MetricKey = task.metric.parse()?;
    let mean_of = |arm: &[Judgement]| mean(&arm.iter().map(|judged| judged.value).collect::<Vec<f64>>());
    let (without_mean, with_mean) = (mean_of(without)?, mean_of(with)?);
    let difference = with_mean - without_mean;
    Ok(Effect {
        of: config.tasks[of].name.clone(),
        on: task.name.clone(),
        metric: task.metric.clone(),
        with_mean,
        without_mean,
        difference,
        improvement: key.direction().sign() * difference,
        evidence: Evidence::gather(key, without, with, config.seed)?,
    })
}
