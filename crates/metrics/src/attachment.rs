//! Attachment scores of a dependency parser: UAS, LAS and CLAS over words that are the same on both sides.
//!
//! *UAS* is the share of words with the right head, *LAS* with the right head and relation, *CLAS* the F1 of LAS over content
//! words. Relations are compared without their subtype (`nsubj:pass` is `nsubj`); which are content words, gold says for
//! the gold side and the prediction for its own. Punctuation counts in UAS and LAS.
//! (Buchholz & Marsi 2006 for UAS and LAS; Nivre & Fang 2017 for CLAS; counted as [`mod@crate::conll18`] counts them.)
//! Nothing here asks that heads form a tree: [`crate::check_tree`] does.

use crate::check;
use crate::conll18::universal::{is_content, universal_relation};
use crate::conll18::{self, Score};
use crate::error::MetricError;
use crate::scale::Scale;

/// Direction and range of precision, recall and F1 of every score here.
pub const SCALE: Scale = conll18::SCALE;

/// UAS, LAS and CLAS of a set of sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Words with the right head.
    pub uas: Score,
    /// Words with the right head and universal relation.
    pub las: Score,
    /// Content words with the right head and universal relation.
    pub clas: Score,
}

/// Scores the arcs of sentences whose words are given: each word's is (head, relation).
///
/// A head is the number of a word, from 1, or 0 for the root. `None` is a word cut off by truncation: it counts as missed.
/// Where no word is cut off, `uas.f1()` and `las.f1()` are plain shares of the words.
///
/// # Shapes
/// `gold`, `predicted`: (sentences,), each (words,)
///
/// # Errors
/// Errors if the numbers of sentences or of a sentence's words differ, a head lies beyond its sentence, or there is no
/// word.
pub fn attachment<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<(usize, G)>],
    predicted: &[Vec<Option<(usize, P)>>],
) -> Result<Attachment, MetricError> {
    check::paired("sentences", gold.len(), predicted.len())?;
    let mut counts = Attachment::default();
    for (sentence, (gold, predicted)) in gold.iter().zip(predicted).enumerate() {
        check_heads(sentence, gold, predicted)?;
        for ((head, relation), predicted) in gold.iter().zip(predicted) {
            let predicted = predicted.as_ref().map(|(head, relation)| (*head, relation.as_ref()));
            counts.add((*head, relation.as_ref()), predicted);
        }
    }
    match counts.uas.gold {
        0 => Err(MetricError::Empty { what: "words" }),
        _ => Ok(counts),
    }
}

fn check_heads<G, P>(
    sentence: usize,
    gold: &[(usize, G)],
    predicted: &[Option<(usize, P)>],
) -> Result<(), MetricError> {
    let words = gold.len();
    if words != predicted.len() {
        return Err(MetricError::SentenceLengthMismatch {
            sentence,
            gold: words,
            predicted: predicted.len(),
        });
    }
    let predicted = predicted.iter().map(|arc| arc.as_ref().map_or(0, |(head, _)| *head));
    for (heads, word) in gold.iter().map(|(head, _)| *head).zip(predicted).zip(1..) {
        if let Some(head) = [heads.0, heads.1].into_iter().find(|&head| head > words) {
            return Err(MetricError::HeadOutOfRange { sentence, word, head, words });
        }
    }
    Ok(())
}

impl Attachment {
    fn add(&mut self, gold: (usize, &str), predicted: Option<(usize, &str)>) {
        let relation = universal_relation(gold.1);
        let guess = predicted.map(|(head, relation)| (head, universal_relation(relation)));
        let head_right = guess.is_some_and(|(head, _)| head == gold.0);
        let arc_right = guess == Some((gold.0, relation));
        add(&mut self.uas, true, guess.is_some(), head_right);
        add(&mut self.las, true, guess.is_some(), arc_right);
        let guessed_content = guess.is_some_and(|(_, relation)| is_content(relation));
        add(&mut self.clas, is_content(relation), guessed_content, arc_right);
    }
}

/// Counts one word; `aligned` are gold's words, for they are the same on both sides.
fn add(score: &mut Score, gold: bool, predicted: bool, correct: bool) {
    score.gold += usize::from(gold);
    score.predicted += usize::from(predicted);
    score.correct += usize::from(gold && correct);
    score.aligned = Some(score.gold);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_by_hand() {
        let gold = [vec![(2, "det"), (3, "nsubj:pass"), (0, "root"), (3, "punct")]];
        let predicted =
            [vec![Some((2, "det")), Some((3, "nsubj")), Some((0, "parataxis")), Some((2, "punct"))]];
        let scores = attachment(&gold, &predicted).unwrap();
        assert_eq!((scores.uas.f1(), scores.las.f1()), (0.75, 0.5));
        assert_eq!(scores.clas, Score { gold: 2, predicted: 2, correct: 1, aligned: Some(2) });
    }

    #[test]
    fn a_cut_word_is_missed() {
        let gold = [vec![(0, "root"), (1, "obj")]];
        let scores = attachment(&gold, &[vec![Some((0, "root")), None]]).unwrap();
        assert_eq!(scores.uas, Score { gold: 2, predicted: 1, correct: 1, aligned: Some(2) });
        assert_eq!((scores.las.precision(), scores.las.recall()), (1.0, 0.5));
    }

    #[test]
    fn bad_input_is_named() {
        let gold = [vec![(0, "root"), (1, "obj")]];
        let error = attachment(&gold, &[vec![Some((0, "root"))]]).unwrap_err();
        assert_eq!(error.to_string(), "sentence 0 has 2 gold against 1 predicted words");
        let error = attachment(&gold, &[vec![Some((0, "root")), Some((3, "obj"))]]).unwrap_err();
        assert_eq!(error.to_string(), "word 2 of sentence 0 has head 3, but the sentence has 2 words");
        let error = attachment::<&str, &str>(&[vec![]], &[vec![]]).unwrap_err();
        assert_eq!(error.to_string(), "nothing to score: no words");
    }
}
