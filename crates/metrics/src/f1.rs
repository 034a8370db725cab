//! F1: the harmonic mean of precision and recall, for one class, pooled, or averaged over classes.
//!
//! With true positives `tp`, false positives `fp` and false negatives `fn` of a class,
//!
//! ```text
//! F1 = 2 tp / (2 tp + fp + fn) = 2 tp / (predicted + gold)
//! ```
//!
//! which is 0 where the class occurs on neither side (0/0). *Micro* pools the counts of all classes
//! before the division; *macro* takes the plain mean of the classes' F1; *weighted* takes their mean
//! weighted by how often gold has each class, so that a common class counts more
//! (van Rijsbergen 1979; Lewis 1991 for micro and macro; numbers as scikit-learn's `f1_score`).
//!
//! Which classes macro F1 averages over follows scikit-learn's defaults. Single label: the classes that
//! occur in gold or predictions, so that a class absent from a small dev set costs nothing. Label sets:
//! all `n_labels`, an absent label counting 0.

use crate::check;
use crate::error::MetricError;

/// How often one class was meant, predicted, and both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ClassCounts {
    pub(crate) gold: usize,
    pub(crate) predicted: usize,
    pub(crate) correct: usize,
}

impl ClassCounts {
    fn f1(self) -> f64 {
        match self.predicted + self.gold {
            0 => 0.0,
            occurrences => 2.0 * self.correct as f64 / occurrences as f64,
        }
    }

    fn occurs(&self) -> bool {
        self.gold + self.predicted > 0
    }
}

/// F1 of class 1 of the two classes 0 and 1, in `[0, 1]`; 0 if class 1 occurs on neither side.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each 0 or 1
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is neither 0 nor 1.
pub fn binary_f1(gold: &[usize], predicted: &[usize]) -> Result<f64, MetricError> {
    Ok(class_counts(gold, predicted, 2)?[1].f1())
}

/// F1 over the pooled counts of all classes, in `[0, 1]`; with one label per example it equals accuracy.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each below `n_classes`
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is not below `n_classes`.
pub fn micro_f1(gold: &[usize], predicted: &[usize], n_classes: usize) -> Result<f64, MetricError> {
    Ok(micro(&class_counts(gold, predicted, n_classes)?))
}

/// The mean F1 of the classes that occur in `gold` or `predicted`, in `[0, 1]`.
///
/// A class predicted but never gold counts with F1 0. With one class only, the result is 1.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each below `n_classes`
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is not below `n_classes`.
pub fn macro_f1(gold: &[usize], predicted: &[usize], n_classes: usize) -> Result<f64, MetricError> {
    Ok(macro_of_occurring(&class_counts(gold, predicted, n_classes)?))
}

/// The mean F1 of the classes, each weighted by its share of `gold`, in `[0, 1]`.
///
/// A class predicted but never gold has weight 0: it costs only through the classes that it was mistaken for.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each below `n_classes`
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is not below `n_classes`.
pub fn weighted_f1(gold: &[usize], predicted: &[usize], n_classes: usize) -> Result<f64, MetricError> {
    Ok(weighted(&class_counts(gold, predicted, n_classes)?))
}

