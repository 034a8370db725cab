//! `mtl score conll18`: a parser's output, scored as the CoNLL 2018 shared task did. Zeman et al. 2018.

use std::fmt;
use std::path::Path;

use mtl_data::{Location, read_text};
use mtl_metrics::conll18::{Conll18Error, Evaluation, Score, Treebank, evaluate};
use serde::Serialize;

use super::ScoreError;
use crate::error::TrainError;

/// All scores of a parser's output; [`Display`](fmt::Display) prints the published script's table.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ParserScore {
    /// The rows of the table, in its order.
    pub scores: Vec<ParserRow>,
    #[serde(skip)]
    evaluation: Evaluation,
}

/// One row of the table; numbers but counts are points out of 100.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ParserRow {
    /// The script's name for it, such as `LAS`.
    pub name: &'static str,
    /// Things in gold.
    pub gold: usize,
    /// Things predicted.
    pub predicted: usize,
    /// Things predicted rightly.
    pub correct: usize,
    /// `correct / predicted`.
    pub precision: f64,
    /// `correct / gold`.
    pub recall: f64,
    /// `2 correct / (predicted + gold)`.
    pub f1: f64,
    /// `correct` over the words that are aligned; `None` where alignment itself is scored.
    pub aligned_accuracy: Option<f64>,
}

/// Scores the CoNLL-U file `predictions` against `gold`. Tags must be those of Universal Dependencies or `_`, unless
/// `any_tags`: then an unknown one is simply not the gold one, as in the script.
///
/// Errors if a file cannot be read or is refused, as [`Treebank::read`] says, or if they are not of one text.
pub fn score_parser(gold: &Path, predictions: &Path, any_tags: bool) -> Result<ParserScore, TrainError> {
    let (gold_text, text) = (read_text(gold)?, read_text(predictions)?);
    let (gold_trees, trees) = (read(gold, &gold_text, any_tags)?, read(predictions, &text, any_tags)?);
    let evaluation = evaluate(&gold_trees, &trees).map_err(|problem| match problem {
        Conll18Error::TextMismatch { gold_line, gold: gold_text, predicted_line, predicted } => {
            ScoreError::Texts {
                at: Location::new(predictions, predicted_line, 1),
                predicted,
                gold_at: Location::new(gold, gold_line, 1),
                gold: gold_text,
            }
        }
        other => refused(predictions, other),
    })?;
    Ok(ParserScore { scores: evaluation.rows().map(row).to_vec(), evaluation })
}

fn read<'a>(path: &Path, text: &'a str, any_tags: bool) -> Result<Treebank<'a>, ScoreError> {
    let treebank = Treebank::read(text).map_err(|problem| refused(path, problem))?;
    if !any_tags {
        treebank.check_tags().map_err(|problem| refused(path, problem))?;
    }
    Ok(treebank)
}

fn refused(path: &Path, problem: Conll18Error) -> ScoreError {
    use Conll18Error as E;
    let line = match &problem {
        E::Columns { line, .. }
        | E::EmptyForm { line }
        | E::WordId { line, .. }
        | E::TokenId { line, .. }
        | E::UnfinishedToken { line, .. }
        | E::Head { line, .. }
        | E::UnknownTag { line, .. }
        | E::Tree { line, .. }
        | E::EmptySentence { line, .. }
        | E::UnfinishedFile { line, .. } => *line,
        _ => 1,
    };
    ScoreError::Trees { at: Location::new(path, line, 1), problem }
}

fn row((name, score): (&'static str, Score)) -> ParserRow {
    let points = |share: f64| 100.0 * share;
    ParserRow {
        name,
        gold: score.gold,
        predicted: score.predicted,
        correct: score.correct,
        precision: points(score.precision()),
        recall: points(score.recall()),
        f1: points(score.f1()),
        aligned_accuracy: score.aligned_accuracy().map(points),
    }
}

impl fmt::Display for ParserScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.evaluation.fmt(f)
    }
}
