//! Confidence intervals: Student's for a mean, Wilson's for a proportion.
//!
//! ```text
//! mean:        m ± t s / sqrt(n)                                    t of n - 1 degrees of freedom
//! proportion: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
//! ```
//!
//! Student 1908; Wilson 1927, "Probable inference, the law of succession, and statistical inference". The interval of any
//! metric over examples is [`bootstrap_interval`](super::bootstrap_interval).

use super::distribution::{normal_quantile, t_critical};
use crate::check;
use crate::error::MetricError;
use crate::summary::{mean, standard_deviation};

/// The two ends between which a value lies with the stated confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the value lies inside, the ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The same interval of the negated quantity.
    pub fn negated(&self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}

/// The confidence interval of the mean of normally distributed values, such as scores over seeds.
///
/// # Shapes
/// `values`: (n,), n at least 2
///
/// # Errors
/// Errors if there are fewer than two values, one is not finite, or `confidence` is not above 0 and below 1.
pub fn mean_interval(values: &[f64], confidence: f64) -> Result<Interval, MetricError> {
    check::share("confidence", confidence)?;
    let (mean, sd) = (mean(values)?, standard_deviation(values)?);
    let n = values.len() as f64;
    let margin = t_critical(confidence, n - 1.0) * sd / n.sqrt();
    Ok(Interval { low: mean - margin, high: mean + margin })
}

/// Wilson's confidence interval of a proportion such as accuracy, always within `[0, 1]`.
///
/// # Errors
/// Errors if `trials` is 0, `successes` exceeds it, or `confidence` is not above 0 and below 1.
pub fn wilson_interval(successes: u64, trials: u64, confidence: f64) -> Result<Interval, MetricError> {
    check::share("confidence", confidence)?;
    if trials == 0 {
        return Err(MetricError::Empty { what: "trials" });
    }
    if successes > trials {
        return Err(MetricError::OutOfRange {
            what: "successes",
            rule: "at most the number of trials",
            value: successes as f64,
        });
    }
    let (n, z) = (trials as f64, normal_quantile(0.5 + confidence / 2.0));
    let p = successes as f64 / n;
    let centre = p + z * z / (2.0 * n);
    let margin = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    // The ends at no and at all successes are exactly 0 and 1; rounding must not say otherwise.
    let low = if successes == 0 { 0.0 } else { (centre - margin) / whole };
    let high = if successes == trials { 1.0 } else { (centre + margin) / whole };
    Ok(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_three_by_hand() {
        // sd 1, t of 2 degrees of freedom at 95 %: 4.302653.
        let interval = mean_interval(&[1.0, 2.0, 3.0], 0.95).unwrap();
        assert!((interval.high - (2.0 + 4.302_652_73 / 3.0_f64.sqrt())).abs() < 1e-8);
        assert!((interval.low + interval.high - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_proportion_stays_a_proportion() {
        let none = wilson_interval(0, 10, 0.95).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.277_532_8).abs() < 1e-6, "{none:?}");
        assert_eq!(wilson_interval(10, 10, 0.95).unwrap().high, 1.0);
    }

    #[test]
    fn wrong_numbers_are_named() {
        let error = wilson_interval(3, 2, 0.95).unwrap_err();
        assert_eq!(error.to_string(), "successes must be at most the number of trials, got 3");
        let error = mean_interval(&[1.0, 2.0], 95.0).unwrap_err();
        assert_eq!(error.to_string(), "confidence must be above 0 and below 1, got 95");
    }
}
