//! Scores of resampled examples: what a bootstrap and a permutation test take a metric to be.
//!
//! A resample is how often each example was drawn. Most metrics are sums over examples and one formula at the end, so a
//! resample costs one pass over counted rows ([`Sums`], counts per class, moments); rank correlation and the
//! ROC area need the ranks in the resample, which one pass over the sorted values gives; any other metric is
//! computed anew on the drawn examples.

mod class_tally;
mod correlation;
mod owned;
mod recomputed;
mod roc;
mod sums;

pub use owned::OwnedOutcomes;
pub use sums::Sums;

use crate::accuracy::exact_match;
use crate::conlleval::report;
use crate::error::MetricError;
use crate::f1;
use crate::key::MetricKey;
use crate::log_loss::surprises;
use crate::matthews;
use crate::outcomes::{Outcomes, of_class_1, score};
use crate::span_f1::strict_counts;
use crate::tags;
use class_tally::ClassTally;
use correlation::{Linear, Ranked};
use recomputed::Recomputed;
use roc::Area;

/// A score that can be taken of any multiset of its examples.
pub trait Resampled: Send + Sync {
    /// How many examples there are.
    fn n_examples(&self) -> usize;

    /// The score if each example occurred so many times.
    ///
    /// Where that multiset leaves a metric undefined (no word, no class), its own convention holds, and 0 where it has
    /// none; the ROC area of one class alone is 1/2. NaN if the metric refuses such examples.
    ///
    /// # Shapes
    /// `counts`: (examples,)
    fn score(&self, counts: &[u32]) -> f64;
}

/// `outcomes` under the metric `key`, ready to be resampled; with every example counted once it is
/// [`score`].
///
/// An example is a text: of tags, a whole sentence is drawn, since its words are not independent.
///
/// # Errors
/// As [`score`].
pub fn resampled(key: MetricKey, outcomes: &Outcomes<'_>) -> Result<Box<dyn Resampled>, MetricError> {
    score(key, outcomes)?;
    let by_sums: Option<Box<dyn Resampled>> = match *outcomes {
        Outcomes::Classes { gold, predicted, n_classes } => of_classes(key, gold, predicted, n_classes),
        Outcomes::LabelSets { gold, predicted, n_labels } => of_label_sets(key, gold, predicted, n_labels),
        Outcomes::Values { gold, predicted } => match key {
            MetricKey::Pearson => Some(Box::new(Linear::new(gold, predicted))),
            MetricKey::Spearman => Some(Box::new(Ranked::new(gold, predicted))),
            _ => None,
        },
        Outcomes::Tags { gold, predicted, labels } => of_tags(key, gold, predicted, labels),
        Outcomes::Losses { losses } => match key {
            MetricKey::Loss => Some(Box::new(Sums::mean(losses))),
            _ => None,
        },
        Outcomes::Probabilities { gold, probabilities, n_classes } => {
            of_probabilities(key, gold, probabilities, n_classes)
        }
        Outcomes::TokenLosses { .. } | Outcomes::Texts { .. } => None,
    };
    Ok(by_sums.unwrap_or_else(|| Box::new(Recomputed::new(key, outcomes))))
}

/// What finishes counts per class into a score, if the metric is one of counts per class.
fn finish_of(key: MetricKey) -> Option<fn(&[f1::ClassCounts]) -> f64> {
    Some(match key {
        MetricKey::F1 => |counts| counts[1].f1(),
        MetricKey::MicroF1 => f1::micro,
        MetricKey::MacroF1 => f1::macro_of_occurring,
        MetricKey::WeightedF1 => f1::weighted,
        MetricKey::Matthews => matthews::of_counts,
        _ => return None,
    })
}

fn of_classes(
    key: MetricKey,
    gold: &[usize],
    predicted: &[usize],
    n_classes: usize,
) -> Option<Box<dyn Resampled>> {
    let pairs = || gold.iter().zip(predicted);
    // With one class an example, micro F1 is accuracy.
    if matches!(key, MetricKey::Accuracy | MetricKey::MicroF1) {
        let right: Vec<f64> = pairs().map(|(gold, predicted)| f64::from(gold == predicted)).collect();
        return Some(Box::new(Sums::mean(&right)));
    }
    let finish = finish_of(key)?;
    let examples =
        pairs().map(|(&gold, &predicted)| f1::count_pairs([(gold, Some(predicted))].into_iter(), n_classes));
    Some(Box::new(ClassTally::new(n_classes, examples, finish)))
}

fn of_label_sets(
    key: MetricKey,
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Option<Box<dyn Resampled>> {
    let one = |i: usize| (&gold[i..=i], &predicted[i..=i]);
    if key == MetricKey::Accuracy {
        let right = |i| exact_match(one(i).0, one(i).1).expect("one text is scored");
        return Some(Box::new(Sums::mean(&(0..gold.len()).map(right).collect::<Vec<_>>())));
    }
    let finish = match key {
        MetricKey::MacroF1 => f1::macro_of_all,
        MetricKey::MicroF1 => f1::micro,
        MetricKey::WeightedF1 => f1::weighted,
        _ => return None,
    };
    let counts = |i| f1::label_set_counts(one(i).0, one(i).1, n_labels).expect("the sets are checked");
    Some(Box::new(ClassTally::new(n_labels, (0..gold.len()).map(counts), finish)))
}

fn of_tags(
    key: MetricKey,
    gold: &tags::Tags,
    predicted: &tags::Tags,
    labels: &[String],
) -> Option<Box<dyn Resampled>> {
    let one = |i: usize| (&gold[i..=i], &predicted[i..=i]);
    match key {
        MetricKey::Accuracy => {
            let words = |i| {
                let (mut right, mut words) = (0, 0);
                for (gold, predicted) in tags::labelled(one(i).0, one(i).1) {
                    right += usize::from(predicted == Some(gold));
                    words += 1;
                }
                [right as f64, words as f64]
            };
            Some(Box::new(Sums::ratio((0..gold.len()).map(words).collect())))
        }
        MetricKey::SpanF1 | MetricKey::StrictSpanF1 => {
            let chunks = |i| {
                let (runs, kinds) = tags::runs(one(i).0, one(i).1, labels);
                let counts = match key {
                    MetricKey::SpanF1 => report(&runs, &kinds).overall,
                    _ => strict_counts(&runs),
                };
                [2.0 * counts.correct as f64, (counts.found + counts.phrases) as f64]
            };
            Some(Box::new(Sums::ratio((0..gold.len()).map(chunks).collect())))
        }
        MetricKey::MicroF1 | MetricKey::MacroF1 | MetricKey::WeightedF1 => {
            let counts = |i| f1::count_pairs(tags::labelled(one(i).0, one(i).1), labels.len());
            Some(Box::new(ClassTally::new(labels.len(), (0..gold.len()).map(counts), finish_of(key)?)))
        }
        _ => None,
    }
}

fn of_probabilities(
    key: MetricKey,
    gold: &[usize],
    probabilities: &[f64],
    n_classes: usize,
) -> Option<Box<dyn Resampled>> {
    match key {
        MetricKey::LogLoss => Some(Box::new(Sums::mean(&surprises(gold, probabilities, n_classes)))),
        MetricKey::RocAuc => Some(Box::new(Area::new(gold, &of_class_1(probabilities)))),
        _ => None,
    }
}
