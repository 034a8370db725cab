//! Corpus-level F1 of zero-shot relation extraction: answers right among those given, and among those there are.
//!
//! An answer is the set of its words in lower case, without ASCII punctuation and `the`, `a`, `an`, `and`; the accepted
//! answers of a question are one set together. `unanswerable` is no answer. An answer is right if the sets are equal.
//!
//! ```text
//! precision = right / given     recall = right / answerable     cF1 = 2 right / (given + answerable)
//! ```
//!
//! Levy et al. 2017, "Zero-Shot Relation Extraction via Reading Comprehension", as decaNLP counts it.

use std::collections::BTreeSet;

use crate::answers::for_each;
use crate::error::MetricError;
use crate::squad::normalise_answer;

/// What a question without an answer is answered with.
const UNANSWERABLE: &str = "unanswerable";

/// Counts of answers behind cF1. All scores are in `[0, 1]`, and higher is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CorpusF1 {
    /// Questions that have an answer.
    pub answerable: usize,
    /// Questions that an answer was given to.
    pub given: usize,
    /// Answers given that are right.
    pub right: usize,
}

impl CorpusF1 {
    /// `right / given`; 0 if none is right.
    pub fn precision(&self) -> f64 {
        self.share(self.given)
    }

    /// `right / answerable`; 0 if none is right.
    pub fn recall(&self) -> f64 {
        self.share(self.answerable)
    }

    /// `2 right / (given + answerable)`; 0 if none is right.
    pub fn f1(&self) -> f64 {
        2.0 * self.share(self.given + self.answerable)
    }

    fn share(&self, whole: usize) -> f64 {
        match self.right {
            0 => 0.0,
            right => right as f64 / whole as f64,
        }
    }
}

/// Counts the answers of a corpus, for cF1.
///
/// # Shapes
/// `gold`: (questions,), each (accepted answers,); `predicted`: (questions,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a question has no accepted answer (not even `unanswerable`).
pub fn corpus_f1<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
) -> Result<CorpusF1, MetricError> {
    let mut counts = CorpusF1::default();
    for_each(gold, predicted, |accepted, predicted| {
        let gold: Vec<String> = accepted.iter().map(|answer| normalise_answer(answer.as_ref())).collect();
        let gold: BTreeSet<&str> = gold.iter().flat_map(|answer| words(answer)).collect();
        let predicted = normalise_answer(predicted);
        let predicted: BTreeSet<&str> = words(&predicted).collect();
        let is_answer = |words: &BTreeSet<&str>| !(words.len() == 1 && words.contains(UNANSWERABLE));
        counts.answerable += usize::from(is_answer(&gold));
        counts.given += usize::from(is_answer(&predicted));
        counts.right += usize::from(gold == predicted && is_answer(&gold));
    })?;
    Ok(counts)
}

/// The words of a normalised answer.
fn words(answer: &str) -> impl Iterator<Item = &str> {
    answer.split_whitespace().filter(|&word| word != "and")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_sets_and_none_is_no_answer() {
        let gold = [vec!["Ann and Bob"], vec!["unanswerable"], vec!["unanswerable"], vec!["red", "blue"]];
        let predicted = ["bob, ann", "unanswerable", "paris", "red"];
        let counts = corpus_f1(&gold, &predicted).unwrap();
        assert_eq!(counts, CorpusF1 { answerable: 2, given: 3, right: 1 });
        assert_eq!((counts.precision(), counts.recall(), counts.f1()), (1.0 / 3.0, 0.5, 0.4));
    }

    #[test]
    fn nothing_right_is_zero() {
        let counts = corpus_f1(&[vec!["unanswerable"]], &["unanswerable"]).unwrap();
        assert_eq!((counts.right, counts.f1()), (0, 0.0));
    }
}
