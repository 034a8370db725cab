//! CommitmentBank (CB): accuracy, and the plain mean of the F1 of its three classes.
//!
//! A class that occurs neither in gold nor among the predictions counts 0, as in the benchmark's toolkit; scikit-learn's
//! macro F1 (and [`crate::macro_f1`]) leaves it out.

use crate::accuracy::accuracy;
use crate::error::MetricError;
use crate::f1::class_f1s;

/// Entailment, contradiction and neutral.
const N_CLASSES: usize = 3;

/// The two scores of CB, each in `[0, 1]`, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommitmentBank {
    /// Share of right classes.
    pub accuracy: f64,
    /// Mean of the three classes' F1.
    pub f1: f64,
}

/// Scores CB.
///
/// # Shapes
/// `gold`, `predicted`: (examples,), each 0, 1 or 2
///
/// # Errors
/// Errors if the lengths differ or are 0, or a class is not below 3.
pub fn commitment_bank(gold: &[usize], predicted: &[usize]) -> Result<CommitmentBank, MetricError> {
    let f1s = class_f1s(gold, predicted, N_CLASSES)?;
    let f1 = f1s.iter().sum::<f64>() / N_CLASSES as f64;
    Ok(CommitmentBank { accuracy: accuracy(gold, predicted)?, f1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_weigh_alike_and_an_absent_one_is_zero() {
        // F1 of class 0: 2·1/(2 + 1), of class 1: 2·1/(1 + 2).
        let scores = commitment_bank(&[0, 0, 1], &[0, 1, 1]).unwrap();
        assert_eq!(scores.accuracy, 2.0 / 3.0);
        assert!((scores.f1 - 4.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn a_fourth_class_is_refused() {
        assert!(commitment_bank(&[3], &[0]).is_err());
    }
}
