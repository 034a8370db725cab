//! Answers in words against lists of accepted answers: the best of them counts, and questions weigh alike.

use crate::check;
use crate::error::MetricError;
use crate::squad::normalise_answer;
use crate::squad::overlap::f1 as word_f1;

/// Mean over questions of the best agreement with any accepted answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Agreement {
    /// Share of answers that are an accepted one.
    pub(crate) exact_match: f64,
    /// Mean F1 of words.
    pub(crate) f1: f64,
}

/// Compares normalised answers. Errors if lengths differ or are 0, or a question has no accepted answer.
pub(crate) fn normalised_agreement<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<Agreement, MetricError> {
    let mut sum = Agreement { exact_match: 0.0, f1: 0.0 };
    for_each(gold, predicted, |accepted, predicted| {
        let predicted = normalise_answer(predicted);
        let accepted: Vec<String> = accepted.iter().map(|answer| normalise_answer(answer.as_ref())).collect();
        sum.exact_match += f64::from(accepted.contains(&predicted));
        sum.f1 += accepted.iter().map(|answer| word_f1(answer, &predicted)).fold(0.0, f64::max);
    })?;
    let n = gold.len() as f64;
    Ok(Agreement { exact_match: sum.exact_match / n, f1: sum.f1 / n })
}

/// Calls `each` with the accepted answers and the prediction of every question, after the checks named above.
pub(crate) fn for_each<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
    mut each: impl FnMut(&[G], &str),
) -> Result<(), MetricError> {
    check::paired("answers", gold.len(), predicted.len())?;
    if let Some(example) = gold.iter().position(Vec::is_empty) {
        return Err(MetricError::NoAnswer { example });
    }
    gold.iter().zip(predicted).for_each(|(accepted, predicted)| each(accepted, predicted.as_ref()));
    Ok(())
}
