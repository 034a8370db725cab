//! One entry for every metric: what was predicted, and [`score`] of it under a [`MetricKey`].

use std::fmt;

use crate::accuracy::{accuracy, exact_match};
use crate::bleu::{BleuOptions, corpus_bleu};
use crate::correlation::{pearson, spearman};
use crate::error::MetricError;
use crate::f1;
use crate::key::MetricKey;
use crate::log_loss::{check_distributions, log_loss};
use crate::loss::mean_loss;
use crate::matthews::matthews;
use crate::perplexity::perplexity;
use crate::roc_auc::roc_auc;
use crate::rouge::{RougeKind, rouge};
use crate::span_f1::{span_f1, strict_span_f1};
use crate::squad::squad_v2;
use crate::tags;

/// What a head predicted for a whole set of examples, beside the gold labels.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Outcomes<'a> {
    /// One class per example.
    Classes {
        /// (examples,), each below `n_classes`.
        gold: &'a [usize],
        /// (examples,), each below `n_classes`.
        predicted: &'a [usize],
        /// Number of classes.
        n_classes: usize,
    },
    /// Any number of labels per example.
    LabelSets {
        /// (examples,), each a set of labels below `n_labels`.
        gold: &'a [Vec<usize>],
        /// (examples,), each a set of labels below `n_labels`.
        predicted: &'a [Vec<usize>],
        /// Number of labels.
        n_labels: usize,
    },
    /// One number per example.
    Values {
        /// (examples,), finite.
        gold: &'a [f64],
        /// (examples,), finite.
        predicted: &'a [f64],
    },
    /// One label per word.
    Tags {
        /// (sentences,), each (words,), indices into `labels`; `None` for a word without a label, which is left out.
        gold: &'a [Vec<Option<usize>>],
        /// (sentences,), each (words,), indices into `labels`; `None` for a word cut off by truncation, which is wrong:
        /// it counts as missed by its class, and as `O` where spans are read.
        predicted: &'a [Vec<Option<usize>>],
        /// The labels' text, such as `B-LOC`.
        labels: &'a [String],
    },
    /// One loss per example.
    Losses {
        /// (examples,), finite.
        losses: &'a [f64],
    },
    /// A distribution over the classes per example.
    Probabilities {
        /// (examples,), each below `n_classes`.
        gold: &'a [usize],
        /// (examples, n_classes), one row after the other, each summing to 1 within
        /// [`TOLERANCE`](crate::log_loss::TOLERANCE).
        probabilities: &'a [f64],
        /// Number of classes.
        n_classes: usize,
    },
    /// One loss per token.
    TokenLosses {
        /// (tokens,), in nats, finite and not negative.
        nats: &'a [f64],
    },
    /// One text per example.
    Texts {
        /// (examples,), each its references. None says that there is no answer, which exact match and F1 of answers take
        /// ([`mod@crate::squad::v2`]) and BLEU and ROUGE refuse.
        gold: &'a [Vec<String>],
        /// (examples,); empty for "no answer".
        predicted: &'a [String],
    },
}

/// The kind of an [`Outcomes`], without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// One class per example.
    Classes,
    /// Any number of labels per example.
    LabelSets,
    /// One number per example.
    Values,
    /// One label per word.
    Tags,
    /// One loss per example.
    Losses,
    /// A distribution over the classes per example.
    Probabilities,
    /// One loss per token.
    TokenLosses,
    /// One text per example.
    Texts,
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OutcomeKind::Classes => "classes",
            OutcomeKind::LabelSets => "label sets",
            OutcomeKind::Values => "values",
            OutcomeKind::Tags => "tags",
            OutcomeKind::Losses => "losses",
            OutcomeKind::Probabilities => "probabilities",
            OutcomeKind::TokenLosses => "token losses",
            OutcomeKind::Texts => "texts",
        })
    }
}

