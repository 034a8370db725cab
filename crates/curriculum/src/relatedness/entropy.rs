//! Entropy of a label distribution: how much there is to learn from a task's labels.
//!
//! ```text
//! H = -sum over labels of p ln p         (nats; 0 ln 0 = 0)
//! H / ln K                               (normalised, K labels)
//! ```
//!
//! Shannon 1948. Héctor Martínez Alonso, Barbara Plank: *When is multitask learning effective? Semantic sequence
//! prediction under varying data conditions*, EACL 2017, use it to describe auxiliary tasks. As `scipy.stats.entropy`.

use super::shares;
use crate::CurriculumError;

/// The entropy in nats of the distribution with these counts, from 0 (one label) to ln K (all equally frequent).
///
/// # Shapes
///
/// `counts`: `(labels,)`; labels that never occur may be among them and change nothing.
///
/// Errors if no count is above zero.
pub fn entropy(counts: &[u64]) -> Result<f64, CurriculumError> {
    let occurring = shares(counts)?.into_iter().filter(|&share| share > 0.0);
    Ok(occurring.fold(0.0, |sum, share| sum - share * share.ln()))
}

/// The entropy as a share of the greatest that so many labels can have, in `[0, 1]`; 0 for a single label.
///
/// # Shapes
///
/// `counts`: `(labels,)`; a label that never occurs counts among the K.
///
/// Errors if no count is above zero.
pub fn normalised_entropy(counts: &[u64]) -> Result<f64, CurriculumError> {
    let entropy = entropy(counts)?;
    let most = (counts.len() as f64).ln();
    Ok(if most > 0.0 { (entropy / most).min(1.0) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_by_hand() {
        let half = 2.0_f64.ln();
        assert_eq!(entropy(&[3, 3]), Ok(half));
        // (1/2) ln 2 + 2 (1/4) ln 4 = 1.5 ln 2
        assert!((entropy(&[2, 1, 1]).unwrap() - 1.5 * half).abs() < 1e-15);
        assert!((normalised_entropy(&[2, 1, 1, 0]).unwrap() - 0.75).abs() < 1e-15);
    }

    #[test]
    fn one_label_has_none() {
        for counts in [&[7][..], &[7, 0], &[0, 0, 7]] {
            assert_eq!(entropy(counts).unwrap().to_bits(), 0.0_f64.to_bits());
            assert_eq!(normalised_entropy(counts), Ok(0.0));
        }
    }
}
