//! Jaccard overlap of two vocabularies: which share of the words both have.
//!
//! ```text
//! jaccard          = |A and B| / |A or B|                          of the sets of words that occur
//! weighted jaccard = sum of min(p, q) / sum of max(p, q)           of the words' relative frequencies
//! ```
//!
//! Jaccard 1901; the weighted form is Ruzicka's. With D the Bray-Curtis distance of p and q, the second is
//! (1 - D) / (1 + D). The first is ruled by rare words and by the sizes of the texts; the second by common words.

use super::both_shares;
use crate::CurriculumError;

/// The share of the items of either side that occur on both, in `[0, 1]`.
///
/// # Shapes
///
/// `left`, `right`: `(items,)`, counts of the same items.
///
/// Errors if there are not equally many counts, or one side has none above zero.
pub fn jaccard(left: &[u64], right: &[u64]) -> Result<f64, CurriculumError> {
    both_shares(left, right)?;
    let pairs = || left.iter().zip(right);
    let both = pairs().filter(|&(&l, &r)| l > 0 && r > 0).count();
    let either = pairs().filter(|&(&l, &r)| l > 0 || r > 0).count();
    Ok(both as f64 / either as f64)
}

/// The overlap of two distributions: the sum of the smaller shares over that of the larger ones, in `[0, 1]`.
///
/// # Shapes
///
/// `left`, `right`: `(items,)`, counts of the same items.
///
/// Errors if there are not equally many counts, or one side has none above zero.
pub fn weighted_jaccard(left: &[u64], right: &[u64]) -> Result<f64, CurriculumError> {
    let (p, q) = both_shares(left, right)?;
    let sum = |of: fn(f64, f64) -> f64| p.iter().zip(&q).map(|(&p, &q)| of(p, q)).sum::<f64>();
    Ok((sum(f64::min) / sum(f64::max)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_by_hand() {
        let (left, right) = ([4, 0, 4, 0], [1, 2, 1, 0]);
        assert_eq!(jaccard(&left, &right), Ok(2.0 / 3.0));
        // Shares (1/2, 0, 1/2) and (1/4, 1/2, 1/4): 1/2 over 3/2.
        assert_eq!(weighted_jaccard(&left, &right), Ok(1.0 / 3.0));
    }

    #[test]
    fn nothing_in_common() {
        assert_eq!(jaccard(&[1, 0], &[0, 5]), Ok(0.0));
        assert_eq!(weighted_jaccard(&[1, 0], &[0, 5]), Ok(0.0));
    }
}
