//! How sure a difference between two arms is: the tests, the verdict, and what it would take to know.
//!
//! Two sources of chance make a difference: the seeds that the models were trained with, and the examples that they were
//! scored on. Each has a test of its own.
//!
//! - *over examples*: the paired bootstrap. Each resample draws examples, scores both arms of every seed on that draw, and
//!   takes the mean difference over seeds. It says whether these models would differ on other examples of the kind. Its p
//!   value is not below 2^(1 - d) for the d examples that the arms answer differently, the least that an exchange of their
//!   answers could give: of few examples a bootstrap would be too sure.
//! - *over seeds*: the paired t test of the arms' scores under equal seeds. It says whether other seeds would give
//!   the same difference on these examples. Where all differences are equal, it is a sign test.
//!
//! The p values of each are adjusted by Holm's method over all tasks. With three seeds or more, the verdict needs both
//! adjusted p values below .05: an intersection-union test (Berger 1982), whose level is .05 although neither test knows of
//! the other's source of chance. With one or two seeds a t test has nothing to go by, and the bootstrap decides alone:
//! such a verdict does not cover the spread over seeds.
//!
//! A task that is judged by its loss has no bootstrap, since runs keep predictions, not losses; the seeds decide.

use mtl_metrics::significance::power::{Plan, examples_needed, pairs_needed};
use mtl_metrics::significance::t_test::paired_t_interval;
use mtl_metrics::significance::{
    Bootstrap, OwnedOutcomes, Resampled, holm, least_p_of_swaps, paired_bootstrap, paired_t, resampled,
};
use mtl_metrics::{MetricError, MetricKey, score, standard_deviation};
use serde::{Deserialize, Serialize};

use super::arms::Judgement;
use crate::config::TaskConfig;

/// An adjusted p value below this is evidence.
pub const LEVEL: f64 = 0.05;

/// Differences closer than this share of themselves are the same, rounded differently.
const ROUNDING: f64 = 1e-9;

/// The seeds from which on the t test over seeds has a say.
pub const ENOUGH_SEEDS: usize = 3;

/// What the second arm does to a task, by the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Verdict {
    /// The score is better, and that is no chance.
    #[serde(rename = "helped")]
    Helped,
    /// The score is worse, and that is no chance.
    #[serde(rename = "hurt")]
    Hurt,
    /// Chance explains the difference.
    #[default]
    #[serde(rename = "no evidence")]
    NoEvidence,
}

/// The paired bootstrap over examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverExamples {
    /// How many examples.
    pub n: usize,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// The lower end of the 95 % interval of the difference.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The two-sided p value.
    pub p: f64,
    /// The same, adjusted for the number of tasks.
    pub p_adjusted: f64,
}

/// The paired t test over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverSeeds {
    /// How many seeds.
    pub n: usize,
    /// The standard deviation of the differences.
    pub sd: f64,
    /// The lower end of the 95 % interval of the mean difference.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The two-sided p value.
    pub p: f64,
    /// The same, adjusted for the number of tasks.
    pub p_adjusted: f64,
}

/// What it would take to be sure of a difference of the size that was seen: for a power of .8 at the level that Holm's
/// method asks of the smallest p value.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Needs {
    /// Seeds; `null` if the seeds are no obstacle, their spread is unknown, or no number would do.
    pub seeds: Option<u64>,
    /// Examples; `null` if the examples are no obstacle, or no number would do.
    pub examples: Option<u64>,
}

/// The tests of one difference.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// What follows.
    pub verdict: Verdict,
    /// The bootstrap; `null` for a task that is judged by its loss.
    pub over_examples: Option<OverExamples>,
    /// The t test; `null` with one seed.
    pub over_seeds: Option<OverSeeds>,
    /// What it would take to know; `null` where there is a verdict.
    pub needs: Option<Needs>,
}

/// The score of stored outcomes by which a task is judged; `None` if that is its loss.
pub(super) fn value(task: &TaskConfig, outcomes: &OwnedOutcomes) -> Option<Result<f64, MetricError>> {
    match task.metric.parse() {
        Ok(MetricKey::Loss) => None,
        Ok(key) => Some(score(key, &outcomes.borrow())),
        Err(error) => Some(Err(error)),
    }
}

impl Evidence {
    /// The tests of the second arm against the first on one task, under equal seeds; no verdict yet.
    pub(super) fn gather(
        key: MetricKey,
        first: &[Judgement],
        second: &[Judgement],
        seed: u64,
    ) -> Result<Evidence, MetricError> {
        let over_examples = match key {
            MetricKey::Loss => None,
            _ => Some(over_examples(key, first, second, seed)?),
        };
        let over_seeds = match first.len() {
            0 | 1 => None,
            _ => Some(over_seeds(&values(first), &values(second))?),
        };
        Ok(Evidence { over_examples, over_seeds, ..Evidence::default() })
    }
}

