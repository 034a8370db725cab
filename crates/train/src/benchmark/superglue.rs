//! SuperGLUE: each task's metrics; two metrics of a task count as their mean. Wang et al. 2019, table 3.
//!
//! Gender parity of AX-g is over pairs of neighbouring rows, which is how its pairs are published.

use mtl_metrics::superglue::{commitment_bank, multirc, record, winogender};
use mtl_metrics::{accuracy, matthews};

use super::{Answered, Scored};
use crate::error::TrainError;

pub(super) fn score(answered: &Answered<'_>) -> Result<Scored, TrainError> {
    let failed = |error| answered.failed(error);
    Ok(match answered.task.name {
        "copa" => {
            let (gold, predicted) = choices(answered)?;
            Scored::all([("accuracy", accuracy(&gold, &predicted).map_err(failed)?)])
        }
        "multirc" => {
            let (questions, gold, predicted) = candidates(answered)?;
            let scores = multirc(&questions, &gold, &predicted).map_err(failed)?;
            Scored::all([("f1a", scores.f1a), ("exact_match", scores.exact_match)])
        }
        "record" => {
            let scores = record(&answered.all_gold(), &answered.predicted()).map_err(failed)?;
            Scored::all([("f1", scores.f1), ("exact_match", scores.exact_match)])
        }
        name => {
            let (gold, predicted) = answered.classes()?;
            match name {
                "cb" => {
                    let scores = commitment_bank(&gold, &predicted).map_err(failed)?;
                    Scored::all([("f1", scores.f1), ("accuracy", scores.accuracy)])
                }
                "ax-b" => {
                    let n_classes = answered.task.labels.len();
                    Scored::all([("matthews", matthews(&gold, &predicted, n_classes).map_err(failed)?)])
                }
                "ax-g" => {
                    let pairs: Vec<usize> = (0..gold.len()).map(|row| row / 2).collect();
                    let scores = winogender(&pairs, &gold, &predicted).map_err(failed)?;
                    Scored::all([("gender_parity", scores.gender_parity), ("accuracy", scores.accuracy)])
                }
                _ => Scored::all([("accuracy", accuracy(&gold, &predicted).map_err(failed)?)]),
            }
        }
    })
}

/// Gold and predicted alternatives, by number.
fn choices(answered: &Answered<'_>) -> Result<(Vec<usize>, Vec<usize>), TrainError> {
    let gold = answered.gold()?;
    let right = answered.questions.iter().zip(gold).map(|(question, answer)| {
        question.choices.iter().position(|choice| choice == answer).expect("the answer is one of the choices")
    });
    let predicted = answered.predictions.iter().zip(answered.questions).map(|(prediction, question)| {
        let number = prediction.answers[0].parse().ok();
        let number = number.filter(|number| *number < question.choices.len());
        number.ok_or_else(|| TrainError::NoSuchChoice {
            path: answered.file.to_owned(),
            line: prediction.line,
            choice: prediction.answers[0].clone(),
            choices: question.choices.len(),
        })
    });
    Ok((right.collect(), predicted.collect::<Result<_, _>>()?))
}

/// Each candidate's question, whether it is right, and whether it was predicted to be.
fn candidates<'a>(answered: &Answered<'a>) -> Result<(Vec<&'a str>, Vec<bool>, Vec<bool>), TrainError> {
    let (mut questions, mut gold, mut predicted) = (Vec::new(), Vec::new(), Vec::new());
    for (question, prediction) in answered.questions.iter().zip(answered.predictions) {
        let (expected, got) = (question.choices.len(), prediction.answers.len());
        if expected != got {
            let (path, question) = (answered.file.to_owned(), question.id.clone());
            return Err(TrainError::CandidateCount { path, line: prediction.line, question, expected, got });
        }
        for (choice, label) in question.choices.iter().zip(&prediction.answers) {
            questions.push(question.id.as_str());
            gold.push(question.answers.contains(choice));
            predicted.push(label == "1");
        }
    }
    Ok((questions, gold, predicted))
}
