//! BLEU: how many n-grams of a translation its references have, for a whole corpus.
//!
//! ```text
//! BLEU = min(1, exp(1 - r / h)) * exp(1/4 sum_{n=1..4} ln p_n)
//! ```
//!
//! `p_n` is the share of the hypotheses' n-grams that are in a reference, each counted at most as often as the reference
//! that has it most often; the sums run over the whole corpus before the division. `h` is the length of all hypotheses,
//! `r` that of their references, of each text the one closest in length (of two as close, the shorter).
//!
//! Papineni, Roukos, Ward & Zhu 2002; tokens, lengths and [`Smoothing`] as sacreBLEU (Post 2018), whose signature for
//! the default here is `case:mixed|eff:no|tok:13a|smooth:exp`. Everything is a share in `[0, 1]`; sacreBLEU prints
//! percentages.

mod smoothing;
mod tokenizer_13a;

pub use smoothing::Smoothing;
pub use tokenizer_13a::tokenize_13a;

use crate::check;
use crate::error::MetricError;
use crate::ngrams::{Vocabulary, clipped_matches, sorted_ngrams};
use crate::whitespace;

/// n-grams of up to this many words are compared.
pub const ORDERS: usize = 4;

/// How BLEU is computed. The default is sacreBLEU's for a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BleuOptions {
    /// What to do with lengths of which no n-gram matches.
    pub smoothing: Smoothing,
    /// Average only over the lengths that the hypotheses have n-grams of: without it a text of three words scores 0.
    pub effective_order: bool,
    /// Compare in lower case.
    pub lowercase: bool,
}

impl BleuOptions {
    /// sacreBLEU's defaults for one sentence: as for a corpus, but only over the lengths that the sentence has.
    pub fn sentence() -> Self {
        BleuOptions { effective_order: true, ..BleuOptions::default() }
    }
}

/// BLEU and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BleuScore {
    /// The score, in `[0, 1]`; 0 if not a single word matches.
    pub bleu: f64,
    /// Smoothed precision of n-grams of 1 to 4 words, each in `[0, 1]`; all 0 if not a single word matches.
    pub precisions: [f64; ORDERS],
    /// What short hypotheses cost, in `[0, 1]`.
    pub brevity_penalty: f64,
    /// Tokens of all hypotheses.
    pub hypothesis_len: usize,
    /// Tokens of the references closest in length.
    pub reference_len: usize,
    /// n-grams of 1 to 4 words of the hypotheses that a reference has.
    pub correct: [usize; ORDERS],
    /// n-grams of 1 to 4 words of the hypotheses.
    pub total: [usize; ORDERS],
}

/// BLEU of a corpus.
///
/// A text may have any number of references, and an empty text is a text of no words.
///
/// # Shapes
/// `gold`: (texts,), each its references; `predicted`: (texts,)
///
/// # Errors
/// Errors if the lengths differ or are 0, a text has no reference, or a smoothing constant is out of range.
pub fn corpus_bleu<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[P],
    options: BleuOptions,
) -> Result<BleuScore, MetricError> {
    check::referenced(gold, predicted.len())?;
    options.smoothing.check()?;
    let mut counts = Counts::default();
    for (references, predicted) in gold.iter().zip(predicted) {
        counts.add(references, predicted.as_ref(), options.lowercase);
    }
    Ok(counts.score(options))
}

/// BLEU of one text: that of a corpus of one. [`BleuOptions::sentence`] has the usual options.
///
/// # Shapes
/// `references`: (references,)
///
/// # Errors
/// Errors if there is no reference, or a smoothing constant is out of range.
pub fn sentence_bleu<G: AsRef<str>>(
    references: &[G],
    predicted: &str,
    options: BleuOptions,
) -> Result<BleuScore, MetricError> {
    let references: Vec<&str> = references.iter().map(AsRef::as_ref).collect();
    corpus_bleu(&[references], &[predicted], options)
}

/// Sums over the texts.
#[derive(Default)]
struct Counts {
    correct: [usize; ORDERS],
    total: [usize; ORDERS],
    hypothesis_len: usize,
    reference_len: usize,
}

