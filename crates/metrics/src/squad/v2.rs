//! SQuAD 2.0: some questions have no answer, and saying so is right there.
//!
//! As `evaluate-v2.0.py`. References that normalise to nothing are left out; a question without any is answered right by
//! a text that normalises to nothing (F1 1) and by no other (F1 0). With the model's probability that a question has no
//! answer, an answer counts as withdrawn where that probability exceeds the threshold, and the best threshold is
//! sought afterwards: with the questions ordered by probability, answering the first `k` and none of the others scores
//!
//! ```text
//! questions without answer + sum of the first k of (score if the question has an answer, else -1 if answered)
//! ```
//!
//! and the `k` of the largest sum wins, the smallest of several. Two things are the script's and not obvious: the search
//! may stop between questions of equal probability, so the order of the questions matters there (it is kept); and a
//! question has an answer if gold lists any reference, even one that normalises to nothing.

use super::{AnswerScore, SquadScore, normalise_answer, overlap};
use crate::check;
use crate::error::MetricError;

/// The model's belief that questions have no answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoAnswer<'a> {
    /// (questions,), finite, higher for "no answer"; any scale.
    pub probabilities: &'a [f64],
    /// An answer whose probability of "no answer" is larger than this is withdrawn. The script's default is 1.
    pub threshold: f64,
}

/// A threshold chosen after the fact, and the mean score with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestThreshold {
    /// The mean score, in `[0, 1]`.
    pub score: f64,
    /// The threshold; 0 where answering no question at all is best.
    pub threshold: f64,
}

/// What the script reports.
#[derive(Debug, Clone, PartialEq)]
pub struct SquadV2Report {
    /// Over all questions.
    pub all: SquadScore,
    /// Over the questions that have an answer, if any.
    pub has_answer: Option<SquadScore>,
    /// Over the questions that have none, if any.
    pub no_answer: Option<SquadScore>,
    /// The best exact match, if probabilities were given.
    pub best_exact: Option<BestThreshold>,
    /// The best F1, if probabilities were given.
    pub best_f1: Option<BestThreshold>,
}

/// The report of `predicted`, in which an empty text means "no answer".
///
/// # Shapes
/// `gold`: (questions,), each its references, none for a question without answer; `predicted`: (questions,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a probability or the threshold is not finite.
pub fn squad_v2<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
    no_answer: Option<NoAnswer>,
) -> Result<SquadV2Report, MetricError> {
    let raw = squad_v2_answers(gold, predicted)?;
    let answerable: Vec<bool> = gold.iter().map(|references| !references.is_empty()).collect();
    let Some(no_answer) = no_answer else {
        return Ok(report(&raw, &answerable));
    };
    no_answer.check(gold.len())?;
    let answered: Vec<bool> = predicted.iter().map(|text| !text.as_ref().is_empty()).collect();
    let search = Search { answerable: &answerable, answered: &answered, order: no_answer.order() };
    let best = |score: fn(&AnswerScore) -> f64| Some(search.best(&raw, score, no_answer.probabilities));
    Ok(SquadV2Report {
        best_exact: best(|answer| answer.exact),
        best_f1: best(|answer| answer.f1),
        ..report(&no_answer.withdraw(&raw, &answerable), &answerable)
    })
}

/// Exact match and F1 of each answer, none withdrawn.
///
/// # Shapes
/// `gold`: (questions,), each its references, none for a question without answer; `predicted`: (questions,);
/// result: (questions,)
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn squad_v2_answers<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<Vec<AnswerScore>, MetricError> {
    check::paired("texts", gold.len(), predicted.len())?;
    Ok(gold.iter().zip(predicted).map(|(gold, predicted)| answer(gold, predicted.as_ref())).collect())
}

fn answer<G: AsRef<str>>(references: &[G], predicted: &str) -> AnswerScore {
    let predicted = normalise_answer(predicted);
    let references = references.iter().map(|reference| normalise_answer(reference.as_ref()));
    let scores = references.filter(|reference| !reference.is_empty()).map(|reference| AnswerScore {
        exact: f64::from(u8::from(reference == predicted)),
        f1: overlap::f1(&reference, &predicted),
    });
    let silent = f64::from(u8::from(predicted.is_empty()));
    scores.reduce(AnswerScore::best).unwrap_or(AnswerScore { exact: silent, f1: silent })
}

/// The means, overall and by whether there is an answer.
fn report(answers: &[AnswerScore], answerable: &[bool]) -> SquadV2Report {
    let of = |wanted: bool| {
        let chosen = answers.iter().zip(answerable).filter(move |&(_, &answerable)| answerable == wanted);
        SquadScore::of(chosen.map(|(&answer, _)| answer))
    };
    SquadV2Report {
        all: SquadScore::of(answers.iter().copied()).expect("there is a question"),
        has_answer: of(true),
        no_answer: of(false),
        best_exact: None,
        best_f1: None,
    }
}