impl Outcomes<'_> {
    /// What was predicted.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Outcomes::Classes { .. } => OutcomeKind::Classes,
            Outcomes::LabelSets { .. } => OutcomeKind::LabelSets,
            Outcomes::Values { .. } => OutcomeKind::Values,
            Outcomes::Tags { .. } => OutcomeKind::Tags,
            Outcomes::Losses { .. } => OutcomeKind::Losses,
            Outcomes::Probabilities { .. } => OutcomeKind::Probabilities,
            Outcomes::TokenLosses { .. } => OutcomeKind::TokenLosses,
            Outcomes::Texts { .. } => OutcomeKind::Texts,
        }
    }

    /// The number of examples: texts, whatever each has been given.
    pub fn n_examples(&self) -> usize {
        match self {
            Outcomes::Classes { gold, .. } => gold.len(),
            Outcomes::LabelSets { gold, .. } => gold.len(),
            Outcomes::Values { gold, .. } => gold.len(),
            Outcomes::Tags { gold, .. } => gold.len(),
            Outcomes::Losses { losses } => losses.len(),
            Outcomes::Probabilities { gold, .. } => gold.len(),
            Outcomes::TokenLosses { nats } => nats.len(),
            Outcomes::Texts { gold, .. } => gold.len(),
        }
    }
}

/// Which examples two systems answered differently; all of them if their outcomes are of two kinds.
///
/// # Shapes
/// Result: (examples,), of the first
pub(crate) fn answered_differently(first: &Outcomes<'_>, second: &Outcomes<'_>) -> Vec<bool> {
    fn unequal<T: PartialEq>(first: &[T], second: &[T]) -> Vec<bool> {
        first.iter().zip(second).map(|(first, second)| first != second).collect()
    }
    match (first, second) {
        (Outcomes::Classes { predicted: a, .. }, Outcomes::Classes { predicted: b, .. }) => unequal(a, b),
        (Outcomes::LabelSets { predicted: a, .. }, Outcomes::LabelSets { predicted: b, .. }) => unequal(a, b),
        (Outcomes::Values { predicted: a, .. }, Outcomes::Values { predicted: b, .. }) => unequal(a, b),
        (Outcomes::Tags { predicted: a, .. }, Outcomes::Tags { predicted: b, .. }) => unequal(a, b),
        (Outcomes::Losses { losses: a }, Outcomes::Losses { losses: b }) => unequal(a, b),
        (Outcomes::TokenLosses { nats: a }, Outcomes::TokenLosses { nats: b }) => unequal(a, b),
        (Outcomes::Texts { predicted: a, .. }, Outcomes::Texts { predicted: b, .. }) => unequal(a, b),
        (
            Outcomes::Probabilities { probabilities: a, n_classes, .. },
            Outcomes::Probabilities { probabilities: b, .. },
        ) => a.chunks(*n_classes).zip(b.chunks(*n_classes)).map(|(a, b)| a != b).collect(),
        _ => vec![true; first.n_examples()],
    }
}

/// The score of `outcomes` under the metric `key`.
///
/// Always finite and within [`MetricKey::range`] (a negative loss aside).
///
/// # Errors
/// Errors if the metric does not apply to this kind of outcome ([`MetricKey::applicable_to`] lists those that do), if
/// [`MetricKey::F1`] or [`MetricKey::RocAuc`] is asked of other than two classes, or as the metric's own function does: sides of
/// different length, nothing to score, labels out of range, values that are not finite.
pub fn score(key: MetricKey, outcomes: &Outcomes) -> Result<f64, MetricError> {
    let scored = match *outcomes {
        Outcomes::Classes { gold, predicted, n_classes } => score_classes(key, gold, predicted, n_classes),
        Outcomes::LabelSets { gold, predicted, n_labels } => score_sets(key, gold, predicted, n_labels),
        Outcomes::Values { gold, predicted } => match key {
            MetricKey::Pearson => Some(pearson(gold, predicted)),
            MetricKey::Spearman => Some(spearman(gold, predicted)),
            _ => None,
        },
        Outcomes::Tags { gold, predicted, labels } => score_tags(key, gold, predicted, labels),
        Outcomes::Losses { losses } => (key == MetricKey::Loss).then(|| mean_loss(losses)),
        Outcomes::Probabilities { gold, probabilities, n_classes } => {
            score_probabilities(key, gold, probabilities, n_classes)
        }
        Outcomes::TokenLosses { nats } => (key == MetricKey::Perplexity).then(|| perplexity(nats)),
        Outcomes::Texts { gold, predicted } => score_texts(key, gold, predicted),
    };
    scored.unwrap_or(Err(MetricError::NotApplicable { metric: key, kind: outcomes.kind() }))
}