fn values(judgements: &[Judgement]) -> Vec<f64> {
    judgements.iter().map(|judged| judged.value).collect()
}

fn over_examples(
    key: MetricKey,
    first: &[Judgement],
    second: &[Judgement],
    seed: u64,
) -> Result<OverExamples, MetricError> {
    let answers: Vec<_> = first
        .iter()
        .zip(second)
        .map(|(first, second)| (first.outcomes.borrow(), second.outcomes.borrow()))
        .collect();
    let mut systems = Vec::with_capacity(first.len());
    for (first, second) in &answers {
        first.check_same_gold(second)?;
        systems.push((resampled(key, first)?, resampled(key, second)?));
    }
    let pairs: Vec<(&dyn Resampled, &dyn Resampled)> =
        systems.iter().map(|(first, second)| (&**first, &**second)).collect();
    let test = paired_bootstrap(&pairs, &Bootstrap { seed, ..Bootstrap::default() })?;
    let p = test.p.max(least_p_of_swaps(&answers)?);
    Ok(OverExamples {
        n: pairs[0].0.n_examples(),
        standard_error: test.standard_error,
        low: test.interval.low,
        high: test.interval.high,
        p,
        p_adjusted: p,
    })
}

fn over_seeds(first: &[f64], second: &[f64]) -> Result<OverSeeds, MetricError> {
    let test = paired_t(first, second)?;
    let interval = paired_t_interval(first, second, 0.95)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| second - first).collect();
    let sd = standard_deviation(&differences)?;
    // Equal differences, but for rounding, make any t infinite: then it is their signs that speak, of which n are equal.
    let p = match sd <= ROUNDING * test.difference.abs() {
        true if test.difference != 0.0 => 0.5_f64.powi(first.len() as i32 - 1),
        _ => test.p,
    };
    Ok(OverSeeds { n: first.len(), sd, low: interval.low, high: interval.high, p, p_adjusted: p })
}

/// Adjusts the p values over all tests that are made at once, and gives each difference its verdict.
///
/// # Shapes
/// `all`: (tests,), each an evidence and its difference in the direction of better scores
pub(super) fn decide(all: &mut [(&mut Evidence, f64)]) -> Result<(), MetricError> {
    let over_examples = all.iter().filter_map(|(evidence, _)| evidence.over_examples.as_ref());
    let mut by_examples = holm(&over_examples.map(|test| test.p).collect::<Vec<_>>())?.into_iter();
    let over_seeds = all.iter().filter_map(|(evidence, _)| evidence.over_seeds.as_ref());
    let mut by_seeds = holm(&over_seeds.map(|test| test.p).collect::<Vec<_>>())?.into_iter();
    let plan = Plan { level: LEVEL / all.len().max(1) as f64, ..Plan::default() };
    for (evidence, improvement) in all {
        if let Some(test) = &mut evidence.over_examples {
            test.p_adjusted = by_examples.next().expect("one for each test");
        }
        if let Some(test) = &mut evidence.over_seeds {
            test.p_adjusted = by_seeds.next().expect("one for each test");
        }
        evidence.verdict = verdict(evidence, *improvement);
        if evidence.verdict == Verdict::NoEvidence {
            evidence.needs = Some(needs(evidence, *improvement, &plan)?);
        }
    }
    Ok(())
}

fn verdict(evidence: &Evidence, improvement: f64) -> Verdict {
    let by_examples = evidence.over_examples.as_ref().map(|test| test.p_adjusted < LEVEL);
    let by_seeds = deciding(evidence).map(|test| test.p_adjusted < LEVEL);
    // Every test that has a say must see the difference, and one must have a say.
    let sure = [by_examples, by_seeds].into_iter().flatten().reduce(|one, other| one && other);
    match sure {
        Some(true) if improvement > 0.0 => Verdict::Helped,
        Some(true) if improvement < 0.0 => Verdict::Hurt,
        _ => Verdict::NoEvidence,
    }
}

/// The test over seeds, if there are enough of them.
fn deciding(evidence: &Evidence) -> Option<&OverSeeds> {
    evidence.over_seeds.as_ref().filter(|test| test.n >= ENOUGH_SEEDS)
}

