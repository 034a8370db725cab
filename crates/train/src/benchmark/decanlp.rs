//! decaNLP: each task's metric, and the decaScore, their sum. McCann et al. 2018, section 2.11.
//!
//! Difference: ROUGE-L takes a summary as one text, the released code takes it sentence by sentence.

use mtl_metrics::decanlp::{
    Turn, corpus_f1, dialogue, exact_match, logical_form_exact_match, normalised_exact_match, normalised_f1,
};
use mtl_metrics::{BleuOptions, MetricError, RougeKind, corpus_bleu, rouge};

use super::{Answered, Scored};
use crate::error::TrainError;

pub(super) fn score(answered: &Answered<'_>) -> Result<Scored, TrainError> {
    measure(answered, &answered.all_gold(), &answered.predicted()).map_err(|error| answered.failed(error))
}

fn measure(answered: &Answered<'_>, gold: &[Vec<&str>], predicted: &[&str]) -> Result<Scored, MetricError> {
    Ok(match answered.task.name {
        "squad" | "qa-srl" => {
            let f1 = normalised_f1(gold, predicted)?;
            let exact_match = normalised_exact_match(gold, predicted)?;
            Scored {
                metrics: [("normalised_f1", f1), ("exact_match", exact_match)].into(),
                counted: vec![f1],
            }
        }
        "iwslt" => {
            let options = BleuOptions { lowercase: true, ..BleuOptions::default() };
            Scored::all([("bleu", corpus_bleu(gold, predicted, options)?.bleu)])
        }
        "cnn-dailymail" => {
            let of = |kind| Ok::<f64, MetricError>(rouge(kind, gold, predicted, true)?.f);
            let (one, two, l) = (of(RougeKind::One)?, of(RougeKind::Two)?, of(RougeKind::L)?);
            Scored::all([("rouge_1", one), ("rouge_2", two), ("rouge_l", l)])
        }
        "qa-zre" => Scored::all([("corpus_f1", corpus_f1(gold, predicted)?.f1())]),
        "woz" => {
            let scores = dialogue(&turns(answered, gold, predicted))?;
            let metrics = [("joint_goal", scores.joint_goal), ("turn_request", scores.turn_request)];
            Scored { metrics: metrics.into(), counted: vec![scores.joint_goal] }
        }
        "wikisql" => {
            let gold: Vec<&str> = gold.iter().map(|answers| answers.first().copied().unwrap_or("")).collect();
            Scored::all([("logical_form", logical_form_exact_match(&gold, predicted)?)])
        }
        _ => Scored::all([("exact_match", exact_match(gold, predicted)?)]),
    })
}

/// The turns of all dialogues; the identifier of a turn ends with its number.
fn turns<'a>(answered: &'a Answered<'_>, gold: &[Vec<&'a str>], predicted: &[&'a str]) -> Vec<Turn<'a>> {
    let dialogue = |id: &'a str| id.rsplit_once('_').map_or(id, |(dialogue, _)| dialogue);
    let answers = gold.iter().map(|answers| answers.first().copied().unwrap_or(""));
    let rows = answered.questions.iter().zip(answers.zip(predicted));
    rows.map(|(question, (gold, predicted))| Turn { dialogue: dialogue(&question.id), gold, predicted })
        .collect()
}
