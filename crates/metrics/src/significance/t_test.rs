//! Student's t test of paired values, and Welch's of two groups.
//!
//! ```text
//! paired:  t = mean(d) / (sd(d) / sqrt(n)),  d = second - first,  n - 1 degrees of freedom
//! Welch:   t = (m2 - m1) / sqrt(v1/n1 + v2/n2),
//!          (v1/n1 + v2/n2)² / ((v1/n1)²/(n1 - 1) + (v2/n2)²/(n2 - 1)) degrees of freedom
//! ```
//!
//! Student 1908; Welch 1947, "The generalization of 'Student's' problem when several different population variances are
//! involved". Both suppose normally distributed values (differences, for the paired test). Numbers as scipy's `ttest_rel`
//! and `ttest_ind(equal_var=False)`.
//!
//! Without any spread the formula is 0/0 or x/0: equal means give t = 0 and p = 1, others an infinite t and p = 0.
//! (scipy returns NaN for the former.)

use super::distribution::t_beyond;
use super::interval::{Interval, mean_interval};
use crate::error::MetricError;
use crate::summary::{mean, standard_deviation};

/// What a t test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// The mean of the second less that of the first.
    pub difference: f64,
    /// t; positive if the second is larger.
    pub statistic: f64,
    /// Degrees of freedom; not a whole number in Welch's test.
    pub degrees_of_freedom: f64,
    /// The two-sided p value.
    pub p: f64,
}

impl TTest {
    fn of(difference: f64, standard_error: f64, degrees_of_freedom: f64) -> Self {
        let statistic = if difference == 0.0 { 0.0 } else { difference / standard_error };
        TTest { difference, statistic, degrees_of_freedom, p: t_beyond(statistic, degrees_of_freedom) }
    }
}

/// Whether values measured in pairs differ, such as two arms' scores under the same seeds.
///
/// # Shapes
/// `first`, `second`: (pairs,), at least 2
///
/// # Errors
/// Errors if the lengths differ, there are fewer than two pairs, or a value is not finite.
pub fn paired_t(first: &[f64], second: &[f64]) -> Result<TTest, MetricError> {
    let differences = differences(first, second)?;
    let (mean, sd) = (mean(&differences)?, standard_deviation(&differences)?);
    let n = differences.len() as f64;
    Ok(TTest::of(mean, sd / n.sqrt(), n - 1.0))
}

/// The confidence interval of the mean difference that [`paired_t`] tests.
///
/// # Shapes
/// `first`, `second`: (pairs,), at least 2
///
/// # Errors
/// As [`paired_t`], or if `confidence` is not above 0 and below 1.
pub fn paired_t_interval(first: &[f64], second: &[f64], confidence: f64) -> Result<Interval, MetricError> {
    mean_interval(&differences(first, second)?, confidence)
}

/// Whether the means of two independent groups differ; their variances may.
///
/// # Shapes
/// `first`: (n1,), `second`: (n2,), each at least 2
///
/// # Errors
/// Errors if a group has fewer than two values, or a value is not finite.
pub fn welch_t(first: &[f64], second: &[f64]) -> Result<TTest, MetricError> {
    let share = |values: &[f64]| Ok(standard_deviation(values)?.powi(2) / values.len() as f64);
    let (of_first, of_second) = (share(first)?, share(second)?);
    let difference = mean(second)? - mean(first)?;
    let all = of_first + of_second;
    let (n1, n2) = (first.len() as f64, second.len() as f64);
    let degrees = match all == 0.0 {
        true => n1 + n2 - 2.0,
        false => all * all / (of_first.powi(2) / (n1 - 1.0) + of_second.powi(2) / (n2 - 1.0)),
    };
    Ok(TTest::of(difference, all.sqrt(), degrees))
}

fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, MetricError> {
    if first.len() != second.len() {
        let (first, second) = (first.len(), second.len());
        return Err(MetricError::PairMismatch { what: "values", first, second });
    }
    Ok(first.iter().zip(second).map(|(first, second)| second - first).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paired_by_hand() {
        // Differences 1, 2, 3: t = 2 / (1 / sqrt 3).
        let test = paired_t(&[1.0, 1.0, 1.0], &[2.0, 3.0, 4.0]).unwrap();
        assert!((test.statistic - 2.0 * 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((test.difference, test.degrees_of_freedom), (2.0, 2.0));
        assert!((test.p - 0.074_179_9).abs() < 1e-6, "{}", test.p);
    }

    #[test]
    fn without_spread_the_means_decide() {
        assert_eq!(paired_t(&[1.0, 2.0], &[1.0, 2.0]).unwrap().p, 1.0);
        let apart = paired_t(&[1.0, 2.0], &[2.0, 3.0]).unwrap();
        assert!(apart.statistic == f64::INFINITY && apart.p == 0.0);
        assert_eq!(welch_t(&[1.0, 1.0], &[1.0, 1.0]).unwrap().p, 1.0);
    }

    #[test]
    fn too_little_is_named() {
        let error = paired_t(&[1.0], &[2.0]).unwrap_err();
        assert_eq!(error.to_string(), "a standard deviation needs at least 2 values, got 1");
        let error = paired_t(&[1.0, 2.0], &[2.0]).unwrap_err();
        assert_eq!(error.to_string(), "2 values of the first against 1 of the second");
    }
}
