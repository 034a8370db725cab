//! Normalised F1 and exact match: the best agreement of an answer with any accepted one, averaged over questions.
//!
//! Normalised text is in lower case, without ASCII punctuation and the articles a, an, the, its words divided by single
//! spaces, as in SQuAD's evaluation.

use crate::answers::{for_each, normalised_agreement};
use crate::error::MetricError;

/// nF1: the mean over questions of the best F1 of normalised words, in `[0, 1]`, higher is better.
///
/// An answer that shares no word with any accepted one counts 0, also where both are empty after normalisation.
///
/// # Shapes
/// `gold`: (questions,), each (accepted answers,); `predicted`: (questions,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a question has no accepted answer.
pub fn normalised_f1<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<f64, MetricError> {
    Ok(normalised_agreement(gold, predicted)?.f1)
}

/// The share of answers that equal an accepted one after normalisation, in `[0, 1]`, higher is better.
///
/// # Shapes
/// `gold`: (questions,), each (accepted answers,); `predicted`: (questions,)
///
/// # Errors
/// As [`normalised_f1`].
pub fn normalised_exact_match<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<f64, MetricError> {
    Ok(normalised_agreement(gold, predicted)?.exact_match)
}

/// The share of answers that equal an accepted one to the letter, in `[0, 1]`, higher is better.
///
/// # Shapes
/// `gold`: (questions,), each (accepted answers,); `predicted`: (questions,)
///
/// # Errors
/// As [`normalised_f1`].
pub fn exact_match<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<f64, MetricError> {
    let mut correct = 0;
    for_each(gold, predicted, |accepted, predicted| {
        correct += usize::from(accepted.iter().any(|answer| answer.as_ref() == predicted));
    })?;
    Ok(correct as f64 / gold.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_answer_counts() {
        let gold = [vec!["the red car", "a vehicle"], vec!["blue"]];
        let predicted = ["Red, car!", "a big blue sky"];
        assert_eq!(normalised_f1(&gold, &predicted), Ok((1.0 + 0.5) / 2.0));
        assert_eq!(normalised_exact_match(&gold, &predicted), Ok(0.5));
        assert_eq!(exact_match(&gold, &predicted), Ok(0.0));
    }

    #[test]
    fn empty_answers_match_but_share_no_word() {
        let gold = [vec!["the"]];
        assert_eq!(normalised_exact_match(&gold, &["..."]), Ok(1.0));
        assert_eq!(normalised_f1(&gold, &["..."]), Ok(0.0));
    }

    #[test]
    fn bad_input_is_named() {
        let none: [Vec<&str>; 1] = [vec![]];
        assert_eq!(normalised_f1(&none, &["x"]).unwrap_err().to_string(), "example 0 has no gold answer");
        let error = exact_match(&[vec!["x"]], &["x", "y"]).unwrap_err();
        assert_eq!(error.to_string(), "1 gold against 2 predicted answers");
    }
}
