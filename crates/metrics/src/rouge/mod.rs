//! ROUGE-1, ROUGE-2 and ROUGE-L: the overlap of a summary with its reference.
//!
//! ROUGE-N counts shared n-grams, each as often as the side that has it less often; ROUGE-L the longest sequence of words
//! that both have in this order, not necessarily neighbours:
//!
//! ```text
//! precision = shared / predicted    recall = shared / gold    F = 2 precision recall / (precision + recall)
//! ```
//!
//! each 0 where its denominator is. Of several references the one of the best F counts, for each variant alone. A set's
//! score is the mean over its texts. Words are runs of ASCII letters and digits in lower case, optionally stemmed.
//!
//! Lin 2004; as the package `rouge_score`, which follows the script ROUGE-1.5.5 at its usual settings. Texts in scripts
//! other than Latin have no words here.

mod lcs;
mod porter;
mod tokens;

pub use porter::stem as porter_stem;

use crate::check;
use crate::error::MetricError;
use crate::ngrams::{Vocabulary, clipped_matches, sorted_ngrams};

/// What two texts are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RougeKind {
    /// Single words.
    One,
    /// Pairs of neighbouring words.
    Two,
    /// The longest common subsequence.
    L,
}

/// Precision, recall and F, each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RougeScore {
    /// The shared share of the predicted text.
    pub precision: f64,
    /// The shared share of the reference.
    pub recall: f64,
    /// Their harmonic mean.
    pub f: f64,
}

/// The mean score of a set of texts.
///
/// `stem` reduces words of more than three characters to their stems ([`porter_stem`]).
///
/// # Shapes
/// `gold`: (texts,), each its references; `predicted`: (texts,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a text has no reference.
pub fn rouge<G: AsRef<str>, P: AsRef<str>>(
    kind: RougeKind,
    gold: &[Vec<G>],
    predicted: &[P],
    stem: bool,
) -> Result<RougeScore, MetricError> {
    let scores = rouge_texts(kind, gold, predicted, stem)?;
    let mean = |of: fn(&RougeScore) -> f64| scores.iter().map(of).sum::<f64>() / scores.len() as f64;
    Ok(RougeScore {
        precision: mean(|score| score.precision),
        recall: mean(|score| score.recall),
        f: mean(|score| score.f),
    })
}

/// The score of each text with its best reference.
///
/// # Shapes
/// `gold`: (texts,), each its references; `predicted`: (texts,); result: (texts,)
///
/// # Errors
/// As [`rouge`].
pub fn rouge_texts<G: AsRef<str>, P: AsRef<str>>(
    kind: RougeKind,
    gold: &[Vec<G>],
    predicted: &[P],
    stem: bool,
) -> Result<Vec<RougeScore>, MetricError> {
    check::referenced(gold, predicted.len())?;
    let pairs = gold.iter().zip(predicted);
    Ok(pairs.map(|(references, predicted)| best(kind, references, predicted.as_ref(), stem)).collect())
}

/// The score with the reference of the largest F, the first of several.
fn best<G: AsRef<str>>(kind: RougeKind, references: &[G], predicted: &str, stem: bool) -> RougeScore {
    let predicted = predicted.to_lowercase();
    let predicted: Vec<_> = tokens::tokens(&predicted, stem).collect();
    let against = |reference: &G| {
        let reference = reference.as_ref().to_lowercase();
        let reference: Vec<_> = tokens::tokens(&reference, stem).collect();
        let mut vocabulary = Vocabulary::default();
        let predicted = vocabulary.read(predicted.iter().map(AsRef::as_ref));
        let reference = vocabulary.read(reference.iter().map(AsRef::as_ref));
        compare(kind, &reference, &predicted)
    };
    let scores = references.iter().map(against);
    scores.reduce(|best, next| if next.f > best.f { next } else { best }).expect("there is a reference")
}

fn compare(kind: RougeKind, reference: &[u32], predicted: &[u32]) -> RougeScore {
    let ngrams = |order| {
        let (reference, predicted) = (sorted_ngrams(reference, order), sorted_ngrams(predicted, order));
        let (gold, found) = (reference.len(), predicted.len());
        RougeScore::of(clipped_matches(&predicted, &[reference]), gold, found)
    };
    match kind {
        RougeKind::One => ngrams(1),
        RougeKind::Two => ngrams(2),
        RougeKind::L => RougeScore::of(lcs::length(reference, predicted), reference.len(), predicted.len()),
    }
}

impl RougeScore {
    fn of(shared: usize, gold: usize, found: usize) -> Self {
        if shared == 0 {
            return RougeScore::default();
        }
        let (precision, recall) = (shared as f64 / found as f64, shared as f64 / gold as f64);
        RougeScore { precision, recall, f: 2.0 * precision * recall / (precision + recall) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLD: &str = "The quick brown fox jumps over the lazy dog";
    const PREDICTED: &str = "the quick brown dog jumps on the log.";

    fn score(kind: RougeKind, references: &[&'static str], predicted: &str) -> RougeScore {
        rouge(kind, &[references.to_vec()], &[predicted], false).unwrap()
    }

    #[test]
    fn by_hand() {
        let expected = |shared: f64, gold: f64, found: f64| RougeScore {
            precision: shared / found,
            recall: shared / gold,
            f: 2.0 * (shared / found) * (shared / gold) / (shared / found + shared / gold),
        };
        // the, the, quick, brown, dog, jumps; then "the quick", "quick brown"; then the quick brown jumps the.
        assert_eq!(score(RougeKind::One, &[GOLD], PREDICTED), expected(6.0, 9.0, 8.0));
        assert_eq!(score(RougeKind::Two, &[GOLD], PREDICTED), expected(2.0, 8.0, 7.0));
        assert_eq!(score(RougeKind::L, &[GOLD], PREDICTED), expected(5.0, 9.0, 8.0));
    }

    #[test]
    fn the_best_reference_counts() {
        assert_eq!(score(RougeKind::One, &["a b", "x y", "y x"], "x y").f, 1.0);
        assert_eq!(score(RougeKind::L, &["y x", "a"], "x y").f, 0.5);
    }

    #[test]
    fn texts_without_words_score_zero() {
        for kind in [RougeKind::One, RougeKind::Two, RougeKind::L] {
            assert_eq!(score(kind, &[""], ""), RougeScore::default());
            assert_eq!(score(kind, &["日本"], "日本"), RougeScore::default());
            let error = rouge::<&str, _>(kind, &[vec![]], &["a"], false).unwrap_err();
            assert_eq!(error.to_string(), "text 0 has no reference");
        }
    }
}