/// `None` where the metric does not apply; so in the functions below.
fn score_classes(
    key: MetricKey,
    gold: &[usize],
    predicted: &[usize],
    n_classes: usize,
) -> Option<Result<f64, MetricError>> {
    Some(match key {
        MetricKey::Accuracy => accuracy(gold, predicted),
        MetricKey::F1 if n_classes != 2 => Err(MetricError::NotBinary { metric: key, n_classes }),
        MetricKey::F1 => f1::binary_f1(gold, predicted),
        MetricKey::MicroF1 => f1::micro_f1(gold, predicted, n_classes),
        MetricKey::MacroF1 => f1::macro_f1(gold, predicted, n_classes),
        MetricKey::WeightedF1 => f1::weighted_f1(gold, predicted, n_classes),
        MetricKey::Matthews => matthews(gold, predicted, n_classes),
        _ => return None,
    })
}

fn score_sets(
    key: MetricKey,
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Option<Result<f64, MetricError>> {
    Some(match key {
        MetricKey::Accuracy => exact_match(gold, predicted),
        MetricKey::MicroF1 => f1::label_set_micro_f1(gold, predicted, n_labels),
        MetricKey::MacroF1 => f1::label_set_macro_f1(gold, predicted, n_labels),
        MetricKey::WeightedF1 => f1::label_set_weighted_f1(gold, predicted, n_labels),
        _ => return None,
    })
}

fn score_tags(
    key: MetricKey,
    gold: &[Vec<Option<usize>>],
    predicted: &[Vec<Option<usize>>],
    labels: &[String],
) -> Option<Result<f64, MetricError>> {
    let checked = tags::check(gold, predicted, labels.len());
    let counts = || f1::count_pairs(tags::labelled(gold, predicted), labels.len());
    Some(match key {
        MetricKey::Accuracy => checked.map(|()| word_accuracy(gold, predicted)),
        MetricKey::MicroF1 => checked.map(|()| f1::micro(&counts())),
        MetricKey::MacroF1 => checked.map(|()| f1::macro_of_occurring(&counts())),
        MetricKey::WeightedF1 => checked.map(|()| f1::weighted(&counts())),
        MetricKey::SpanF1 => span_f1(gold, predicted, labels),
        MetricKey::StrictSpanF1 => strict_span_f1(gold, predicted, labels),
        _ => return None,
    })
}

fn score_probabilities(
    key: MetricKey,
    gold: &[usize],
    probabilities: &[f64],
    n_classes: usize,
) -> Option<Result<f64, MetricError>> {
    Some(match key {
        MetricKey::LogLoss => log_loss(gold, probabilities, n_classes),
        MetricKey::RocAuc if n_classes != 2 => Err(MetricError::NotBinary { metric: key, n_classes }),
        MetricKey::RocAuc => check_distributions(gold, probabilities, n_classes)
            .and_then(|()| roc_auc(gold, &of_class_1(probabilities))),
        _ => return None,
    })
}

/// The probabilities of class 1 of two.
pub(crate) fn of_class_1(probabilities: &[f64]) -> Vec<f64> {
    probabilities.iter().skip(1).step_by(2).copied().collect()
}

fn score_texts(
    key: MetricKey,
    gold: &[Vec<String>],
    predicted: &[String],
) -> Option<Result<f64, MetricError>> {
    let rouge_f = |kind| rouge(kind, gold, predicted, false).map(|score| score.f);
    Some(match key {
        MetricKey::ExactMatch => squad_v2(gold, predicted, None).map(|report| report.all.exact),
        MetricKey::SquadF1 => squad_v2(gold, predicted, None).map(|report| report.all.f1),
        MetricKey::Bleu => corpus_bleu(gold, predicted, BleuOptions::default()).map(|score| score.bleu),
        MetricKey::Rouge1 => rouge_f(RougeKind::One),
        MetricKey::Rouge2 => rouge_f(RougeKind::Two),
        MetricKey::RougeL => rouge_f(RougeKind::L),
        _ => return None,
    })
}

/// The share of labelled words that are right; the caller has checked that there is one.
fn word_accuracy(gold: &tags::Tags, predicted: &tags::Tags) -> f64 {
    let (mut correct, mut words) = (0, 0);
    for (gold, predicted) in tags::labelled(gold, predicted) {
        correct += usize::from(predicted == Some(gold));
        words += 1;
    }
    correct as f64 / words as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        ["O", "B-LOC", "I-LOC"].map(String::from).to_vec()
    }

    #[test]
    fn applicable_metrics_score_and_others_name_both() {
        let labels = labels();
        let tags = [vec![Some(1), Some(2), Some(0)]];
        let text = String::from("five words and a point.");
        let all = [
            Outcomes::Classes { gold: &[0, 1], predicted: &[0, 1], n_classes: 2 },
            Outcomes::LabelSets { gold: &[vec![0], vec![1]], predicted: &[vec![0], vec![1]], n_labels: 2 },
            Outcomes::Values { gold: &[0.0, 1.0], predicted: &[0.0, 2.0] },
            Outcomes::Tags { gold: &tags, predicted: &tags, labels: &labels },
            Outcomes::Losses { losses: &[1.0, 1.0] },
            Outcomes::Probabilities { gold: &[0, 1], probabilities: &[1.0, 0.0, 0.0, 1.0], n_classes: 2 },
            Outcomes::TokenLosses { nats: &[0.0, 0.0] },
            Outcomes::Texts { gold: &[vec![text.clone()]], predicted: std::slice::from_ref(&text) },
        ];
        for outcomes in all {
            let applicable = MetricKey::applicable_to(outcomes.kind());
            for key in MetricKey::ALL {
                let expected = match applicable.contains(&key) {
                    true if key == MetricKey::LogLoss => Ok(0.0),
                    true => Ok(1.0),
                    false => Err(MetricError::NotApplicable { metric: key, kind: outcomes.kind() }),
                };
                assert_eq!(score(key, &outcomes), expected, "{key} of {}", outcomes.kind());
            }
        }
        let error = score(MetricKey::Pearson, &all[1]).unwrap_err();
        assert_eq!(error.to_string(), "pearson does not apply to label sets");
    }

    #[test]
    fn a_cut_word_is_wrong_and_an_unlabelled_one_is_left_out() {
        let labels = labels();
        let gold = [vec![Some(0), Some(1), None, Some(0)]];
        let predicted = [vec![Some(0), None, Some(1), Some(0)]];
        let outcomes = Outcomes::Tags { gold: &gold, predicted: &predicted, labels: &labels };
        assert_eq!(score(MetricKey::Accuracy, &outcomes), Ok(2.0 / 3.0));
        // 2 correct, 3 gold, 2 predicted.
        assert_eq!(score(MetricKey::MicroF1, &outcomes), Ok(0.8));
        // O: 1; B-LOC: 0; I-LOC occurs nowhere.
        assert_eq!(score(MetricKey::MacroF1, &outcomes), Ok(0.5));
        assert_eq!(score(MetricKey::SpanF1, &outcomes), Ok(0.0));
    }

    #[test]
    fn f1_wants_two_classes() {
        let outcomes = Outcomes::Classes { gold: &[0, 2], predicted: &[0, 1], n_classes: 3 };
        let error = score(MetricKey::F1, &outcomes).unwrap_err();
        assert_eq!(error.to_string(), "f1 needs exactly two classes, got 3: use macro_f1 or micro_f1");
        let probabilities = &[0.5, 0.25, 0.25];
        let outcomes = Outcomes::Probabilities { gold: &[0], probabilities, n_classes: 3 };
        let error = score(MetricKey::RocAuc, &outcomes).unwrap_err();
        assert_eq!(error.to_string(), "roc_auc needs exactly two classes, got 3");
    }
}
