//! Fixed values: published or hand-made numbers that a method must give, checked without any file.

use crate::{SharingError, gradient, weighting};

/// Calls `check` once for every fixed value: method, paper, the numbers that it must give, those that it gives, and the
/// tolerance that they may differ by.
///
/// Errors if a method fails on its numbers, which none should.
pub fn verify(
    check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64),
) -> Result<(), SharingError> {
    weighting::verify(check);
    gradient::verify(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WeightingKind;

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

    #[test]
    fn every_published_loss_weighting_has_one() {
        let mut methods = Vec::new();
        verify(&mut |method, _, _, _, _| methods.push(method)).unwrap();
        for kind in WeightingKind::ALL {
            assert!(kind.paper().is_empty() || methods.contains(&kind.name()), "{kind}");
        }
    }
}