impl NoAnswer<'_> {
    fn check(&self, questions: usize) -> Result<(), MetricError> {
        check::paired("no-answer probabilities", questions, self.probabilities.len())?;
        check::finite("no-answer probability", self.probabilities)?;
        check::finite("no-answer threshold", &[self.threshold])
    }

    /// The scores with answers above the threshold replaced by "no answer".
    fn withdraw(&self, raw: &[AnswerScore], answerable: &[bool]) -> Vec<AnswerScore> {
        let scores = raw.iter().zip(answerable).zip(self.probabilities);
        let kept = scores.map(|((&answer, &answerable), &probability)| {
            let silent = f64::from(u8::from(!answerable));
            if probability > self.threshold { AnswerScore { exact: silent, f1: silent } } else { answer }
        });
        kept.collect()
    }

    /// The questions by growing probability, equal ones in their own order.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.probabilities.len()).collect();
        // `partial_cmp` and not `total_cmp`: the two zeros are equal. All values are finite.
        let key = |&question: &usize| self.probabilities[question];
        order.sort_by(|a, b| key(a).partial_cmp(&key(b)).expect("finite probabilities"));
        order
    }
}

/// The search for the best threshold.
struct Search<'a> {
    answerable: &'a [bool],
    answered: &'a [bool],
    order: Vec<usize>,
}

impl Search<'_> {
    fn best(
        &self,
        raw: &[AnswerScore],
        score: fn(&AnswerScore) -> f64,
        probabilities: &[f64],
    ) -> BestThreshold {
        let unanswerable = self.answerable.iter().filter(|&&answerable| !answerable).count();
        let mut current = unanswerable as f64;
        let mut best = BestThreshold { score: current, threshold: 0.0 };
        for &question in &self.order {
            current += match (self.answerable[question], self.answered[question]) {
                (true, _) => score(&raw[question]),
                (false, true) => -1.0,
                (false, false) => 0.0,
            };
            if current > best.score {
                best = BestThreshold { score: current, threshold: probabilities[question] };
            }
        }
        BestThreshold { score: best.score / raw.len() as f64, ..best }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions with answer "x" or none.
    fn gold(answers: &[bool]) -> Vec<Vec<&'static str>> {
        answers.iter().map(|&has| if has { vec!["x"] } else { vec![] }).collect()
    }

    #[test]
    fn silence_is_right_where_there_is_no_answer() {
        let report = squad_v2(&gold(&[true, false, false]), &["x", "", "y"], None).unwrap();
        assert_eq!(report.all, SquadScore { exact: 2.0 / 3.0, f1: 2.0 / 3.0, examples: 3 });
        assert_eq!(report.has_answer.unwrap().f1, 1.0);
        assert_eq!(report.no_answer.unwrap().f1, 0.5);
        assert_eq!(report.best_f1, None);
    }

    #[test]
    fn a_threshold_withdraws_and_the_best_is_found() {
        let gold = gold(&[true, false, true, false]);
        let probabilities = &[0.1, 0.9, 0.5, 0.6];
        let predicted = ["x", "y", "z", "y"];
        let no_answer = Some(NoAnswer { probabilities, threshold: 0.7 });
        let report = squad_v2(&gold, &predicted, no_answer).unwrap();
        // Right: the first, and the second by withdrawal.
        assert_eq!(report.all.exact, 0.5);
        // Answering the first alone: right on it and on both without answer.
        assert_eq!(report.best_exact, Some(BestThreshold { score: 0.75, threshold: 0.1 }));
    }

    #[test]
    fn answering_nothing_can_be_best() {
        let no_answer = Some(NoAnswer { probabilities: &[0.2, 0.3], threshold: 1.0 });
        let report = squad_v2(&gold(&[false, true]), &["y", "z"], no_answer).unwrap();
        assert_eq!(report.best_f1, Some(BestThreshold { score: 0.5, threshold: 0.0 }));
    }

    #[test]
    fn a_reference_of_articles_is_left_out() {
        let answers = squad_v2_answers(&[vec!["the"], vec!["the", "x"]], &["a", ""]).unwrap();
        let both = |value| AnswerScore { exact: value, f1: value };
        assert_eq!(answers, [both(1.0), both(0.0)]);
    }

    #[test]
    fn probabilities_are_checked() {
        let message = |probabilities: &[f64]| {
            let no_answer = Some(NoAnswer { probabilities, threshold: 1.0 });
            squad_v2(&gold(&[true]), &["x"], no_answer).unwrap_err().to_string()
        };
        assert_eq!(message(&[]), "1 gold against 0 predicted no-answer probabilities");
        assert_eq!(message(&[f64::INFINITY]), "no-answer probability 0 is not finite: inf");
    }
}
