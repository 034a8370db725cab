//! Chunk counting as the `conlleval` script of the CoNLL shared tasks does it.
//!
//! A tag is a mark and a type, split at the first hyphen (`B-creative-work` is `B` and `creative-work`; `O` has no type).
//! A chunk *starts* at a word whose mark is `B`, or that continues nothing: after `O`, or after a word of another
//! type. It *ends* before a word that starts anew, that is `O`, or that has another type. So `I-ORG I-ORG`
//! is a chunk as good as `B-ORG I-ORG`: the default, lenient reading of IOB tags. A chunk is correct if it starts
//! and ends at the same words with the same type on both sides. Marks of other schemes that the script knows
//! (`E` for the end, `[` and `]` for single words, `.` for outside) are read as the script reads them; `S` it does
//! not know, and two neighbouring `S-LOC` are one chunk to it.
//!
//! Source: Tjong Kim Sang & Buchholz 2000, "Introduction to the CoNLL-2000 Shared Task: Chunking", and the
//! script of version 2004-01-26. Difference: a type called `0` is a type here, and nothing to the script.

use crate::tagset::{Code, Mark, Tagset};
use std::collections::BTreeMap;
use std::fmt;

/// How many chunks are in gold, were predicted, and are correct.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkCounts {
    /// Chunks in gold ("phrases").
    pub phrases: usize,
    /// Chunks predicted ("found").
    pub found: usize,
    /// Chunks predicted with the right first word, last word and type.
    pub correct: usize,
}

impl ChunkCounts {
    /// Share of the predicted chunks that are correct, in `[0, 1]`; 0 if none was predicted.
    pub fn precision(&self) -> f64 {
        ratio(self.correct, self.found)
    }

    /// Share of the gold chunks that were found, in `[0, 1]`; 0 if there is none.
    pub fn recall(&self) -> f64 {
        ratio(self.correct, self.phrases)
    }

    /// Harmonic mean of precision and recall, in `[0, 1]`; 0 if no chunk is correct.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.correct, self.found + self.phrases)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

/// What `conlleval` reports; [`Display`](fmt::Display) prints it in the script's layout and digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Words.
    pub tokens: usize,
    /// Words whose whole tag is right.
    pub correct_tokens: usize,
    /// Chunks of all types.
    pub overall: ChunkCounts,
    /// Chunks by type, for every type found on either side.
    pub per_type: BTreeMap<String, ChunkCounts>,
}

impl Report {
    /// Share of words whose whole tag is right, in `[0, 1]`; 0 if there are no words.
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct_tokens, self.tokens)
    }
}

/// Counts words and chunks of `sentences`; each word is its (gold tag, predicted tag).
///
/// Without words everything is 0.
///
/// # Shapes
/// `sentences`: (sentences,), each (words,)
pub fn conlleval<S: AsRef<str>>(sentences: &[Vec<(S, S)>]) -> Report {
    let mut set = Tagset::new();
    let sentences = set.read_pairs(sentences);
    report(&sentences, &set.kinds)
}

/// The report of tags that are already read; `kinds` are the types of their set.
pub(crate) fn report(sentences: &[Vec<(Code, Code)>], kinds: &[&str]) -> Report {
    let mut counter = Counter::new(kinds.len());
    for sentence in sentences {
        for &(gold, predicted) in sentence {
            counter.report.tokens += 1;
            counter.report.correct_tokens += usize::from(gold.tag == predicted.tag);
            counter.step(gold, predicted);
        }
        counter.step(Code::OUTSIDE, Code::OUTSIDE);
    }
    counter.finish(kinds)
}

/// A tag split at its first hyphen: `B-LOC` is the mark `B` of the type `LOC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tag<'a> {
    pub(crate) mark: &'a str,
    pub(crate) kind: &'a str,
}

impl<'a> Tag<'a> {
    pub(crate) const OUTSIDE: Tag<'static> = Tag { mark: "O", kind: "" };

    pub(crate) fn read(text: &'a str) -> Self {
        let (mark, kind) = text.split_once('-').unwrap_or((text, ""));
        Tag { mark, kind }
    }
}

fn is_outside(mark: Mark) -> bool {
    matches!(mark, Mark::Outside | Mark::Dot)
}

fn chunk_ends(previous: Code, next: Code) -> bool {
    use Mark::{Begin, End, Inside, Outside, Single};
    let by_marks = matches!(
        (previous.mark, next.mark),
        (Begin | Inside, Begin | Outside) | (End, End | Inside | Outside)
    );
    let by_type = !is_outside(previous.mark) && previous.kind != next.kind;
    by_marks || by_type || previous.mark == Single
}

fn chunk_starts(previous: Code, next: Code) -> bool {
    use Mark::{Begin, End, Inside, Outside, Single};
    let by_marks = matches!(
        (previous.mark, next.mark),
        (Begin | Inside | Outside, Begin) | (Outside, Inside) | (End | Outside, End) | (End, Inside)
    );
    let by_type = !is_outside(next.mark) && previous.kind != next.kind;
    by_marks || by_type || next.mark == Single
}

