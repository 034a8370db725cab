//! SQuAD 1.1: every question has an answer.
//!
//! As `evaluate-v1.1.py`: the best exact match and the best F1 over the references of each question, then the mean. Two
//! texts that share no word have F1 0, even if both normalise to nothing (their exact match is then 1).

use super::{AnswerScore, SquadScore, normalise_answer, overlap};
use crate::check;
use crate::error::MetricError;

/// Mean exact match and F1 of `predicted`.
///
/// # Shapes
/// `gold`: (questions,), each its references; `predicted`: (questions,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a question has no reference.
pub fn squad_v1<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<SquadScore, MetricError> {
    let answers = squad_v1_answers(gold, predicted)?;
    Ok(SquadScore::of(answers.into_iter()).expect("there is a question"))
}

/// Exact match and F1 of each answer.
///
/// # Shapes
/// `gold`: (questions,), each its references; `predicted`: (questions,); result: (questions,)
///
/// # Errors
/// As [`squad_v1`].
pub fn squad_v1_answers<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<Vec<AnswerScore>, MetricError> {
    check::referenced(gold, predicted.len())?;
    Ok(gold.iter().zip(predicted).map(|(gold, predicted)| answer(gold, predicted.as_ref())).collect())
}

fn answer<G: AsRef<str>>(references: &[G], predicted: &str) -> AnswerScore {
    let predicted = normalise_answer(predicted);
    let against = |reference: &G| {
        let reference = normalise_answer(reference.as_ref());
        let exact = f64::from(u8::from(reference == predicted));
        AnswerScore { exact, f1: overlap::f1(&reference, &predicted) }
    };
    let scores = references.iter().map(against);
    scores.reduce(AnswerScore::best).expect("there is a reference")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_takes_its_best_reference() {
        let gold = [vec!["the Norman conquest of England", "1066"], vec!["Paris"]];
        let score = squad_v1(&gold, &["Norman conquest", "Rome"]).unwrap();
        // 2 of 2 words, 2 of 4: F1 2/3; then nothing.
        assert_eq!(score, SquadScore { exact: 0.0, f1: 1.0 / 3.0, examples: 2 });
    }

    #[test]
    fn nothing_equals_nothing_without_sharing_a_word() {
        let answers = squad_v1_answers(&[vec!["The"]], &["a"]).unwrap();
        assert_eq!(answers, [AnswerScore { exact: 1.0, f1: 0.0 }]);
    }

    #[test]
    fn a_question_without_reference_is_named() {
        let error = squad_v1(&[vec!["x"], vec![]], &["x", "y"]).unwrap_err();
        assert_eq!(error.to_string(), "text 1 has no reference");
        let error = squad_v1(&[vec!["x"]], &["x", "y"]).unwrap_err();
        assert_eq!(error.to_string(), "1 gold against 2 predicted texts");
    }
}
