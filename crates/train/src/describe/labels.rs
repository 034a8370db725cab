//! The distribution of a task's labels.

use mtl_curriculum::relatedness::{entropy, kurtosis, normalised_entropy};
use serde::Serialize;

use crate::config::TaskKind;
use crate::dataset::Target;
use crate::spec::TaskSpec;

/// Into how many equal parts the scale of a regression is cut, so that its values have a distribution.
pub const REGRESSION_PARTS: usize = 10;

/// How often a label occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LabelCount {
    /// The label; of a regression, a part of its scale.
    pub label: String,
    /// How many train examples have it; of a token task, how many words.
    pub count: u64,
}

/// The distribution of the labels of a task's train examples: of a token task over its labelled words, of a
/// multi-label task over all labels given, of a regression over ten equal parts of its scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelStatistics {
    /// The labels, in the order of the label set.
    pub counts: Vec<LabelCount>,
    /// Entropy in nats; `null` if no label is given at all.
    pub entropy: Option<f64>,
    /// Entropy as a share of ln K, the entropy of K equally frequent labels.
    pub normalised_entropy: Option<f64>,
    /// Fisher's kurtosis (excess, population moments) of the K label frequencies; `null` where they are all equal.
    pub kurtosis: Option<f64>,
}

impl LabelStatistics {
    /// The statistics of these train labels.
    pub(super) fn of(spec: &TaskSpec, targets: &[&Target]) -> LabelStatistics {
        let counts = counts(spec, targets);
        let frequencies: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        LabelStatistics {
            entropy: entropy(&counts).ok(),
            normalised_entropy: normalised_entropy(&counts).ok(),
            kurtosis: kurtosis(&frequencies),
            counts: names(spec)
                .into_iter()
                .zip(counts)
                .map(|(label, count)| LabelCount { label, count })
                .collect(),
        }
    }

    /// How many equally frequent labels would have the same entropy.
    pub fn effective_labels(&self) -> Option<f64> {
        self.entropy.map(f64::exp)
    }
}

/// How often each label of a task occurs among these targets.
pub(super) fn counts(spec: &TaskSpec, targets: &[&Target]) -> Vec<u64> {
    let kinds = if spec.kind == TaskKind::Regression { REGRESSION_PARTS } else { spec.labels.len() };
    let mut counts = vec![0; kinds];
    for target in targets {
        match target {
            Target::Class(class) => counts[*class as usize] += 1,
            Target::Labels(labels) => labels.iter().for_each(|&label| counts[label as usize] += 1),
            Target::Value(value) => counts[part(spec, *value)] += 1,
            Target::Tags(tags) => tags.iter().flatten().for_each(|&tag| counts[tag as usize] += 1),
            Target::Missing => {}
        }
    }
    counts
}

/// The part of the scale that a value lies in; the greatest value is in the last.
fn part(spec: &TaskSpec, value: f64) -> usize {
    let [min, max] = scale(spec);
    let place = (value - min) / (max - min) * REGRESSION_PARTS as f64;
    (place.max(0.0) as usize).min(REGRESSION_PARTS - 1)
}

/// The scale of a regression.
pub(super) fn scale(spec: &TaskSpec) -> [f64; 2] {
    spec.scale.expect("a regression has a scale")
}

fn names(spec: &TaskSpec) -> Vec<String> {
    if spec.kind != TaskKind::Regression {
        return spec.labels.clone();
    }
    let [min, max] = scale(spec);
    let at = |part: usize| min + (max - min) * part as f64 / REGRESSION_PARTS as f64;
    (0..REGRESSION_PARTS).map(|part| format!("{} to {}", at(part), at(part + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: TaskKind, labels: &[&str]) -> TaskSpec {
        TaskSpec {
            name: "a".into(),
            kind,
            labels: labels.iter().map(|label| label.to_string()).collect(),
            scale: (kind == TaskKind::Regression).then_some([0.0, 5.0]),
            metric: kind.metrics()[0].into(),
            metrics: vec![],
            dev: None,
        }
    }

    #[test]
    fn each_kind_counts_its_labels() {
        let classes = [&Target::Class(1), &Target::Missing, &Target::Class(1), &Target::Class(0)];
        assert_eq!(counts(&spec(TaskKind::Classification, &["a", "b", "c"]), &classes), [1, 2, 0]);
        let sets = [&Target::Labels(vec![0, 1]), &Target::Labels(vec![]), &Target::Labels(vec![1])];
        assert_eq!(counts(&spec(TaskKind::MultiLabel, &["a", "b"]), &sets), [1, 2]);
        let tags = [&Target::Tags(vec![Some(0), None, Some(0)]), &Target::Tags(vec![Some(1)])];
        assert_eq!(counts(&spec(TaskKind::TokenClassification, &["a", "b"]), &tags), [2, 1]);
        let values = [0.0, 0.5, 0.49, 5.0, 4.9].map(Target::Value);
        let values: Vec<&Target> = values.iter().collect();
        assert_eq!(counts(&spec(TaskKind::Regression, &[]), &values), [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn no_label_at_all_has_no_entropy() {
        let statistics = LabelStatistics::of(&spec(TaskKind::MultiLabel, &[]), &[&Target::Labels(vec![])]);
        assert_eq!((statistics.entropy, statistics.kurtosis), (None, None));
        let values = [Target::Value(1.0)];
        let statistics = LabelStatistics::of(&spec(TaskKind::Regression, &[]), &[&values[0]]);
        assert_eq!((statistics.entropy, statistics.effective_labels()), (Some(0.0), Some(1.0)));
        assert_eq!(statistics.counts[2], LabelCount { label: "1 to 1.5".into(), count: 1 });
    }
}
