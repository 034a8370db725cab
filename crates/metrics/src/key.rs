//! The names of the metrics, with what each one means, its range, and which way is better.

use std::fmt;
use std::str::FromStr;

use crate::error::MetricError;
use crate::outcomes::OutcomeKind;
use crate::scale::{Direction, Scale};

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
    /// `weighted_f1`: see [`mod@crate::f1`].
    WeightedF1,
    /// `matthews`: see [`mod@crate::matthews`].
    Matthews,
    /// `pearson`: see [`mod@crate::correlation`].
    Pearson,
    /// `spearman`: see [`mod@crate::correlation`].
    Spearman,
    /// `span_f1`: see [`mod@crate::span_f1`].
    SpanF1,
    /// `strict_span_f1`: see [`crate::strict_span_f1`].
    StrictSpanF1,
    /// `roc_auc`, of class 1 of two: see [`mod@crate::roc_auc`].
    RocAuc,
    /// `log_loss`: see [`mod@crate::log_loss`].
    LogLoss,
    /// `perplexity`: see [`mod@crate::perplexity`].
    Perplexity,
    /// `exact_match`, of texts: see [`mod@crate::squad`].
    ExactMatch,
    /// `squad_f1`: see [`mod@crate::squad`].
    SquadF1,
    /// `bleu`, of a corpus: see [`mod@crate::bleu`].
    Bleu,
    /// `rouge_1`: see [`mod@crate::rouge`].
    Rouge1,
    /// `rouge_2`: see [`mod@crate::rouge`].
    Rouge2,
    /// `rouge_l`: see [`mod@crate::rouge`].
    RougeL,
}

/// One row of the table of metrics.
struct Facts {
    name: &'static str,
    scale: Scale,
    explanation: &'static str,
}

const fn higher(name: &'static str, min: f64, explanation: &'static str) -> Facts {
    Facts { name, scale: Scale::higher(min, 1.0), explanation }
}

const fn lower(name: &'static str, min: f64, max: f64, explanation: &'static str) -> Facts {
    Facts { name, scale: Scale::lower(min, max), explanation }
}

impl MetricKey {
    /// Every metric, in the order in which tables show them.
    pub const ALL: [MetricKey; 20] = [
        MetricKey::Loss,
        MetricKey::Accuracy,
        MetricKey::F1,
        MetricKey::MicroF1,
        MetricKey::MacroF1,
        MetricKey::WeightedF1,
        MetricKey::Matthews,
        MetricKey::Pearson,
        MetricKey::Spearman,
        MetricKey::SpanF1,
        MetricKey::StrictSpanF1,
        MetricKey::RocAuc,
        MetricKey::LogLoss,
        MetricKey::Perplexity,
        MetricKey::ExactMatch,
        MetricKey::SquadF1,
        MetricKey::Bleu,
        MetricKey::Rouge1,
        MetricKey::Rouge2,
        MetricKey::RougeL,
    ];

    const fn facts(self) -> Facts {
        match self {
            MetricKey::Loss => lower("loss", 0.0, f64::INFINITY, "mean loss per example"),
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
            MetricKey::WeightedF1 => higher(
                "weighted_f1",
                0.0,
                "mean of the classes' f1, each class counting as often as gold has it",
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
            MetricKey::StrictSpanF1 => higher(
                "strict_span_f1",
                0.0,
                "balance of precision and recall for whole spans that are well-formed BIO",
            ),
            MetricKey::RocAuc => {
                higher("roc_auc", 0.0, "chance that class 1 of two is scored above class 0, 1/2 for guessing")
            }
            MetricKey::LogLoss => lower("log_loss", 0.0, 36.05, "nats of surprise at the gold class"),
            MetricKey::Perplexity => lower(
                "perplexity",
                1.0,
                f64::INFINITY,
                "number of equally likely tokens the model hesitates between",
            ),
            MetricKey::ExactMatch => {
                higher("exact_match", 0.0, "share of texts that equal a reference, normalised as in squad")
            }
            MetricKey::SquadF1 => {
                higher("squad_f1", 0.0, "balance of precision and recall for the words of short answers")
            }
            MetricKey::Bleu => {
                higher("bleu", 0.0, "precision of runs of one to four words over the corpus, as sacrebleu")
            }
            MetricKey::Rouge1 => higher("rouge_1", 0.0, "balance of precision and recall for single words"),
            MetricKey::Rouge2 => {
                higher("rouge_2", 0.0, "balance of precision and recall for pairs of neighbouring words")
            }
            MetricKey::RougeL => higher(
                "rouge_l",
                0.0,
                "balance of precision and recall for the longest common sequence of words",
            ),
        }
    }

    /// The key as written in files, such as `macro_f1`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Which way is better.
    pub const fn direction(self) -> Direction {
        self.scale().direction
    }

    /// The smallest and the largest value that the metric can take, both included (`loss` and `perplexity` have no
    /// upper bound). Shares are 0 to 1 throughout, also those that scripts print as percentages.
    ///
    /// `loss` is that of this project's heads: cross-entropies and squared errors, none of them negative.
    pub const fn range(self) -> (f64, f64) {
        self.scale().range
    }

    /// [Direction](Self::direction) and [range](Self::range) together.
    pub const fn scale(self) -> Scale {
        self.facts().scale
    }

    /// What the metric is, in one line of plain words.
    pub const fn explanation(self) -> &'static str {
        self.facts().explanation
    }

    /// The metrics that can score this kind of prediction, in the order of [`MetricKey::ALL`].
    ///
    /// [`MetricKey::F1`] is among those of [`OutcomeKind::Classes`], although it needs exactly two of them; so does
    /// [`MetricKey::RocAuc`] among those of [`OutcomeKind::Probabilities`].
    pub fn applicable_to(kind: OutcomeKind) -> &'static [MetricKey] {
        use MetricKey::*;
        match kind {
            OutcomeKind::Classes => &[Accuracy, F1, MicroF1, MacroF1, WeightedF1, Matthews],
            OutcomeKind::LabelSets => &[Accuracy, MicroF1, MacroF1, WeightedF1],
            OutcomeKind::Values => &[Pearson, Spearman],
            OutcomeKind::Tags => &[Accuracy, MicroF1, MacroF1, WeightedF1, SpanF1, StrictSpanF1],
            OutcomeKind::Losses => &[Loss],
            OutcomeKind::Probabilities => &[RocAuc, LogLoss],
            OutcomeKind::TokenLosses => &[Perplexity],
            OutcomeKind::Texts => &[ExactMatch, SquadF1, Bleu, Rouge1, Rouge2, RougeL],
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
        let expected = "loss, accuracy, f1, micro_f1, macro_f1, weighted_f1, matthews, pearson, spearman, \
                        span_f1, strict_span_f1, roc_auc, log_loss, perplexity, exact_match, squad_f1, bleu, \
                        rouge_1, rouge_2, rouge_l";
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
    fn only_losses_improve_downwards() {
        let losses = [MetricKey::Loss, MetricKey::LogLoss, MetricKey::Perplexity];
        for key in MetricKey::ALL {
            assert_eq!(key.direction() == Direction::Lower, losses.contains(&key), "{key}");
            assert!(key.range().0 < key.range().1, "{key}");
        }
    }
}
