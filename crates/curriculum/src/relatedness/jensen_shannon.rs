//! Jensen-Shannon divergence of two distributions: how far their words, or labels, are from being the same.
//!
//! ```text
//! m = (p + q) / 2
//! JS = (1/2) sum of p ln(p/m) + (1/2) sum of q ln(q/m)       (nats; 0 where p = q, ln 2 where nothing is shared)
//! similarity = 1 - JS / ln 2
//! ```
//!
//! Lin 1991. Joachim Bingel, Anders Søgaard: *Identifying beneficial task relations for multi-task learning in deep
//! neural networks*, EACL 2017, describe pairs of tasks by the divergence of their words. It is the square of
//! `scipy.spatial.distance.jensenshannon`.
//!
//! Samples of one distribution are some way apart, the smaller they are the further: compare samples of one size.

use std::f64::consts::LN_2;

use super::both_shares;
use crate::CurriculumError;

/// The Jensen-Shannon divergence in nats of two distributions with these counts, in `[0, ln 2]`.
///
/// # Shapes
///
/// `left`, `right`: `(items,)`, counts of the same items.
///
/// Errors if there are not equally many counts, or one side has none above zero.
pub fn jensen_shannon(left: &[u64], right: &[u64]) -> Result<f64, CurriculumError> {
    let (p, q) = both_shares(left, right)?;
    let sum = p.iter().zip(&q).fold(0.0, |sum, (&p, &q)| sum + from_mean(p, q) + from_mean(q, p));
    Ok((0.5 * sum).clamp(0.0, LN_2))
}

/// One less the divergence as a share of the greatest there is, in `[0, 1]`: 1 for equal distributions, 0 where
/// nothing is shared.
///
/// # Shapes
///
/// `left`, `right`: `(items,)`, counts of the same items.
///
/// Errors if there are not equally many counts, or one side has none above zero.
pub fn jensen_shannon_similarity(left: &[u64], right: &[u64]) -> Result<f64, CurriculumError> {
    Ok(1.0 - jensen_shannon(left, right)? / LN_2)
}

/// `p ln(p / m)`, where m is the mean of p and q.
fn from_mean(p: f64, q: f64) -> f64 {
    if p > 0.0 { p * (2.0 * p / (p + q)).ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergences_by_hand() {
        assert_eq!(jensen_shannon(&[1, 3], &[2, 6]), Ok(0.0));
        assert_eq!(jensen_shannon(&[1, 0], &[0, 2]), Ok(LN_2));
        assert_eq!(jensen_shannon_similarity(&[1, 0], &[0, 2]), Ok(0.0));
        // p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4).
        let by_hand = 0.5 * ((4.0_f64 / 3.0).ln() + 0.5 * (2.0_f64 / 3.0).ln() + 0.5 * LN_2);
        assert!((jensen_shannon(&[5, 0], &[1, 1]).unwrap() - by_hand).abs() < 1e-15);
    }
}
