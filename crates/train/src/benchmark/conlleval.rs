//! `mtl score conlleval`: chunks of words, scored as the script of the CoNLL shared tasks does. Tjong Kim Sang & Buchholz
//! 2000.

use std::fmt;
use std::path::Path;

use mtl_data::{DataError, Format, Label, LabelKind, Location, Source};
use mtl_metrics::{ChunkCounts, Report, conlleval};
use serde::Serialize;

use super::ScoreError;
use crate::error::TrainError;

/// The marks before the hyphen that the script knows.
const MARKS: [&str; 7] = ["B", "I", "E", "O", ".", "[", "]"];

/// What the script reports; [`Display`](fmt::Display) prints it in its layout. Numbers but counts are points out of 100.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChunkScore {
    /// Words.
    pub tokens: usize,
    /// Share of the words whose whole tag is right.
    pub accuracy: f64,
    /// Chunks of all types.
    pub overall: ChunkRow,
    /// Chunks of each type, in the order of the alphabet.
    pub types: Vec<ChunkRow>,
    #[serde(skip)]
    report: Report,
}

/// The chunks of one type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChunkRow {
    /// The type; empty for all types together.
    pub name: String,
    /// Chunks in gold.
    pub phrases: usize,
    /// Chunks predicted.
    pub found: usize,
    /// Chunks predicted with the right words and type.
    pub correct: usize,
    /// `correct / found`.
    pub precision: f64,
    /// `correct / phrases`.
    pub recall: f64,
    /// `2 correct / (found + phrases)`.
    pub f1: f64,
}

/// Scores the tags in the last column of `predictions` against those in the last column of `gold`; without a gold file,
/// against those in the last column but one, the script's own layout. Both files have a word a line and an empty line
/// after each sentence; lines that begin with `-DOCSTART-` are passed over.
///
/// Errors if a file cannot be read, lacks a column, has a tag that the script does not know, or if the files have not
/// the same number of words in each sentence.
pub fn score_chunks(gold: Option<&Path>, predictions: &Path) -> Result<ChunkScore, TrainError> {
    let predicted = Tags::read(predictions, 0)?;
    let gold = match gold {
        Some(gold) => Tags::read(gold, 0)?,
        None => Tags::read(predictions, 1)?,
    };
    let report = conlleval(&gold.beside(predicted)?);
    let types = report.per_type.iter().map(|(name, counts)| row(name, counts)).collect();
    Ok(ChunkScore {
        tokens: report.tokens,
        accuracy: 100.0 * report.accuracy(),
        overall: row("", &report.overall),
        types,
        report,
    })
}

/// One column of a file.
struct Tags<'a> {
    path: &'a Path,
    /// The line and the tags of each sentence.
    sentences: Vec<(usize, Vec<String>)>,
}

impl<'a> Tags<'a> {
    /// The tags of the last column, or of the one that is `before` places before it.
    fn read(path: &'a Path, before: usize) -> Result<Self, TrainError> {
        let source = Source { format: Some(Format::Conll), ..Source::new(path, LabelKind::Tags) };
        // A word, and as many tags as are asked for.
        let (width, expected) = (source.conll_columns()?, 2 + before);
        if width < expected {
            let at = Location::start(path);
            return Err(DataError::TooFewColumns { at, expected, got: width }.into());
        }
        let columns = (1..=width).map(|column| column.to_string()).collect();
        let source = Source { columns: Some(columns), ..source };
        let mut reader = source.text(["1"]).label((width - before).to_string()).read()?.noting_tag_places();
        let mut sentences = Vec::new();
        while let Some(example) = reader.next() {
            let example = example?;
            let Label::Tags(tags) = example.label else { unreachable!("a column of tags has tags") };
            if let Some(word) = tags.iter().position(|tag| !is_known(tag)) {
                let at = reader.tag_place(word).unwrap_or(Location::new(path, example.line, 1));
                return Err(ScoreError::ChunkTag { at, tag: tags[word].clone() }.into());
            }
            sentences.push((example.line, tags));
        }
        Ok(Self { path, sentences })
    }

    /// Gold and predicted tags of each word.
    fn beside(self, predicted: Tags<'_>) -> Result<Vec<Vec<(String, String)>>, ScoreError> {
        let (gold_path, path) = (self.path, predicted.path);
        let (gold_count, count) = (self.sentences.len(), predicted.sentences.len());
        let extra = self.sentences.get(count).map(|(line, _)| (gold_path, *line, path));
        let extra = extra.or(predicted.sentences.get(gold_count).map(|(line, _)| (path, *line, gold_path)));
        let pairs = self.sentences.into_iter().zip(predicted.sentences);
        let pairs = pairs.map(|((gold_line, gold), (line, predicted))| {
            if gold.len() == predicted.len() {
                return Ok(gold.into_iter().zip(predicted).collect());
            }
            let (at, gold_at) = (Location::new(path, line, 1), Location::new(gold_path, gold_line, 1));
            Err(ScoreError::Words { at, predicted: predicted.len(), gold_at, gold: gold.len() })
        });
        let pairs = pairs.collect::<Result<_, _>>()?;
        match extra {
            None => Ok(pairs),
            Some((longer, line, shorter)) => Err(ScoreError::Sentences {
                at: Location::new(longer, line, 1),
                other: shorter.display().to_string(),
                fewer: gold_count.min(count),
            }),
        }
    }
}

fn is_known(tag: &str) -> bool {
    MARKS.contains(&tag.split('-').next().unwrap_or(tag))
}

fn row(name: &str, counts: &ChunkCounts) -> ChunkRow {
    ChunkRow {
        name: name.to_owned(),
        phrases: counts.phrases,
        found: counts.found,
        correct: counts.correct,
        precision: 100.0 * counts.precision(),
        recall: 100.0 * counts.recall(),
        f1: 100.0 * counts.f1(),
    }
}

impl fmt::Display for ChunkScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)
    }
}