fn needs(evidence: &Evidence, difference: f64, plan: &Plan) -> Result<Needs, MetricError> {
    // An estimate of what is there already would be no help to somebody whom it did not help.
    let more = |needed: Option<u64>, have: usize| needed.map(|needed| needed.max(have as u64 + 1));
    let seeds = match &evidence.over_seeds {
        Some(test) if test.p_adjusted >= LEVEL => {
            let needed =
                pairs_needed(difference, test.sd, plan)?.map(|needed| needed.max(ENOUGH_SEEDS as u64));
            more(needed, test.n)
        }
        _ => None,
    };
    let examples = match &evidence.over_examples {
        Some(test) if test.p_adjusted >= LEVEL => {
            more(examples_needed(difference, test.standard_error, test.n as u64, plan)?, test.n)
        }
        _ => None,
    };
    Ok(Needs { seeds, examples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Split;

    /// Runs of an arm that is right on the first `right` of 100 examples, one run a number.
    fn arm(right: &[usize]) -> Vec<Judgement> {
        let run = |(seed, &right): (usize, &usize)| Judgement {
            seed: seed as u64,
            split: Split::Dev,
            value: right as f64 / 100.0,
            dev_value: right as f64 / 100.0,
            outcomes: OwnedOutcomes::Classes {
                gold: vec![1; 100],
                predicted: (0..100).map(|example| usize::from(example < right)).collect(),
                n_classes: 2,
            },
            steps: 1,
            seconds: 1.0,
        };
        right.iter().enumerate().map(run).collect()
    }

    fn judged(first: &[usize], second: &[usize]) -> Evidence {
        let (first, second) = (arm(first), arm(second));
        let mut evidence = Evidence::gather(MetricKey::Accuracy, &first, &second, 1).unwrap();
        let mean = |arm: &[Judgement]| arm.iter().map(|run| run.value).sum::<f64>() / arm.len() as f64;
        let difference = mean(&second) - mean(&first);
        decide(&mut [(&mut evidence, difference)]).unwrap();
        evidence
    }

    #[test]
    fn one_seed_leaves_the_word_to_the_examples() {
        let evidence = judged(&[50], &[70]);
        assert_eq!((evidence.verdict, evidence.over_seeds.is_none()), (Verdict::Helped, true));
        assert_eq!(judged(&[70], &[50]).verdict, Verdict::Hurt);
        let unsure = judged(&[50], &[52]);
        assert_eq!(unsure.verdict, Verdict::NoEvidence);
        assert!(unsure.needs.unwrap().examples.unwrap() > 300);
    }

    #[test]
    fn with_three_seeds_both_tests_must_see_it() {
        assert_eq!(judged(&[50, 52, 51], &[70, 71, 72]).verdict, Verdict::Helped);
        // Large on average, but the seeds disagree.
        let unsteady = judged(&[50, 50, 50], &[90, 70, 45]);
        assert!(unsteady.over_examples.as_ref().unwrap().p < 0.01);
        assert_eq!(unsteady.verdict, Verdict::NoEvidence);
        let needs = unsteady.needs.unwrap();
        assert!(needs.seeds.unwrap() > 3 && needs.examples.is_none(), "{needs:?}");
    }

    #[test]
    fn few_examples_are_not_overrated() {
        // Five more of a hundred are right and none is lost: McNemar's exact test says 2^-4.
        let evidence = judged(&[50], &[55]);
        assert_eq!(evidence.over_examples.as_ref().unwrap().p, 0.0625);
        assert_eq!(evidence.verdict, Verdict::NoEvidence);
        assert_eq!(judged(&[50], &[51]).over_examples.unwrap().p, 1.0);
    }

    #[test]
    fn seeds_without_spread_have_the_p_value_of_their_signs() {
        let evidence = judged(&[50, 60, 70], &[70, 80, 90]);
        assert_eq!(evidence.over_seeds.as_ref().unwrap().p, 0.25);
        assert_eq!(evidence.verdict, Verdict::NoEvidence);
        let needs = evidence.needs.unwrap();
        assert!(needs.seeds.is_none_or(|seeds| seeds > 3), "{needs:?}");
    }

    #[test]
    fn equal_arms_need_no_number() {
        let equal = judged(&[50, 60, 55], &[50, 60, 55]);
        assert_eq!((equal.verdict, equal.needs), (Verdict::NoEvidence, Some(Needs::default())));
    }

    #[test]
    fn several_tasks_ask_more_of_each() {
        let (first, second) = (arm(&[50]), arm(&[57]));
        let gather = || Evidence::gather(MetricKey::Accuracy, &first, &second, 1).unwrap();
        let (mut one, mut other) = (gather(), gather());
        decide(&mut [(&mut one, 0.07), (&mut other, 0.07)]).unwrap();
        let (one, other) = (one.over_examples.unwrap(), other.over_examples.unwrap());
        assert_eq!(one.p_adjusted, (2.0 * one.p).min(1.0));
        assert_eq!(one, other);
    }
}
