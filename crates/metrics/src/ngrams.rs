//! Words as numbers, and how many n-grams texts share.

use std::collections::HashMap;

/// Gives every distinct word a number of its own.
#[derive(Default)]
pub(crate) struct Vocabulary<'a> {
    ids: HashMap<&'a str, u32>,
}

impl<'a> Vocabulary<'a> {
    /// The numbers of `words`, new ones for words not met before.
    pub(crate) fn read(&mut self, words: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let id = |word| {
            let next = u32::try_from(self.ids.len()).expect("a text has fewer than 2^32 words");
            *self.ids.entry(word).or_insert(next)
        };
        words.map(id).collect()
    }
}

/// The n-grams of one text, sorted, each as often as it occurs; `order` is at least 1.
pub(crate) fn sorted_ngrams(words: &[u32], order: usize) -> Vec<&[u32]> {
    let mut ngrams: Vec<&[u32]> = words.windows(order).collect();
    ngrams.sort_unstable();
    ngrams
}

/// How many of the sorted `predicted` n-grams are in a reference, each at most as often as in the reference that has it
/// most often.
pub(crate) fn clipped_matches(predicted: &[&[u32]], references: &[Vec<&[u32]>]) -> usize {
    let same = predicted.chunk_by(|a, b| a == b);
    same.map(|same| {
        let most = references.iter().map(|reference| occurrences(reference, same[0])).max();
        same.len().min(most.unwrap_or(0))
    })
    .sum()
}

/// How often a sorted list holds `ngram`.
fn occurrences(sorted: &[&[u32]], ngram: &[u32]) -> usize {
    let start = sorted.partition_point(|&other| other < ngram);
    sorted[start..].iter().take_while(|&&other| other == ngram).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_clipped_by_the_best_reference() {
        let mut vocabulary = Vocabulary::default();
        let mut read = |text: &'static str| vocabulary.read(text.split(' '));
        let (predicted, references) = (read("the the the cat"), [read("the cat the"), read("a cat cat")]);
        let sorted = |order| references.iter().map(|words| sorted_ngrams(words, order)).collect::<Vec<_>>();
        assert_eq!(clipped_matches(&sorted_ngrams(&predicted, 1), &sorted(1)), 3);
        assert_eq!(clipped_matches(&sorted_ngrams(&predicted, 2), &sorted(2)), 1);
        assert_eq!(clipped_matches(&sorted_ngrams(&predicted, 5), &sorted(5)), 0);
        assert_eq!(clipped_matches(&sorted_ngrams(&predicted, 1), &[]), 0);
    }
}
