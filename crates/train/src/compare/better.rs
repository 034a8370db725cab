//! `better.toml`: the configuration that the evidence speaks for.
//!
//! Only verdicts count, never a difference that chance explains:
//!
//! 1. A task that is hurt, and whose score recovers at least to that of training alone once some other task is left
//!    out that hurts it by the evidence: that other task leaves the mix, unless it is itself helped there. (Only if it was
//!    asked who hurts.)
//! 2. Any other task that is hurt leaves the mix itself.
//!
//! What leaves is trained alone, as it is in the comparison's `single-*` runs. Without a task that is hurt the mix
//! stays as it is. The new mix is a proposal: its own comparison shows whether it keeps what it promises.

use mtl_metrics::MetricKey;

use super::arms::without;
use super::evidence::Verdict;
use super::report::{Comparison, TaskSummary};
use super::who_hurts::Effect;
use crate::config::Config;
use crate::error::TrainError;
use crate::plan::count_draws;
use crate::prepare::Text;

/// A task that leaves the mix, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    /// The task.
    pub task: String,
    /// The reason in words, one line.
    pub reason: String,
}

/// The tasks that should leave the mix, by the evidence; at least one task stays.
pub fn leaving(comparison: &Comparison) -> Vec<Leaving> {
    let mut leaving: Vec<Leaving> = Vec::new();
    let mut leave = |task: &str, reason: String| {
        if !leaving.iter().any(|left| left.task == task) {
            leaving.push(Leaving { task: task.to_owned(), reason });
        }
    };
    for hurt in comparison.summary.iter().filter(|task| task.evidence.verdict == Verdict::Hurt) {
        match culprit(comparison, hurt) {
            Some(effect) => leave(&effect.of, of_culprit(effect)),
            None => leave(&hurt.task, of_victim(hurt)),
        }
    }
    if leaving.len() == comparison.summary.len() {
        leaving.pop();
    }
    leaving
}

/// The task without which a hurt task does at least as well as alone, if one is known to hurt it.
fn culprit<'a>(comparison: &'a Comparison, hurt: &TaskSummary) -> Option<&'a Effect> {
    let sign = hurt.metric.parse::<MetricKey>().map_or(1.0, |key| key.direction().sign());
    let effects = comparison.who_hurts.iter().flat_map(|who_hurts| &who_hurts.effects);
    effects
        .filter(|effect| effect.on == hurt.task && effect.evidence.verdict == Verdict::Hurt)
        .filter(|effect| sign * (effect.without_mean - hurt.single_mean) >= 0.0)
        .filter(|effect| {
            let of = comparison.summary.iter().find(|task| task.task == effect.of);
            of.is_none_or(|task| task.evidence.verdict != Verdict::Helped)
        })
        .min_by(|a, b| a.improvement.total_cmp(&b.improvement))
}

fn of_culprit(effect: &Effect) -> String {
    let Effect { of, on, metric, with_mean, without_mean, .. } = effect;
    format!("{of} hurts {on}: {metric} {with_mean:.4} with it, {without_mean:.4} without it")
}

fn of_victim(hurt: &TaskSummary) -> String {
    let TaskSummary { task, metric, single_mean, joint_mean, .. } = hurt;
    format!("{task} is hurt by training together: {metric} {single_mean:.4} alone, {joint_mean:.4} together")
}

/// The content of `better.toml`: every task that stays is shown about as many examples as before.
///
/// Errors as counting the draws does.
pub(super) fn text(config: &Config, comparison: &Comparison, text: &Text) -> Result<String, TrainError> {
    let leaving = leaving(comparison);
    let (mut mix, mut text) = (config.clone(), text.clone());
    for Leaving { task, .. } in &leaving {
        let task_idx = mix.tasks.iter().position(|of| of.name == *task).expect("a task leaves once");
        let (_, counts) = count_draws(&mix, &text.dataset)?;
        (mix, text) = without(&mix, &text, &counts, task_idx);
    }
    Ok(format!("{}\n{}", comments(config, comparison, &leaving), mix.to_toml()))
}

