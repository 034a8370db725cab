//! Pearson's and Spearman's correlation of predicted with gold values.
//!
//! ```text
//! r = sum_i (x_i - mean x)(y_i - mean y) / (|x - mean x| |y - mean y|)
//! ```
//!
//! Pearson 1895. Spearman 1904: the same of the ranks, equal values sharing their average rank.
//! Numbers as `scipy.stats.pearsonr` and `spearmanr`.
//!
//! Undefined (0/0) where one side is constant, as it is for a single example or a model that predicts one
//! number for everything. Both functions then return 0: no relation can be seen, and model selection goes on.
//! (scipy returns NaN there.)

use crate::check;
use crate::error::MetricError;
use crate::ranks::average_ranks;

/// Pearson's linear correlation, in `[-1, 1]`; 0 where one side is constant.
///
/// # Shapes
/// `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a value is not finite.
pub fn pearson(gold: &[f64], predicted: &[f64]) -> Result<f64, MetricError> {
    check_values(gold, predicted)?;
    Ok(correlation(gold, predicted))
}

/// Spearman's rank correlation, in `[-1, 1]`; 0 where one side is constant.
///
/// # Shapes
/// `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a value is not finite.
pub fn spearman(gold: &[f64], predicted: &[f64]) -> Result<f64, MetricError> {
    check_values(gold, predicted)?;
    Ok(correlation(&average_ranks(gold), &average_ranks(predicted)))
}

fn check_values(gold: &[f64], predicted: &[f64]) -> Result<(), MetricError> {
    check::paired("values", gold.len(), predicted.len())?;
    check::finite("gold value", gold)?;
    check::finite("predicted value", predicted)
}

fn correlation(left: &[f64], right: &[f64]) -> f64 {
    if is_constant(left) || is_constant(right) {
        return 0.0;
    }
    let (left, right) = (deviations(left), deviations(right));
    let norm = (dot(&left, &left) * dot(&right, &right)).sqrt();
    if norm == 0.0 {
        return 0.0;
    }
    (dot(&left, &right) / norm).clamp(-1.0, 1.0)
}

/// Asked of the values themselves: the mean of equal numbers may differ from them by rounding.
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|&value| value == values[0])
}

/// Distances from the mean, in units in which the largest value lies between 1 and 2.
///
/// The mean is rounded; the mean of what remains corrects it.
fn deviations(values: &[f64]) -> Vec<f64> {
    let mut deviations = scaled(values);
    for _ in 0..2 {
        let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
        deviations.iter_mut().for_each(|value| *value -= mean);
    }
    deviations
}

/// The values in units in which the largest lies between 1 and 2.
///
/// r does not change with the unit. A power of two as the unit keeps every value exact and keeps sums and
/// squares of very large or very small values in range.
pub(crate) fn scaled(values: &[f64]) -> Vec<f64> {
    let largest = values.iter().fold(0.0_f64, |max, value| max.max(value.abs()));
    let unit = 2.0_f64.powi(-exponent(largest));
    values.iter().map(|value| value * unit).collect()
}

/// The binary exponent of a finite value; -1023 for zero and subnormal ones.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pearson_by_hand() {
        // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / 2.
        let r = pearson(&[1.0, 2.0, 3.0], &[0.0, 2.0, 1.0]).unwrap();
        assert!((r - 0.5).abs() < 1e-15);
    }

    #[test]
    fn spearman_sees_only_the_order() {
        let r = spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 1e9]).unwrap();
        assert!((r - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_side_is_zero() {
        assert_eq!(pearson(&[0.1, 0.2, 0.4], &[0.1, 0.1, 0.1]), Ok(0.0));
        assert_eq!(spearman(&[7.0, 7.0], &[1.0, 2.0]), Ok(0.0));
        assert_eq!(pearson(&[1.0], &[1.0]), Ok(0.0));
    }

    #[test]
    fn extremes_stay_in_range() {
        let r = pearson(&[-1.7e308, 0.0, 1.7e308], &[-5e-324, 0.0, 5e-324]).unwrap();
        assert!((r - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_value_that_is_not_finite_is_named() {
        let error = pearson(&[1.0, 2.0], &[1.0, f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "predicted value 1 is not finite: NaN");
    }
}
