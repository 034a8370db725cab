//! Accuracy: the share of predictions that equal the gold label.
//!
//! `accuracy = |{i : predicted_i = gold_i}| / n`, as scikit-learn's `accuracy_score`.
//! Of several labels per text the whole set must be right (subset accuracy).

use std::collections::BTreeSet;

use crate::check;
use crate::error::MetricError;

/// The share of examples whose predicted class is the gold class, in `[0, 1]`.
///
/// Any two sequences over one alphabet can be compared; a class that never occurs in gold is simply wrong.
///
/// # Shapes
/// `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn accuracy<T: PartialEq>(gold: &[T], predicted: &[T]) -> Result<f64, MetricError> {
    check::paired("classes", gold.len(), predicted.len())?;
    let correct = gold.iter().zip(predicted).filter(|(g, p)| g == p).count();
    Ok(correct as f64 / gold.len() as f64)
}

/// The share of examples whose set of predicted labels is exactly the gold set, in `[0, 1]`.
///
/// Order and repetition inside a set do not matter; two empty sets are equal.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each a set of label indices
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn exact_match(gold: &[Vec<usize>], predicted: &[Vec<usize>]) -> Result<f64, MetricError> {
    check::paired("label sets", gold.len(), predicted.len())?;
    let same = |(gold, predicted): &(&Vec<usize>, &Vec<usize>)| as_set(gold) == as_set(predicted);
    let correct = gold.iter().zip(predicted).filter(same).count();
    Ok(correct as f64 / gold.len() as f64)
}

fn as_set(labels: &[usize]) -> BTreeSet<usize> {
    labels.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_four() {
        assert_eq!(accuracy(&[0, 1, 2, 2], &[0, 1, 2, 0]), Ok(0.75));
        assert_eq!(accuracy(&[0], &[1]), Ok(0.0));
    }

    #[test]
    fn lengths_are_named() {
        let error = accuracy(&[0, 1], &[0]).unwrap_err();
        assert_eq!(error.to_string(), "2 gold against 1 predicted classes");
        let error = accuracy::<usize>(&[], &[]).unwrap_err();
        assert_eq!(error.to_string(), "nothing to score: no classes");
    }

    #[test]
    fn a_set_has_no_order() {
        let gold = [vec![0, 2], vec![], vec![1]];
        let predicted = [vec![2, 0, 2], vec![], vec![1, 0]];
        assert_eq!(exact_match(&gold, &predicted), Ok(2.0 / 3.0));
    }
}
