//! What can be known of tasks and pairs of tasks before anything is trained: statistics of labels and of words.
//!
//! Everything here takes counts, and says nothing of its own about which tasks go together.

mod entropy;
mod jaccard;
mod jensen_shannon;
mod kurtosis;

pub use entropy::{entropy, normalised_entropy};
pub use jaccard::{jaccard, weighted_jaccard};
pub use jensen_shannon::{jensen_shannon, jensen_shannon_similarity};
pub use kurtosis::kurtosis;

use crate::CurriculumError;

/// Counts as shares of their total.
///
/// Errors if no count is above zero.
fn shares(counts: &[u64]) -> Result<Vec<f64>, CurriculumError> {
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    if !(total > 0.0) {
        return Err(CurriculumError::EmptyDistribution { counts: counts.len() });
    }
    Ok(counts.iter().map(|&count| count as f64 / total).collect())
}

/// The shares of two distributions over the same items.
///
/// Errors if they have not equally many counts, or one has no count above zero.
fn both_shares(left: &[u64], right: &[u64]) -> Result<(Vec<f64>, Vec<f64>), CurriculumError> {
    if left.len() != right.len() {
        return Err(CurriculumError::OtherItems { left: left.len(), right: right.len() });
    }
    Ok((shares(left)?, shares(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_distributions_are_errors() {
        let empty = CurriculumError::EmptyDistribution { counts: 2 };
        assert_eq!(entropy(&[0, 0]), Err(empty.clone()));
        assert_eq!(normalised_entropy(&[0, 0]), Err(empty.clone()));
        assert_eq!(entropy(&[]), Err(CurriculumError::EmptyDistribution { counts: 0 }));
        for of_two in [jaccard, weighted_jaccard, jensen_shannon, jensen_shannon_similarity] {
            assert_eq!(of_two(&[1, 0], &[0, 0]), Err(empty.clone()));
            assert_eq!(of_two(&[1], &[1, 1]), Err(CurriculumError::OtherItems { left: 1, right: 2 }));
        }
        let said = CurriculumError::OtherItems { left: 1, right: 2 }.to_string();
        assert_eq!(said, "two distributions must count the same items, got 1 and 2 counts");
    }
}
