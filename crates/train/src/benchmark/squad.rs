//! `mtl score squad`: answers to the questions of SQuAD 1.1 or 2.0, scored as its scripts do. Rajpurkar et al. 2016, 2018.

use std::path::Path;

use mtl_data::benchmark::{squad_questions, squad_values};
use mtl_metrics::squad::{squad_v1, squad_v2};
use mtl_metrics::{BestThreshold, MetricError, NoAnswer, SquadScore};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::TrainError;

/// The scores of a file of answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AnswerFileScore {
    /// `1.1` or `2.0`, by the file of questions.
    pub version: &'static str,
    /// The questions.
    pub questions: usize,
    /// Answers to questions that the file does not have; they count nothing.
    pub unused: usize,
    /// What the version's script prints, by its names and in its order: points out of 100, totals and thresholds.
    #[serde(serialize_with = "as_object")]
    pub metrics: Vec<(&'static str, Value)>,
}

/// How sure a model is that questions have no answer: for SQuAD 2.0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoAnswerFile<'a> {
    /// A JSON object of numbers by the questions' identifiers.
    pub path: &'a Path,
    /// An answer whose number is larger counts as none; the script's default is 1.
    pub threshold: f64,
}

/// Scores `predictions`, a JSON object of texts by the questions' identifiers, against the questions of `gold`. The file
/// of questions tells whether it is version 1.1 or 2.0.
///
/// Errors if a file cannot be read or is of another form, or if a question has no answer or number.
pub fn score_answers(
    gold: &Path,
    predictions: &Path,
    no_answer: Option<NoAnswerFile<'_>>,
) -> Result<AnswerFileScore, TrainError> {
    let questions = squad_questions(gold)?;
    let (texts, unused) = squad_values::<String>(predictions, &questions.ids)?;
    let failed = |source| TrainError::Score { task: "squad".to_owned(), source };
    let (version, metrics) = if questions.has_unanswerable {
        let probabilities = match no_answer {
            Some(file) => Some((squad_values::<f64>(file.path, &questions.ids)?.0, file.threshold)),
            None => None,
        };
        let no_answer = probabilities
            .as_ref()
            .map(|(probabilities, threshold)| NoAnswer { probabilities, threshold: *threshold });
        ("2.0", v2(&questions.references, &texts, no_answer).map_err(failed)?)
    } else {
        ("1.1", v1(&questions.references, &texts).map_err(failed)?)
    };
    Ok(AnswerFileScore { version, questions: questions.ids.len(), unused, metrics })
}

fn as_object<S: Serializer>(metrics: &Numbers, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(metrics.iter().map(|(name, value)| (name, value)))
}

type Numbers = Vec<(&'static str, Value)>;

/// The numbers of the first script.
fn v1(references: &[Vec<String>], texts: &[String]) -> Result<Numbers, MetricError> {
    let score = squad_v1(references, texts)?;
    Ok(vec![("exact_match", (100.0 * score.exact).into()), ("f1", (100.0 * score.f1).into())])
}

/// The numbers of the second script.
fn v2(
    references: &[Vec<String>],
    texts: &[String],
    no_answer: Option<NoAnswer<'_>>,
) -> Result<Numbers, MetricError> {
    let report = squad_v2(references, texts, no_answer)?;
    let mut numbers = part(["exact", "f1", "total"], Some(report.all));
    numbers.extend(part(["HasAns_exact", "HasAns_f1", "HasAns_total"], report.has_answer));
    numbers.extend(part(["NoAns_exact", "NoAns_f1", "NoAns_total"], report.no_answer));
    numbers.extend(best(["best_exact", "best_exact_thresh"], report.best_exact));
    numbers.extend(best(["best_f1", "best_f1_thresh"], report.best_f1));
    Ok(numbers)
}

fn part([exact, f1, total]: [&'static str; 3], score: Option<SquadScore>) -> Numbers {
    let numbers = |score: SquadScore| {
        [
            (exact, (100.0 * score.exact).into()),
            (f1, (100.0 * score.f1).into()),
            (total, score.examples.into()),
        ]
    };
    score.into_iter().flat_map(numbers).collect()
}

fn best([score, threshold]: [&'static str; 2], best: Option<BestThreshold>) -> Numbers {
    let numbers =
        |best: BestThreshold| [(score, (100.0 * best.score).into()), (threshold, best.threshold.into())];
    best.into_iter().flat_map(numbers).collect()
}