/// F1 over the pooled counts of all labels of all texts, in `[0, 1]`; 0 if no text has any label on either side.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each a set of labels below `n_labels`; repetition does not matter
///
/// # Errors
/// Errors if the lengths differ or are 0, or a label is not below `n_labels`.
pub fn label_set_micro_f1(
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Result<f64, MetricError> {
    Ok(micro(&label_set_counts(gold, predicted, n_labels)?))
}

/// The mean F1 of all `n_labels` labels, in `[0, 1]`; a label that occurs on neither side counts 0.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each a set of labels below `n_labels`; repetition does not matter
///
/// # Errors
/// Errors if the lengths differ or are 0, or a label is not below `n_labels`.
pub fn label_set_macro_f1(
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Result<f64, MetricError> {
    let counts = label_set_counts(gold, predicted, n_labels)?;
    if n_labels == 0 {
        return Err(MetricError::Empty { what: "labels" });
    }
    Ok(counts.iter().map(|counts| counts.f1()).sum::<f64>() / n_labels as f64)
}

/// The mean F1 of the labels, each weighted by how many texts have it in `gold`, in `[0, 1]`; 0 if none has a label.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each a set of labels below `n_labels`; repetition does not matter
///
/// # Errors
/// Errors if the lengths differ or are 0, or a label is not below `n_labels`.
pub fn label_set_weighted_f1(
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Result<f64, MetricError> {
    Ok(weighted(&label_set_counts(gold, predicted, n_labels)?))
}

/// F1 of each class, 0 where it occurs on neither side. Errors as [`macro_f1`].
pub(crate) fn class_f1s(
    gold: &[usize],
    predicted: &[usize],
    n_classes: usize,
) -> Result<Vec<f64>, MetricError> {
    Ok(class_counts(gold, predicted, n_classes)?.into_iter().map(ClassCounts::f1).collect())
}

/// Pooled F1; 0 where nothing was meant and nothing predicted.
pub(crate) fn micro(counts: &[ClassCounts]) -> f64 {
    let pool = |sum: ClassCounts, class: &ClassCounts| ClassCounts {
        gold: sum.gold + class.gold,
        predicted: sum.predicted + class.predicted,
        correct: sum.correct + class.correct,
    };
    counts.iter().fold(ClassCounts::default(), pool).f1()
}

/// Mean F1 of the classes that occur; the caller has checked that one does.
pub(crate) fn macro_of_occurring(counts: &[ClassCounts]) -> f64 {
    let occurring = || counts.iter().filter(|counts| counts.occurs());
    occurring().map(|counts| counts.f1()).sum::<f64>() / occurring().count() as f64
}

/// Mean F1 weighted by gold occurrences; 0 where gold has none.
pub(crate) fn weighted(counts: &[ClassCounts]) -> f64 {
    let gold: usize = counts.iter().map(|counts| counts.gold).sum();
    let sum: f64 = counts.iter().map(|counts| counts.gold as f64 * counts.f1()).sum();
    if gold == 0 { 0.0 } else { sum / gold as f64 }
}

fn class_counts(
    gold: &[usize],
    predicted: &[usize],
    n_classes: usize,
) -> Result<Vec<ClassCounts>, MetricError> {
    check::classes(gold, predicted, n_classes)?;
    let pairs = gold.iter().zip(predicted);
    Ok(count_pairs(pairs.map(|(&gold, &predicted)| (gold, Some(predicted))), n_classes))
}

/// Counts per class of pairs (gold, predicted), all below `n_classes`; `None` is a gold class missed.
pub(crate) fn count_pairs(
    pairs: impl Iterator<Item = (usize, Option<usize>)>,
    n_classes: usize,
) -> Vec<ClassCounts> {
    let mut counts = vec![ClassCounts::default(); n_classes];
    for (gold, predicted) in pairs {
        counts[gold].gold += 1;
        if let Some(predicted) = predicted {
            counts[predicted].predicted += 1;
            counts[gold].correct += usize::from(gold == predicted);
        }
    }
    counts
}

fn label_set_counts(
    gold: &[Vec<usize>],
    predicted: &[Vec<usize>],
    n_labels: usize,
) -> Result<Vec<ClassCounts>, MetricError> {
    check::paired("label sets", gold.len(), predicted.len())?;
    let mut counts = vec![ClassCounts::default(); n_labels];
    for (example, (gold, predicted)) in gold.iter().zip(predicted).enumerate() {
        let in_gold = membership(example, gold, n_labels)?;
        let in_predicted = membership(example, predicted, n_labels)?;
        for (label, counts) in counts.iter_mut().enumerate() {
            counts.gold += usize::from(in_gold[label]);
            counts.predicted += usize::from(in_predicted[label]);
            counts.correct += usize::from(in_gold[label] && in_predicted[label]);
        }
    }
    Ok(counts)
}

fn membership(example: usize, set: &[usize], n_labels: usize) -> Result<Vec<bool>, MetricError> {
    let mut member = vec![false; n_labels];
    for &label in set {
        check::in_range(example, label, n_labels)?;
        member[label] = true;
    }
    Ok(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_by_hand() {
        // 2 true positives, 1 false positive, 1 false negative.
        assert_eq!(binary_f1(&[1, 1, 1, 0, 0], &[1, 1, 0, 1, 0]), Ok(2.0 / 3.0));
        assert_eq!(binary_f1(&[0, 0], &[0, 0]), Ok(0.0));
    }

    #[test]
    fn macro_by_hand() {
        // Class 0: 2/(2+1); class 1: 2/(1+2); class 2 occurs nowhere and is left out.
        let result = macro_f1(&[0, 0, 1], &[0, 1, 1], 3).unwrap();
        assert!((result - 2.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn weighted_by_hand() {
        // Class 0: 4/5 of weight 3; class 1: 1 of weight 1; class 2 is predicted once and has weight 0.
        let result = weighted_f1(&[0, 0, 0, 1], &[0, 0, 2, 1], 3).unwrap();
        assert!((result - (3.0 * 0.8 + 1.0) / 4.0).abs() < 1e-15);
        assert_eq!(label_set_weighted_f1(&[vec![]], &[vec![0]], 2), Ok(0.0));
    }

    #[test]
    fn a_class_never_gold_counts_zero() {
        assert_eq!(macro_f1(&[0, 0], &[0, 1], 2), Ok((2.0 / 3.0) / 2.0));
    }

    #[test]
    fn one_class_is_perfect() {
        assert_eq!(macro_f1(&[0, 0], &[0, 0], 1), Ok(1.0));
        assert_eq!(micro_f1(&[0, 0], &[0, 0], 1), Ok(1.0));
    }

    #[test]
    fn label_sets_by_hand() {
        let gold = [vec![0, 1], vec![1], vec![]];
        let predicted = [vec![0], vec![1, 1], vec![0]];
        // Label 0: 1 of (1 gold, 2 predicted); label 1: 1 of (2, 1); label 2 absent.
        assert_eq!(label_set_micro_f1(&gold, &predicted, 3), Ok(4.0 / 6.0));
        let result = label_set_macro_f1(&gold, &predicted, 3).unwrap();
        assert!((result - 4.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn empty_sets_everywhere_give_zero() {
        assert_eq!(label_set_micro_f1(&[vec![]], &[vec![]], 2), Ok(0.0));
        let error = label_set_macro_f1(&[vec![]], &[vec![]], 0).unwrap_err();
        assert_eq!(error.to_string(), "nothing to score: no labels");
    }

    #[test]
    fn a_label_out_of_range_is_named() {
        let error = micro_f1(&[0, 1], &[0, 4], 3).unwrap_err();
        let expected = "label 4 of example 1 is out of range: there are 3 labels";
        assert_eq!(error.to_string(), expected);
    }
}
