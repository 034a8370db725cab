//! p values of several tests at once, adjusted so that each can be held against the level of a single test.
//!
//! With the values sorted upwards, `p_(1) <= ... <= p_(m)`,
//!
//! ```text
//! Holm:                adjusted_(i) = max_{j <= i} min(1, (m - j + 1) p_(j))   any error among m tests is as rare as stated
//! Benjamini-Hochberg:  adjusted_(i) = min_{j >= i} min(1, m p_(j) / j)         the share of false discoveries is as small
//! ```
//!
//! Holm 1979, "A simple sequentially rejective multiple test procedure". Benjamini & Hochberg 1995, "Controlling the false
//! discovery rate" (for tests that are independent or positively dependent). Numbers as statsmodels' `multipletests`.

use crate::check;
use crate::error::MetricError;

/// Holm's adjusted p values, in the order of `p_values`.
///
/// # Shapes
/// `p_values`: (tests,), each in `[0, 1]`; result: (tests,)
///
/// # Errors
/// Errors if a value is not in `[0, 1]`.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, &test) in order.iter().enumerate() {
        let left = (p_values.len() - place) as f64;
        largest = largest.max((left * p_values[test]).min(1.0));
        adjusted[test] = largest;
    }
    Ok(adjusted)
}

/// Benjamini and Hochberg's adjusted p values, in the order of `p_values`.
///
/// # Shapes
/// `p_values`: (tests,), each in `[0, 1]`; result: (tests,)
///
/// # Errors
/// Errors if a value is not in `[0, 1]`.
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (place, &test) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[test] * p_values.len() as f64 / (place + 1) as f64);
        adjusted[test] = smallest;
    }
    Ok(adjusted)
}

/// The tests from the smallest p value to the largest.
fn ascending(p_values: &[f64]) -> Result<Vec<usize>, MetricError> {
    p_values.iter().try_for_each(|&p| check::probability("a p value", p))?;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 4] = [0.01, 0.04, 0.03, 0.005];

    fn assert_close(got: Vec<f64>, expected: &[f64]) {
        assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12), "{got:?}");
    }

    #[test]
    fn holm_by_hand() {
        assert_close(holm(&P).unwrap(), &[0.03, 0.06, 0.06, 0.02]);
        assert_close(holm(&[0.7, 0.9]).unwrap(), &[1.0, 1.0]);
    }

    #[test]
    fn benjamini_hochberg_by_hand() {
        assert_close(benjamini_hochberg(&P).unwrap(), &[0.02, 0.04, 0.04, 0.02]);
    }

    #[test]
    fn one_test_is_left_as_it_is() {
        assert_eq!((holm(&[0.2]), benjamini_hochberg(&[0.2])), (Ok(vec![0.2]), Ok(vec![0.2])));
        assert_eq!(holm(&[]), Ok(vec![]));
        let error = holm(&[0.1, 1.5]).unwrap_err();
        assert_eq!(error.to_string(), "a p value must be from 0 to 1, got 1.5");
    }
}
