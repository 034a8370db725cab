//! Span F1: F1 over whole chunks, such as entity names, read from one tag per word.
//!
//! `F1 = 2 correct / (gold chunks + predicted chunks)`, over all types together; a chunk is correct if its first word,
//! last word and type are. What a chunk is, [`mod@crate::conlleval`] says for [`span_f1`]; [`strict_span_f1`]
//! knows IOB2 only: a chunk is a `B-X` and the `I-X` that follow it, and an `I-X` that follows nothing is no chunk.
//! (seqeval 1.2.2 counts so with `mode="strict", scheme=IOB2`.)
//!
//! A word cut off by truncation has no prediction (`None`) and counts as `O`: its chunk is missed.
//! A word without a gold label (`None`) is left out, and no chunk reaches over it.

use crate::conlleval::{ChunkCounts, Report, report};
use crate::error::MetricError;
use crate::tags;
use crate::tagset::{Code, Mark, Tagset};

/// Span F1 as `conlleval` counts it, in `[0, 1]`; 0 if neither side has a chunk.
///
/// # Shapes
/// `gold`, `predicted`: (sentences,), each (words,) of indices into `labels`
///
/// # Errors
/// Errors if the numbers of sentences or of a sentence's words differ, a label is out of range, or no word has
/// a gold label.
pub fn span_f1<S: AsRef<str>>(
    gold: &[Vec<Option<usize>>],
    predicted: &[Vec<Option<usize>>],
    labels: &[S],
) -> Result<f64, MetricError> {
    Ok(span_report(gold, predicted, labels)?.overall.f1())
}

/// The whole [`Report`] behind [`span_f1`]: precision, recall and F1 overall and per type.
///
/// Its accuracy counts a word cut off by truncation as predicted `O`.
///
/// # Shapes
/// `gold`, `predicted`: (sentences,), each (words,) of indices into `labels`
///
/// # Errors
/// As [`span_f1`].
pub fn span_report<S: AsRef<str>>(
    gold: &[Vec<Option<usize>>],
    predicted: &[Vec<Option<usize>>],
    labels: &[S],
) -> Result<Report, MetricError> {
    tags::check(gold, predicted, labels.len())?;
    let (runs, kinds) = tags::runs(gold, predicted, labels);
    Ok(report(&runs, &kinds))
}

/// Span F1 over chunks that are well-formed IOB2, in `[0, 1]`; 0 if neither side has one.
///
/// # Shapes
/// `gold`, `predicted`: (sentences,), each (words,) of indices into `labels`
///
/// # Errors
/// As [`span_f1`].
pub fn strict_span_f1<S: AsRef<str>>(
    gold: &[Vec<Option<usize>>],
    predicted: &[Vec<Option<usize>>],
    labels: &[S],
) -> Result<f64, MetricError> {
    tags::check(gold, predicted, labels.len())?;
    let (runs, _) = tags::runs(gold, predicted, labels);
    Ok(strict_counts(&runs).f1())
}

/// Counts of the chunks that are well-formed IOB2 in `sentences`; each word is its (gold tag, predicted tag).
///
/// Without words everything is 0. [`crate::InvalidBio`] repairs or refuses what is not well-formed.
///
/// # Shapes
/// `sentences`: (sentences,), each (words,)
pub fn strict_spans<S: AsRef<str>>(sentences: &[Vec<(S, S)>]) -> ChunkCounts {
    strict_counts(&Tagset::new().read_pairs(sentences))
}

pub(crate) fn strict_counts(sentences: &[Vec<(Code, Code)>]) -> ChunkCounts {
    let mut counts = ChunkCounts::default();
    let mut sides = [Side::default(), Side::default()];
    for sentence in sentences {
        for (word, &(gold, predicted)) in sentence.iter().enumerate() {
            sides[0].step(word, gold);
            sides[1].step(word, predicted);
        }
        let [gold, predicted] = sides.each_mut().map(Side::finish);
        counts.phrases += gold.len();
        counts.found += predicted.len();
        counts.correct += common(gold, predicted);
        sides.iter_mut().for_each(|side| side.closed.clear());
    }
    counts
}

/// A chunk's first word, the word after its last, and its type.
type Chunk = (usize, usize, u32);

/// One side's chunks so far, in the order of the words.
#[derive(Default)]
struct Side {
    closed: Vec<Chunk>,
    open: Option<Chunk>,
}

impl Side {
    fn step(&mut self, word: usize, tag: Code) {
        match (tag.mark, &mut self.open) {
            (Mark::Inside, Some((_, end, kind))) if *kind == tag.kind => *end = word + 1,
            (mark, open) => {
                self.closed.extend(open.take());
                *open = (mark == Mark::Begin).then_some((word, word + 1, tag.kind));
            }
        }
    }

    /// All chunks, when the sentence is over.
    fn finish(&mut self) -> &[Chunk] {
        self.closed.extend(self.open.take());
        &self.closed
    }
}

/// How many chunks both sides have; on either side no two begin at one word.
fn common(gold: &[Chunk], predicted: &[Chunk]) -> usize {
    let mut rest = predicted;
    let mut has = |chunk: &Chunk| {
        while let [first, after @ ..] = rest
            && first.0 < chunk.0
        {
            rest = after;
        }
        rest.first() == Some(chunk)
    };
    gold.iter().filter(|chunk| has(chunk)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [&str; 3] = ["O", "B-ORG", "I-ORG"];

    fn words<const N: usize>(labels: [usize; N]) -> Vec<Vec<Option<usize>>> {
        vec![labels.into_iter().map(Some).collect()]
    }

    #[test]
    fn lenient_takes_a_leading_inside_and_strict_does_not() {
        let (gold, predicted) = (words([1, 2]), words([2, 2]));
        assert_eq!(span_f1(&gold, &predicted, &LABELS), Ok(1.0));
        assert_eq!(strict_span_f1(&gold, &predicted, &LABELS), Ok(0.0));
    }

    #[test]
    fn a_cut_word_is_missed() {
        let gold = words([1, 0, 1, 2]);
        let predicted = vec![vec![Some(1), Some(0), Some(1), None]];
        // One of two gold chunks; the second was predicted too short.
        assert_eq!(span_f1(&gold, &predicted, &LABELS), Ok(0.5));
        let predicted = vec![vec![Some(1), Some(0), None, None]];
        assert_eq!(span_f1(&gold, &predicted, &LABELS), Ok(2.0 / 3.0));
    }

    #[test]
    fn an_unlabelled_word_separates() {
        let gold = vec![vec![Some(1), None, Some(2)]];
        let predicted = words([1, 2, 2]);
        let report = span_report(&gold, &predicted, &LABELS).unwrap();
        assert_eq!((report.tokens, report.overall.phrases, report.overall.correct), (2, 2, 2));
    }

    #[test]
    fn no_chunk_anywhere_is_zero() {
        assert_eq!(span_f1(&words([0, 0]), &words([0, 0]), &LABELS), Ok(0.0));
    }

    #[test]
    fn mismatches_are_named() {
        let error = span_f1(&words([0, 1]), &words([0]), &LABELS).unwrap_err();
        assert_eq!(error.to_string(), "sentence 0 has 2 gold against 1 predicted words");
        let error = span_f1(&words([9]), &words([0]), &LABELS).unwrap_err();
        assert_eq!(error.to_string(), "label 9 of example 0 is out of range: there are 3 labels");
        let error = span_f1(&[vec![None]], &words([0]), &LABELS).unwrap_err();
        assert_eq!(error.to_string(), "nothing to score: no labelled words");
    }
}
