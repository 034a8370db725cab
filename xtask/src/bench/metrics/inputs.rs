//! Predictions to score: each a fixed function of its seed, so that `peers/metrics_peer.py` draws the same.

use mtl_base::draws::{Draws, InOrder};

/// Examples of the metrics of labels, and words of those of tags.
pub(super) const LABELS: usize = 1_000_000;
/// Examples of a bootstrap.
pub(super) const RESAMPLED: usize = 10_000;
/// Classes of an example.
pub(super) const CLASSES: usize = 20;
/// Tags of a word.
pub(super) const TAGS: [&str; 5] = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
/// Words per sentence of tags.
const SENTENCE: usize = 20;
/// Texts, words per text, and of how many different ones.
const TEXTS: usize = 10_000;
const WORDS: usize = 30;
const VOCABULARY: u64 = 5_000;

/// SplitMix64 from this state, read in order.
struct SplitMix64(InOrder);

impl SplitMix64 {
    fn new(state: u64) -> Self {
        Self(Draws::from_key(state).in_order())
    }

    fn below(&mut self, end: u64) -> usize {
        (self.0.bits() % end) as usize
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0.uniform()
    }
}

/// Gold classes, and predictions of which about 70 % repeat them. Three draws an example.
pub(super) fn classes(seed: u64, n_classes: usize) -> (Vec<usize>, Vec<usize>) {
    let mut draws = SplitMix64::new(seed);
    let mut pair = || {
        let gold = draws.below(n_classes as u64);
        let (right, other) = (draws.below(10) < 7, draws.below(n_classes as u64));
        (gold, if right { gold } else { other })
    };
    (0..LABELS).map(|_| pair()).unzip()
}

/// Gold values, and predictions: gold with as much noise. Two draws an example.
pub(super) fn values(seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut draws = SplitMix64::new(seed);
    let mut pair = || {
        let gold = draws.unit();
        (gold, gold + draws.unit())
    };
    (0..LABELS).map(|_| pair()).unzip()
}

/// Gold classes of two, and (examples, 2) probabilities that know nothing of them. Two draws an example.
pub(super) fn probabilities(seed: u64) -> (Vec<usize>, Vec<f64>) {
    let mut draws = SplitMix64::new(seed);
    let pairs: Vec<(usize, f64)> = (0..LABELS).map(|_| (draws.below(2), draws.unit())).collect();
    (pairs.iter().map(|pair| pair.0).collect(), pairs.iter().flat_map(|&(_, p)| [1.0 - p, p]).collect())
}

/// Sentences of tags.
type Sentences = Vec<Vec<Option<usize>>>;

/// Gold and predicted tags of sentences: those of [`classes`], in a row.
pub(super) fn tags(seed: u64) -> (Sentences, Sentences) {
    let (gold, predicted) = classes(seed, TAGS.len());
    let sentences = |tags: &[usize]| {
        tags.chunks(SENTENCE).map(|words| words.iter().copied().map(Some).collect()).collect()
    };
    (sentences(&gold), sentences(&predicted))
}

/// References, one a text, and texts in which every fifth word is drawn again. 36 draws a text.
pub(super) fn texts(seed: u64) -> (Vec<Vec<String>>, Vec<String>) {
    let mut draws = SplitMix64::new(seed);
    let mut pair = || {
        let mut word = || format!("w{}", draws.below(VOCABULARY));
        let words: Vec<String> = (0..WORDS).map(|_| word()).collect();
        let changed: Vec<String> =
            words.iter().enumerate().map(|(i, w)| if i % 5 == 0 { word() } else { w.clone() }).collect();
        (vec![format!("{}.", words.join(" "))], format!("{}.", changed.join(" ")))
    };
    (0..TEXTS).map(|_| pair()).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_the_published_generator() {
        // The first outputs for seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
        let mut draws = SplitMix64::new(1_234_567).0;
        assert_eq!([draws.bits(), draws.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn most_predictions_are_right() {
        let (gold, predicted) = classes(1, CLASSES);
        let right = gold.iter().zip(&predicted).filter(|(gold, predicted)| gold == predicted).count();
        assert!((0.70..0.73).contains(&(right as f64 / LABELS as f64)), "{right}");
    }
}
