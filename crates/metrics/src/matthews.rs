//! Matthews correlation coefficient: how far predictions and gold classes go together, chance being 0.
//!
//! With `n` examples, `c` of them correct, and each class `k` occurring `g_k` times in gold and `p_k` times
//! among the predictions,
//!
//! ```text
//!          n c - sum_k g_k p_k
//! R = ---------------------------------------------
//!     sqrt(n^2 - sum_k g_k^2) sqrt(n^2 - sum_k p_k^2)
//! ```
//!
//! Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient", with
//! the confusion matrix summed out; for two classes it is the coefficient of Matthews 1975 (GLUE's CoLA score).

use crate::check;
use crate::error::MetricError;
use crate::f1::{self, ClassCounts};

/// The Matthews correlation coefficient over any number of classes, in `[-1, 1]`.
///
/// Where one side knows a single class only, the formula is 0/0 and the result 0, as in scikit-learn.
/// Sums are exact (integers), so the result depends on the counts alone.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each below `n_classes`
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is not below `n_classes`.
pub fn matthews(gold: &[usize], predicted: &[usize], n_classes: usize) -> Result<f64, MetricError> {
    check::classes(gold, predicted, n_classes)?;
    let pairs = gold.iter().zip(predicted).map(|(&gold, &predicted)| (gold, Some(predicted)));
    Ok(of_counts(&f1::count_pairs(pairs, n_classes)))
}

/// The coefficient of examples that have one gold and one predicted class each, counted per class.
pub(crate) fn of_counts(counts: &[ClassCounts]) -> f64 {
    let sum = |of: fn(&ClassCounts) -> usize| counts.iter().map(|class| of(class) as i128).sum::<i128>();
    let (n, correct) = (sum(|class| class.gold), sum(|class| class.correct));
    let gold: Vec<i128> = counts.iter().map(|class| class.gold as i128).collect();
    let predicted: Vec<i128> = counts.iter().map(|class| class.predicted as i128).collect();
    let covariance = n * correct - dot(&gold, &predicted);
    let gold_variance = n * n - dot(&gold, &gold);
    let predicted_variance = n * n - dot(&predicted, &predicted);
    if gold_variance == 0 || predicted_variance == 0 {
        return 0.0;
    }
    // One root of the product, not a product of roots: equal variances give back exactly themselves.
    let norm = (gold_variance as f64 * predicted_variance as f64).sqrt();
    (covariance as f64 / norm).clamp(-1.0, 1.0)
}

fn dot(left: &[i128], right: &[i128]) -> i128 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_by_hand() {
        // tp 2, tn 1, fp 1, fn 1: (2·1 - 1·1) / sqrt(3·3·2·2).
        let result = matthews(&[1, 1, 1, 0, 0], &[1, 1, 0, 1, 0], 2).unwrap();
        assert!((result - 1.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn opposites_are_minus_one() {
        let result = matthews(&[0, 1, 0, 1], &[1, 0, 1, 0], 2).unwrap();
        assert!((result + 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_side_is_zero() {
        assert_eq!(matthews(&[0, 1, 1], &[1, 1, 1], 2), Ok(0.0));
        assert_eq!(matthews(&[0, 0], &[0, 0], 1), Ok(0.0));
    }
}
