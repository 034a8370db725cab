//! What a comparison says about a task in plain words.

use comfy_table::Color;
use mtl_train::compare::evidence::{ENOUGH_SEEDS, LEVEL};
use mtl_train::compare::{Evidence, Needs, TaskSummary, Verdict};

use crate::format;

/// Beyond this, more seeds or examples are no advice.
const TOO_MANY: u64 = 10_000_000;

/// The verdict in words.
pub fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helped => "helped",
        Verdict::Hurt => "hurt",
        Verdict::NoEvidence => "no evidence",
    }
}

/// The colour of the words.
pub fn color(verdict: Verdict) -> Option<Color> {
    match verdict {
        Verdict::Helped => Some(Color::Green),
        Verdict::Hurt => Some(Color::Red),
        Verdict::NoEvidence => None,
    }
}

/// A p value to three digits: `.012`, `<.001`; to as many more as it takes to see on which side of the level it lies.
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "<.001".to_owned(),
        p if p >= 0.9995 => "1".to_owned(),
        p if p != LEVEL && format!("{p:.3}") == format!("{LEVEL:.3}") => {
            if p < LEVEL { "<.050" } else { ">.050" }.to_owned()
        }
        p => format!("{p:.3}").trim_start_matches('0').to_owned(),
    }
}

/// What it would take to know more about a task without a verdict: `similarity: about 9 seeds and 4,100 examples`.
pub fn what_it_takes(task: &TaskSummary) -> Option<String> {
    let needs = task.evidence.needs.as_ref()?;
    let takes = match amounts(needs) {
        amounts if !amounts.is_empty() => {
            let unknown = if task.evidence.over_seeds.is_none() { "; and more seeds" } else { "" };
            format!("about {}{unknown}", amounts.join(" and "))
        }
        _ if task.difference == 0.0 => "no difference was seen".to_owned(),
        _ if is_convinced(&task.evidence) => format!("more seeds ({ENOUGH_SEEDS} at least)"),
        _ => "the difference is too small for any number of seeds or examples at hand".to_owned(),
    };
    Some(format!("{}: {takes}", task.task))
}

fn amounts(needs: &Needs) -> Vec<String> {
    let amount = |number: Option<u64>, noun| {
        number.filter(|&number| number < TOO_MANY).map(|number| format::several(number, noun))
    };
    [amount(needs.seeds, "seed"), amount(needs.examples, "example")].into_iter().flatten().collect()
}

/// Whether the examples speak for a difference, so that only seeds are missing.
fn is_convinced(evidence: &Evidence) -> bool {
    evidence.over_examples.as_ref().is_none_or(|test| test.p_adjusted < LEVEL)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use mtl_train::Split;
    use mtl_train::compare::OverExamples;

    /// A task's summary with a score of .5 alone.
    pub(crate) fn task(name: &str, difference: f64, verdict: Verdict) -> TaskSummary {
        TaskSummary {
            task: name.into(),
            metric: "accuracy".into(),
            higher_is_better: true,
            split: Split::Dev,
            single_mean: 0.5,
            single_sd: Some(0.02),
            joint_mean: 0.5 + difference,
            joint_sd: Some(0.02),
            difference,
            relative_gain: Some(difference / 0.5),
            evidence: Evidence { verdict, ..Evidence::default() },
        }
    }

    #[test]
    fn p_values_are_short() {
        assert_eq!([0.0004, 0.0123, 0.5, 1.0].map(p_value), ["<.001", ".012", ".500", "1"]);
        assert_eq!([0.0496, 0.05, 0.0504].map(p_value), ["<.050", ".050", ">.050"]);
    }

    #[test]
    fn no_evidence_says_what_it_takes() {
        let with = |difference, needs, over_examples| {
            let mut task = task("a", difference, Verdict::NoEvidence);
            task.evidence.needs = Some(needs);
            task.evidence.over_examples = over_examples;
            what_it_takes(&task).unwrap()
        };
        let both = Needs { seeds: Some(9), examples: Some(4_100) };
        assert_eq!(with(0.01, both, None), "a: about 9 seeds and 4,100 examples; and more seeds");
        let sure = OverExamples { n: 9, standard_error: 0.1, low: 0.1, high: 0.2, p: 0.01, p_adjusted: 0.02 };
        assert_eq!(with(0.01, Needs::default(), Some(sure.clone())), "a: more seeds (3 at least)");
        assert_eq!(with(0.0, Needs::default(), Some(sure)), "a: no difference was seen");
        assert_eq!(what_it_takes(&task("a", 0.1, Verdict::Helped)), None);
    }
}
