//! Fixed values: published or hand-made numbers that a method must give, checked without any file.

use crate::{SharingError, gradient, weighting};

/// Calls `check` once for every fixed value: method, paper, the numbers that it must give, those that it gives, and the
/// tolerance that they may differ by.
///
/// Errors if a method fails on its numbers, which none should.
pub fn verify(
    check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64),
) -> Result<(), SharingError> {
    weighting::verify(check)?;
    gradient::verify(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GradientKind, WeightingKind};

    #[test]
    fn every_fixed_value_is_met() {
        verify(&mut |method, paper, expected, got, tolerance| {
            assert_eq!(expected.len(), got.len(), "{method}, {paper}");
            for (expected, got) in expected.iter().zip(got) {
                assert!((expected - got).abs() <= tolerance, "{method}, {paper}: {got}, expected {expected}");
            }
        })
        .unwrap();
    }

    /// The methods that have a value, without what follows the name.
    fn methods() -> Vec<&'static str> {
        let mut methods = Vec::new();
        verify(&mut |method, _, _, _, _| methods.extend(method.split(": ").next())).unwrap();
        methods
    }

    #[test]
    fn every_loss_weighting_has_one() {
        let methods = methods();
        for kind in WeightingKind::ALL {
            assert!(methods.contains(&kind.name()), "{kind}");
        }
    }

    #[test]
    fn every_gradient_combining_has_one() {
        let methods = methods();
        for kind in GradientKind::ALL {
            assert!(methods.contains(&kind.name()), "{kind}");
        }
    }
}
