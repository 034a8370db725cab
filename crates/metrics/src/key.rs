//! The names of the metrics, with what each one means, its range, and which way is better.

use std::fmt;
use std::str::FromStr;

use crate::error::MetricError;
use crate::outcomes::OutcomeKind;

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
}

impl Direction {
    /// 1 if higher is better, -1 if lower is: multiplied by it, any score improves upwards.
    pub fn sign(self) -> f64 {
        match self {
            Direction::Higher => 1.0,
            Direction::Lower => -1.0,
        }
    }
}

/// A metric, by the key that configurations and result files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MetricKey {
    /// `loss`: see [`mod@crate::loss`].
    Loss,
    /// `accuracy`: see [`mod@crate::accuracy`].
    Accuracy,
    /// `f1`, of class 1 of two: see [`crate::binary_f1`].
    F1,
    /// `micro_f1`: see [`mod@crate::f1`].
    MicroF1,
    /// `macro_f1`: see [`mod@crate::f1`].
    MacroF1,
    /// `matthews`: see [`mod@crate::matthews`].
    Matthews,
    /// `pearson`: see [`mod@crate::correlation`].
    Pearson,
    /// `spearman`: see [`mod@crate::correlation`].
    Spearman,
    /// `span_f1`: see [`mod@crate::span_f1`].
    SpanF1,
}

/// One row of the table of metrics.
struct Facts {
    name: &'static str,
    direction: Direction,
    range: (f64, f64),
    explanation: &'static str,
}

const fn higher(name: &'static str, min: f64, explanation: &'static str) -> Facts {
    Facts { name, direction: Direction::Higher, range: (min, 1.0), explanation }
}

impl MetricKey {
    /// Every metric, in the order in which tables show them.
    pub const ALL: [MetricKey; 9] = [
        MetricKey::Loss,
        MetricKey::Accuracy,
        MetricKey::F1,
        MetricKey::MicroF1,
        MetricKey::MacroF1,
        MetricKey::Matthews,
        MetricKey::Pearson,
        MetricKey::Spearman,
        MetricKey::SpanF1,
    ];

    fn facts(self) -> Facts {
        match self {
            MetricKey::Loss => Facts {
                name: "loss",
                direction: Direction::Lower,
                range: (0.0, f64::INFINITY),
                explanation: "mean loss per example",
            },
            MetricKey::Accuracy => higher("accuracy", 0.0, "share of predictions that are right"),
            MetricKey::F1 => higher("f1", 0.0, "balance of precision and recall for class 1 of two"),
            MetricKey::MicroF1 => {
                higher("micro_f1", 0.0, "balance of precision and recall over all labels pooled")
            }
            MetricKey::MacroF1 => higher(
                "macro_f1",
                0.0,
                "mean of the classes' f1, rare classes counting as much as common ones",
            ),
            MetricKey::Matthews => {
                higher("matthews", -1.0, "correlation of predicted and gold classes, 0 for guessing")
            }
            MetricKey::Pearson => higher("pearson", -1.0, "linear correlation of predicted and gold values"),
            MetricKey::Spearman => {
                higher("spearman", -1.0, "correlation of the ranks of predicted and gold values")
            }
            MetricKey::SpanF1 => higher(
                "span_f1",
                0.0,
                "balance of precision and recall for whole spans, as conlleval counts them",
            ),
        }
    }

    /// The key as written in files, such as `macro_f1`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        self.facts().direction
    }

    /// The smallest and the largest value that the metric can take, both included (`loss` has no upper bound).
    ///
    /// `loss` is that of this project's heads: cross-entropies and squared errors, none of them negative.
    pub fn range(self) -> (f64, f64) {
        self.facts().range
    }

    /// What the metric is, in one line of plain words.
    pub fn explanation(self) -> &'static str {
        self.facts().explanation
    }

    /// The metrics that can score this kind of prediction, in the order of [`MetricKey::ALL`].
    ///
    /// [`MetricKey::F1`] is among those of [`OutcomeKind::Classes`], although it needs exactly two of them.
    pub fn applicable_to(kind: OutcomeKind) -> &'static [MetricKey] {
        use MetricKey::*;
        match kind {
            OutcomeKind::Classes => &[Accuracy, F1, MicroF1, MacroF1, Matthews],
            OutcomeKind::LabelSets => &[Accuracy, MicroF1, MacroF1],
            OutcomeKind::Values => &[Pearson, Spearman],
            OutcomeKind::Tags => &[Accuracy, MicroF1, MacroF1, SpanF1],
            OutcomeKind::Losses => &[Loss],
        }
    }
}

impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MetricKey {
    type Err = MetricError;

    fn from_str(name: &str) -> Result<Self, MetricError> {
        let key = MetricKey::ALL.into_iter().find(|key| key.name() == name);
        key.ok_or_else(|| MetricError::UnknownMetric { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        let names = MetricKey::ALL.map(|key| key.to_string()).join(", ");
        let expected = "loss, accuracy, f1, micro_f1, macro_f1, matthews, pearson, spearman, span_f1";
        assert_eq!(names, expected);
        for key in MetricKey::ALL {
            assert_eq!(key.name().parse(), Ok(key));
        }
    }

    #[test]
    fn an_unknown_name_is_repeated() {
        let error = "pearsn".parse::<MetricKey>().unwrap_err();
        assert_eq!(error.to_string(), "unknown metric \"pearsn\"");
    }

    #[test]
    fn only_loss_improves_downwards() {
        for key in MetricKey::ALL {
            assert_eq!(key.direction() == Direction::Lower, key == MetricKey::Loss, "{key}");
            assert!(key.range().0 < key.range().1, "{key}");
        }
    }
}
