//! Area under the ROC curve: the chance that an example of class 1 is scored above one of class 0.
//!
//! ```text
//! AUC = (wins + ties / 2) / (positives * negatives)
//! ```
//!
//! over all pairs of a positive and a negative example: a tie is half a win, which is the Mann-Whitney statistic with
//! mid-ranks (Hanley & McNeil 1982; numbers as scikit-learn's `roc_auc_score`). Only the order of the scores matters.
//! Wins and ties are counted as whole numbers, so the result does not depend on the order of the examples.

use crate::check;
use crate::error::MetricError;
use crate::key::MetricKey;
use crate::ranks::{order_key, sorted_by_digits};

/// The area under the ROC curve of class 1 of the classes 0 and 1, in `[0, 1]`; 1/2 for a constant score.
///
/// # Shapes
/// `gold`: (examples,), each 0 or 1; `scores`: (examples,), finite, higher for class 1
///
/// # Errors
/// Errors if the lengths differ or are 0, a class is neither 0 nor 1, a score is not finite, or gold has one class
/// only: there is then no pair to compare.
pub fn roc_auc(gold: &[usize], scores: &[f64]) -> Result<f64, MetricError> {
    check::paired("scores", gold.len(), scores.len())?;
    check::finite("score", scores)?;
    let [mut negatives, mut positives] = keys_of_classes(gold, scores)?;
    if negatives.is_empty() || positives.is_empty() {
        let class = usize::from(negatives.is_empty());
        return Err(MetricError::OneClass { metric: MetricKey::RocAuc, class, examples: gold.len() });
    }
    (negatives, positives) = (
        sorted_by_digits(negatives, u64::BITS, |key| *key),
        sorted_by_digits(positives, u64::BITS, |key| *key),
    );
    let pairs = negatives.len() as f64 * positives.len() as f64;
    Ok(doubled_wins(&negatives, &positives) as f64 / (2.0 * pairs))
}

/// The scores of class 0 and of class 1 as integers of the same order.
fn keys_of_classes(gold: &[usize], scores: &[f64]) -> Result<[Vec<u64>; 2], MetricError> {
    let mut keys = [Vec::with_capacity(gold.len()), Vec::with_capacity(gold.len())];
    for (example, (&class, &score)) in gold.iter().zip(scores).enumerate() {
        check::in_range(example, class, 2)?;
        keys[class].push(order_key(score));
    }
    Ok(keys)
}

/// Twice the number of pairs that a positive wins, a tie counting half; both sides are sorted.
fn doubled_wins(negatives: &[u64], positives: &[u64]) -> u128 {
    let (mut below, mut not_above, mut doubled) = (0, 0, 0);
    for &positive in positives {
        while below < negatives.len() && negatives[below] < positive {
            below += 1;
        }
        not_above = not_above.max(below);
        while not_above < negatives.len() && negatives[not_above] == positive {
            not_above += 1;
        }
        doubled += (below + not_above) as u128;
    }
    doubled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_four_pairs() {
        assert_eq!(roc_auc(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8]), Ok(0.75));
    }

    #[test]
    fn a_tie_is_half() {
        assert_eq!(roc_auc(&[0, 1, 0, 1], &[0.5, 0.5, 0.5, 0.5]), Ok(0.5));
        assert_eq!(roc_auc(&[0, 1, 1], &[-0.0, 0.0, 1.0]), Ok(0.75));
    }

    #[test]
    fn negative_scores_have_an_order() {
        assert_eq!(roc_auc(&[0, 0, 1, 1], &[-3.0, -2.0, -1.0, 1e-300]), Ok(1.0));
        assert_eq!(roc_auc(&[1, 0], &[-1.0, -0.5]), Ok(0.0));
    }

    #[test]
    fn one_class_is_an_error() {
        let error = roc_auc(&[1, 1, 1], &[0.1, 0.2, 0.3]).unwrap_err();
        assert_eq!(error.to_string(), "roc_auc needs both classes in gold, got only class 1 (3 examples)");
        let error = roc_auc(&[0, 2], &[0.1, 0.2]).unwrap_err();
        assert_eq!(error.to_string(), "label 2 of example 1 is out of range: there are 2 labels");
    }
}