impl Counts {
    fn add<G: AsRef<str>>(&mut self, references: &[G], predicted: &str, lowercase: bool) {
        let predicted = tokens(predicted, lowercase);
        let references: Vec<String> =
            references.iter().map(|text| tokens(text.as_ref(), lowercase)).collect();
        let mut vocabulary = Vocabulary::default();
        let hypothesis = vocabulary.read(whitespace::words(&predicted));
        let mut read = |text| vocabulary.read(whitespace::words(text));
        let references: Vec<Vec<u32>> = references.iter().map(|text| read(text)).collect();
        self.hypothesis_len += hypothesis.len();
        self.reference_len += closest(hypothesis.len(), references.iter().map(Vec::len));
        for order in 1..=ORDERS {
            let ngrams = sorted_ngrams(&hypothesis, order);
            let of_references: Vec<_> = references.iter().map(|words| sorted_ngrams(words, order)).collect();
            self.total[order - 1] += ngrams.len();
            self.correct[order - 1] += clipped_matches(&ngrams, &of_references);
        }
    }

    fn score(&self, options: BleuOptions) -> BleuScore {
        let mut score = BleuScore {
            bleu: 0.0,
            precisions: [0.0; ORDERS],
            brevity_penalty: brevity_penalty(self.hypothesis_len, self.reference_len),
            hypothesis_len: self.hypothesis_len,
            reference_len: self.reference_len,
            correct: self.correct,
            total: self.total,
        };
        if self.correct == [0; ORDERS] {
            return score;
        }
        let (precisions, defined) = options.smoothing.precisions(&self.correct, &self.total);
        let orders = if options.effective_order { defined } else { ORDERS };
        let mean = precisions[..orders].iter().map(|precision| precision.ln()).sum::<f64>() / orders as f64;
        score.precisions = precisions;
        score.bleu = score.brevity_penalty * mean.exp();
        score
    }
}

fn tokens(text: &str, lowercase: bool) -> String {
    if lowercase { tokenize_13a(&text.to_lowercase()) } else { tokenize_13a(text) }
}

/// The length closest to `wanted`, the shorter of two as close; the caller has checked that there is one.
fn closest(wanted: usize, lengths: impl Iterator<Item = usize>) -> usize {
    lengths.min_by_key(|&length| (length.abs_diff(wanted), length)).expect("there is a reference")
}

fn brevity_penalty(hypothesis_len: usize, reference_len: usize) -> f64 {
    match hypothesis_len {
        0 if reference_len > 0 => 0.0,
        shorter if shorter < reference_len => (1.0 - reference_len as f64 / shorter as f64).exp(),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let gold = [vec!["the cat sat on the mat"]];
        let score = corpus_bleu(&gold, &["the cat sat on a mat"], BleuOptions::default()).unwrap();
        assert_eq!(score.correct, [5, 3, 2, 1]);
        assert_eq!(score.total, [6, 5, 4, 3]);
        let expected = (5.0 / 6.0 * 3.0 / 5.0 * 2.0 / 4.0 * 1.0 / 3.0_f64).powf(0.25);
        assert!((score.bleu - expected).abs() < 1e-15);
    }

    #[test]
    fn the_closest_reference_sets_the_length() {
        let gold = [vec!["a b c d e", "a b c", "a"]];
        let score = corpus_bleu(&gold, &["a b"], BleuOptions::default()).unwrap();
        // 1 and 3 are as close: the shorter.
        assert_eq!((score.hypothesis_len, score.reference_len, score.brevity_penalty), (2, 1, 1.0));
    }

    #[test]
    fn short_texts_need_the_effective_order() {
        let score = |options| sentence_bleu(&["yes we can"], "yes we can", options).unwrap().bleu;
        assert_eq!(score(BleuOptions::default()), 0.0);
        assert_eq!(score(BleuOptions::sentence()), 1.0);
    }

    #[test]
    fn case_counts_unless_told_otherwise() {
        let score = |lowercase| {
            let options = BleuOptions { lowercase, ..BleuOptions::default() };
            sentence_bleu(&["THE OLD RED DOOR"], "the old red door", options).unwrap().bleu
        };
        assert_eq!((score(false), score(true)), (0.0, 1.0));
    }

    #[test]
    fn the_edges_are_defined_or_named() {
        let score = corpus_bleu(&[vec!["a b"]], &[""], BleuOptions::default()).unwrap();
        assert_eq!((score.bleu, score.brevity_penalty, score.total), (0.0, 0.0, [0; ORDERS]));
        let score = corpus_bleu(&[vec![""]], &[""], BleuOptions::sentence()).unwrap();
        assert_eq!((score.bleu, score.brevity_penalty), (0.0, 1.0));
        let error = corpus_bleu::<&str, _>(&[vec![]], &["a"], BleuOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "text 0 has no reference");
    }
}
