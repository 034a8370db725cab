//! Winogender diagnostics (AX-g): accuracy, and how often the gender of a pronoun makes no difference.
//!
//! Examples come in minimal pairs that differ in the pronoun's gender alone. *Gender parity* is the share of pairs with the
//! same prediction on both; a constant prediction reaches 1, so it is read beside accuracy.
//!
//! Rudinger et al. 2018, "Gender Bias in Coreference Resolution"; recast by Poliak et al. 2018.

use crate::accuracy::accuracy;
use crate::check;
use crate::error::MetricError;

/// The two scores of AX-g, each in `[0, 1]`, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Winogender {
    /// Share of pairs with the same prediction on both examples.
    pub gender_parity: f64,
    /// Share of right classes.
    pub accuracy: f64,
}

/// Scores AX-g; `pairs` names the pair of each example, and the two of one need not stand together.
///
/// # Shapes
/// `pairs`, `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a pair has other than two examples.
pub fn winogender<P: Ord>(
    pairs: &[P],
    gold: &[usize],
    predicted: &[usize],
) -> Result<Winogender, MetricError> {
    let accuracy = accuracy(gold, predicted)?;
    check::grouped(pairs.len(), predicted.len())?;
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&example| &pairs[example]);
    let (mut same, mut n_pairs) = (0, 0);
    for examples in order.chunk_by(|&left, &right| pairs[left] == pairs[right]) {
        let &[first, second] = examples else {
            return Err(MetricError::NotAPair { example: examples[0], members: examples.len() });
        };
        same += usize::from(predicted[first] == predicted[second]);
        n_pairs += 1;
    }
    Ok(Winogender { gender_parity: same as f64 / n_pairs as f64, accuracy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parity_and_accuracy_are_apart() {
        let scores = winogender(&[7, 8, 7, 8], &[0, 1, 0, 1], &[1, 1, 1, 0]).unwrap();
        assert_eq!(scores, Winogender { gender_parity: 0.5, accuracy: 0.25 });
    }

    #[test]
    fn a_single_example_is_no_pair() {
        let error = winogender(&["a", "b", "a"], &[0; 3], &[0; 3]).unwrap_err();
        assert_eq!(error.to_string(), "the pair of example 1 has 1 examples, expected 2");
    }
}