/// Walks both tag sequences at once, remembering the last word.
struct Counter {
    report: Report,
    /// By type.
    counts: Vec<ChunkCounts>,
    gold: Code,
    predicted: Code,
    /// A chunk started at the same word with the same type on both sides and has not ended.
    agreeing: bool,
}

impl Counter {
    fn new(n_kinds: usize) -> Self {
        let counts = vec![ChunkCounts::default(); n_kinds];
        let (gold, predicted) = (Code::OUTSIDE, Code::OUTSIDE);
        Counter { report: Report::default(), counts, gold, predicted, agreeing: false }
    }

    fn step(&mut self, gold: Code, predicted: Code) {
        if self.agreeing {
            self.close(gold, predicted);
        }
        let gold_starts = chunk_starts(self.gold, gold);
        let predicted_starts = chunk_starts(self.predicted, predicted);
        if gold_starts {
            self.counts[gold.kind as usize].phrases += 1;
        }
        if predicted_starts {
            self.counts[predicted.kind as usize].found += 1;
        }
        if gold_starts && predicted_starts && gold.kind == predicted.kind {
            self.agreeing = true;
        }
        (self.gold, self.predicted) = (gold, predicted);
    }

    fn close(&mut self, gold: Code, predicted: Code) {
        let gold_ends = chunk_ends(self.gold, gold);
        let predicted_ends = chunk_ends(self.predicted, predicted);
        if gold_ends && predicted_ends && self.gold.kind == self.predicted.kind {
            self.agreeing = false;
            self.count_correct();
        } else if gold_ends != predicted_ends || gold.kind != predicted.kind {
            self.agreeing = false;
        }
    }

    fn count_correct(&mut self) {
        self.counts[self.gold.kind as usize].correct += 1;
    }

    fn finish(mut self, kinds: &[&str]) -> Report {
        if self.agreeing {
            self.count_correct();
        }
        for (kind, counts) in kinds.iter().zip(&self.counts) {
            let overall = &mut self.report.overall;
            overall.phrases += counts.phrases;
            overall.found += counts.found;
            overall.correct += counts.correct;
            if *counts != ChunkCounts::default() {
                self.report.per_type.insert((*kind).to_owned(), *counts);
            }
        }
        self.report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { tokens, overall, .. } = self;
        let ChunkCounts { phrases, found, correct } = overall;
        writeln!(
            f,
            "processed {tokens} tokens with {phrases} phrases; found: {found} phrases; correct: {correct}."
        )?;
        if *tokens > 0 {
            let accuracy = percent(self.correct_tokens, *tokens);
            let [precision, recall, f1] = percentages(overall);
            writeln!(
                f,
                "accuracy: {accuracy:6.2}%; precision: {precision:6.2}%; recall: {recall:6.2}%; FB1: {f1:6.2}"
            )?;
        }
        for (kind, counts) in &self.per_type {
            let [precision, recall, f1] = percentages(counts);
            writeln!(
                f,
                "{kind:>17}: precision: {precision:6.2}%; recall: {recall:6.2}%; FB1: {f1:6.2}  {}",
                counts.found
            )?;
        }
        Ok(())
    }
}

/// Precision, recall and F1 by the script's own operations, so that the last printed digit rounds alike.
fn percentages(counts: &ChunkCounts) -> [f64; 3] {
    let precision = percent(counts.correct, counts.found);
    let recall = percent(counts.correct, counts.phrases);
    let f1 = match precision + recall {
        0.0 => 0.0,
        sum => 2.0 * precision * recall / sum,
    };
    [precision, recall, f1]
}

fn percent(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 0.0,
        _ => 100.0 * part as f64 / whole as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence<'a>(gold: &'a str, predicted: &'a str) -> Vec<(&'a str, &'a str)> {
        gold.split(' ').zip(predicted.split(' ')).collect()
    }

    #[test]
    fn a_leading_inside_starts_a_chunk() {
        let report = conlleval(&[sentence("B-ORG I-ORG", "I-ORG I-ORG")]);
        assert_eq!(report.overall.f1(), 1.0);
        assert_eq!(report.accuracy(), 0.5);
    }

    #[test]
    fn types_are_counted_apart() {
        let report = conlleval(&[sentence(
            "B-creative-work I-creative-work O B-PER",
            "B-creative-work I-creative-work O B-LOC",
        )]);
        let expected = [("LOC", [0, 1, 0]), ("PER", [1, 0, 0]), ("creative-work", [1, 1, 1])];
        for (kind, [phrases, found, correct]) in expected {
            let counts = ChunkCounts { phrases, found, correct };
            assert_eq!(report.per_type[kind], counts, "{kind}");
        }
    }

    #[test]
    fn chunks_end_with_their_sentence() {
        let report = conlleval(&[sentence("B-X I-X", "B-X I-X"), sentence("I-X", "I-X")]);
        assert_eq!(report.overall.correct, 2);
    }

    #[test]
    fn no_words_print_one_line() {
        let report = conlleval::<&str>(&[]);
        let expected = "processed 0 tokens with 0 phrases; found: 0 phrases; correct: 0.\n";
        assert_eq!(report.to_string(), expected);
        assert_eq!(report.accuracy(), 0.0);
    }
}
