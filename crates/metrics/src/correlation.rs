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
    let (gold, predicted) = rayon::join(|| average_ranks(gold), || average_ranks(predicted));
    Ok(correlation(&gold, &predicted))
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
    let units = [unit(left), unit(right)];
    let n = left.len() as f64;
    let means = sums(left, right, |x, y| [x * units[0], y * units[1]]).map(|sum| sum / n);
    // The means are rounded: what remains of the sums corrects the products (Chan, Golub & LeVeque 1983, eq. 1.7).
    let [x, y, xx, yy, xy] = sums(left, right, |x, y| {
        let (x, y) = (x * units[0] - means[0], y * units[1] - means[1]);
        [x, y, x * x, y * y, x * y]
    });
    let [xx, yy, xy] = [(xx - x * x / n).max(0.0), (yy - y * y / n).max(0.0), xy - x * y / n];
    let norm = (xx * yy).sqrt();
    if norm == 0.0 {
        return 0.0;
    }
    (xy / norm).clamp(-1.0, 1.0)
}

/// Asked of the values themselves: the mean of equal numbers may differ from them by rounding.
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|&value| value == values[0])
}

/// Sums of terms over pairs, in eight lanes that are added in order: the lanes become vectors, and the order is fixed.
fn sums<const N: usize>(left: &[f64], right: &[f64], terms: impl Fn(f64, f64) -> [f64; N]) -> [f64; N] {
    const LANES: usize = 8;
    let mut lanes = [[0.0; LANES]; N];
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    for (x, y) in left.iter().zip(right) {
        for lane in 0..LANES {
            let terms = terms(x[lane], y[lane]);
            for n in 0..N {
                lanes[n][lane] += terms[n];
            }
        }
    }
    for (lane, (x, y)) in left_rest.iter().zip(right_rest).enumerate() {
        let terms = terms(*x, *y);
        for n in 0..N {
            lanes[n][lane] += terms[n];
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}

/// The values in units in which the largest lies between 1 and 2.
pub(crate) fn scaled(values: &[f64]) -> Vec<f64> {
    let unit = unit(values);
    values.iter().map(|value| value * unit).collect()
}

/// The factor by which the largest of the values comes to lie between 1 and 2.
///
/// r does not change with the unit. A power of two as the factor keeps every value exact and keeps sums and
/// squares of very large or very small values in range.
fn unit(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut largest = [0.0_f64; 16];
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            *largest = largest.max(value.abs());
        }
    }
    let largest = largest.iter().chain(rest).fold(0.0_f64, |max, value| max.max(value.abs()));
    2.0_f64.powi(-exponent(largest))
}

/// The binary exponent of a finite value; -1023 for zero and subnormal ones.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
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
