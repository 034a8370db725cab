//! Fixed values: each method's published or hand-derived number beside what this crate computes.
//!
//! Values that need a file are compared elsewhere (golden tests, `cargo xtask conformance`).

mod scores;
mod significance;
mod summaries;
mod texts;

use crate::key::MetricKey;
use crate::outcomes::{Outcomes, score};

/// What is told of each fixed value: method, source, expected, got, tolerance (absolute, per number).
type Check<'a> = &'a mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64);

/// Where a value follows from the definition in a line or two.
const BY_HAND: &str = "by hand";

/// Exact but for the rounding of the last digits.
const EXACT: f64 = 1e-12;

/// As near as tails and quantiles that come from iterations on both sides can be.
const ITERATED: f64 = 1e-9;

/// Computes every fixed value and calls `check` with (method, source, expected, got, tolerance), in a fixed order.
///
/// A value holds if both sides have the same length and no number differs by more than the tolerance. A metric that has
/// a [`MetricKey`] is called by its name, followed by `: ` and what differs where it has several values.
pub fn verify(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    scores::verify(check);
    texts::verify(check);
    summaries::verify(check);
    significance::verify(check);
}

/// The value, or NaN, which no expected number is near to.
fn got<E>(value: Result<f64, E>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// The parts of a score, or NaN.
fn parts<T, E, const N: usize>(score: Result<T, E>, of: impl Fn(T) -> [f64; N]) -> [f64; N] {
    score.map_or([f64::NAN; N], of)
}

/// Checks the scores of one set of predictions, each value derived by hand.
fn scored(check: Check, outcomes: &Outcomes, expected: &[(MetricKey, f64)]) {
    for &(key, expected) in expected {
        check(key.name(), BY_HAND, &[expected], &[got(score(key, outcomes))], EXACT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_value_holds() {
        let mut methods = Vec::new();
        verify(&mut |method, source, expected, got, tolerance| {
            assert_eq!(expected.len(), got.len(), "{method}");
            for (expected, got) in expected.iter().zip(got) {
                assert!(
                    (expected - got).abs() <= tolerance,
                    "{method} ({source}): {got}, expected {expected}"
                );
            }
            methods.push(method);
        });
        let n_values = methods.len();
        methods.sort_unstable();
        methods.dedup();
        assert_eq!(methods.len(), n_values, "a method is named twice");
    }

    #[test]
    fn every_metric_has_one() {
        let mut methods = Vec::new();
        verify(&mut |method, _, _, _, _| methods.extend(method.split(": ").next()));
        for key in MetricKey::ALL {
            assert!(methods.contains(&key.name()), "{key}");
        }
    }
}
