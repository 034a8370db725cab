//! McNemar's test: are two systems right equally often on the same examples?
//!
//! Only the examples on which exactly one of them is right tell them apart: `b` where the first is, `c` where the second is.
//! If neither is better, `b` is a number of heads among `b + c` fair coins:
//!
//! ```text
//! exact:      p = min(1, 2 P(X <= min(b, c)))
//! corrected:  χ² = max(0, |b - c| - 1)² / (b + c),  1 degree of freedom
//! ```
//!
//! McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; Edwards 1948 for
//! the continuity correction. Numbers as statsmodels' `mcnemar`, except that a corrected |b - c| does not go
//! below 0.

use super::distribution::{fair_coins_below, normal_below};
use crate::error::MetricError;

/// What McNemar's test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mcnemar {
    /// Examples that only the first system has right.
    pub only_first: u64,
    /// Examples that only the second system has right.
    pub only_second: u64,
    /// The two-sided p value of the exact (binomial) test.
    pub exact_p: f64,
    /// χ² with continuity correction; 0 if no example tells the systems apart.
    pub corrected_statistic: f64,
    /// The p value of the corrected χ², good where `only_first + only_second` is at least about 25.
    pub corrected_p: f64,
}

impl Mcnemar {
    /// The test of a table's two cells off the diagonal.
    pub fn of_counts(only_first: u64, only_second: u64) -> Self {
        let (few, all) = (only_first.min(only_second), only_first + only_second);
        let statistic = match all {
            0 => 0.0,
            _ => (only_first.abs_diff(only_second) as f64 - 1.0).max(0.0).powi(2) / all as f64,
        };
        Mcnemar {
            only_first,
            only_second,
            exact_p: (2.0 * fair_coins_below(few, all)).min(1.0),
            corrected_statistic: statistic,
            // χ² of one degree of freedom is the square of a normal variable.
            corrected_p: 2.0 * normal_below(-statistic.sqrt()),
        }
    }
}

/// Tests whether two systems are right equally often.
///
/// # Shapes
/// `first`, `second`: (examples,), whether each example was right
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn mcnemar(first: &[bool], second: &[bool]) -> Result<Mcnemar, MetricError> {
    if first.len() != second.len() {
        let (first, second) = (first.len(), second.len());
        return Err(MetricError::PairMismatch { what: "examples", first, second });
    }
    if first.is_empty() {
        return Err(MetricError::Empty { what: "examples" });
    }
    let count = |wanted| first.iter().zip(second).filter(|&(&a, &b)| (a, b) == wanted).count() as u64;
    Ok(Mcnemar::of_counts(count((true, false)), count((false, true))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_six_by_hand() {
        // 2 (1 + 6) / 64, and (|1 - 5| - 1)² / 6.
        let test = Mcnemar::of_counts(1, 5);
        assert!((test.exact_p - 14.0 / 64.0).abs() < 1e-12);
        assert_eq!(test.corrected_statistic, 1.5);
        assert!((test.corrected_p - 0.220_671_4).abs() < 1e-6, "{}", test.corrected_p);
    }

    #[test]
    fn nothing_apart_is_no_evidence() {
        let test = mcnemar(&[true, false], &[true, false]).unwrap();
        assert_eq!((test.exact_p, test.corrected_p), (1.0, 1.0));
        assert_eq!(Mcnemar::of_counts(7, 7).exact_p, 1.0);
    }

    #[test]
    fn examples_are_paired() {
        let test = mcnemar(&[true, true, false], &[false, true, true]).unwrap();
        assert_eq!((test.only_first, test.only_second), (1, 1));
        let error = mcnemar(&[true], &[]).unwrap_err();
        assert_eq!(error.to_string(), "1 examples of the first against 0 of the second");
    }
}