fn comments(config: &Config, comparison: &Comparison, leaving: &[Leaving]) -> String {
    let seeds = comparison.runs.iter().map(|run| run.seed).collect::<std::collections::BTreeSet<_>>().len();
    let tasks = config.tasks.len();
    let mut lines = vec![
        "Written by `mtl compare` from the evidence of compare.json.".to_owned(),
        format!("Number of tasks: {tasks}; of seeds: {seeds}."),
    ];
    if leaving.is_empty() {
        lines.push("No task is hurt by the evidence, so the mix is as it was.".to_owned());
    }
    for Leaving { task, reason } in leaving {
        lines.push(format!("Left out of the mix: {task}. {reason}."));
        lines.push(format!(
            "  Train it alone; single-{task}-seed{} beside this file is such a run.",
            config.seed
        ));
    }
    let alone = tasks - leaving.len() == 1;
    for task in comparison.summary.iter().filter(|task| !leaving.iter().any(|left| left.task == task.task)) {
        let why = match task.evidence.verdict {
            Verdict::Helped if alone => {
                "though all tasks together helped it: the joint run's model is its best"
            }
            Verdict::Helped => "it is helped",
            Verdict::Hurt => "what hurts it is left out, or no other task would remain",
            Verdict::NoEvidence => "no evidence that it is hurt",
        };
        lines.push(format!("In the mix: {}, {why}.", task.task));
    }
    if !leaving.is_empty() {
        lines.push("A proposal: compare it again to see whether it keeps its promise.".to_owned());
    }
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Evidence, Overall, WhoHurts};
    use crate::evaluate::Split;

    fn summary(task: &str, verdict: Verdict) -> TaskSummary {
        TaskSummary {
            task: task.into(),
            metric: "accuracy".into(),
            higher_is_better: true,
            split: Split::Dev,
            single_mean: 0.7,
            single_sd: None,
            joint_mean: 0.6,
            joint_sd: None,
            difference: -0.1,
            relative_gain: None,
            evidence: Evidence { verdict, ..Evidence::default() },
        }
    }

    fn effect(of: &str, on: &str, without_mean: f64) -> Effect {
        Effect {
            of: of.into(),
            on: on.into(),
            metric: "accuracy".into(),
            with_mean: 0.6,
            without_mean,
            difference: 0.6 - without_mean,
            improvement: 0.6 - without_mean,
            evidence: Evidence { verdict: Verdict::Hurt, ..Evidence::default() },
        }
    }

    fn names(summary: Vec<TaskSummary>, effects: Option<Vec<Effect>>) -> Vec<String> {
        let tasks = summary.iter().map(|task| task.task.clone()).collect();
        let who_hurts = effects.map(|effects| WhoHurts { tasks, effects, runs: Vec::new() });
        let overall = Overall { single_mean_rank: 1.0, joint_mean_rank: 2.0, mean_relative_gain: None };
        let comparison = Comparison { runs: Vec::new(), summary, overall, who_hurts };
        leaving(&comparison).into_iter().map(|left| left.task).collect()
    }

    #[test]
    fn without_evidence_nobody_leaves() {
        let tasks = vec![summary("a", Verdict::NoEvidence), summary("b", Verdict::Helped)];
        assert!(names(tasks, Some(vec![effect("a", "b", 0.9)])).is_empty());
    }

    #[test]
    fn a_hurt_task_leaves_unless_somebody_else_is_to_blame() {
        let tasks = || vec![summary("a", Verdict::Hurt), summary("b", Verdict::NoEvidence)];
        assert_eq!(names(tasks(), None), ["a"]);
        assert_eq!(names(tasks(), Some(vec![effect("b", "a", 0.72)])), ["b"]);
        // Without b it is better, but still worse than alone.
        assert_eq!(names(tasks(), Some(vec![effect("b", "a", 0.65)])), ["a"]);
    }

    #[test]
    fn a_task_that_is_helped_stays_whomever_it_hurts() {
        let tasks = vec![summary("a", Verdict::Hurt), summary("b", Verdict::Helped)];
        assert_eq!(names(tasks, Some(vec![effect("b", "a", 0.72)])), ["a"]);
    }

    #[test]
    fn one_task_always_stays() {
        let tasks = vec![summary("a", Verdict::Hurt), summary("b", Verdict::Hurt)];
        assert_eq!(names(tasks, None), ["a"]);
    }
}
