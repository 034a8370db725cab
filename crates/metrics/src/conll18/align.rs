//! Which predicted word stands for which gold word, where both sides may have divided the same text differently.
//!
//! Words that are tokens align if they cover the same text. Around multi-word tokens, where words have no text of their own,
//! the smallest stretch is taken out of which no multi-word token of either side sticks; the words inside it align by
//! a longest common subsequence of their forms, in lower case.
//!
//! Where a token overlaps a multi-word token of the other side only in part, which words align can depend on which side is
//! gold: so it is in the published script, and so here.

use super::treebank::Word;

/// The aligned words of two treebanks of the same text, as (gold, predicted) indices, increasing on both sides.
pub(super) fn align(gold: &[Word], predicted: &[Word]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::with_capacity(gold.len().min(predicted.len()));
    let (mut g, mut p) = (0, 0);
    while g < gold.len() && p < predicted.len() {
        let (left, right) = (&gold[g], &predicted[p]);
        if left.multiword || right.multiword {
            let stretch = Stretch::around(gold, predicted, g, p);
            stretch.align(gold, predicted, &mut pairs);
            (g, p) = (stretch.gold_end, stretch.predicted_end);
        } else if left.span.covers(right.span) {
            pairs.push((g, p));
            (g, p) = (g + 1, p + 1);
        } else if left.span.start <= right.span.start {
            g += 1;
        } else {
            p += 1;
        }
    }
    pairs
}

/// The words of both sides between two places where no multi-word token reaches across.
struct Stretch {
    gold_start: usize,
    gold_end: usize,
    predicted_start: usize,
    predicted_end: usize,
}

impl Stretch {
    /// The smallest stretch around the words `gold[g]` and `predicted[p]`, at least one of them in a multi-word token.
    fn around(gold: &[Word], predicted: &[Word], mut g: usize, mut p: usize) -> Stretch {
        let (left, right) = (&gold[g], &predicted[p]);
        // The side without the token may have a word that begins before it: that word is outside.
        let mut end = match left.multiword {
            true => {
                p += usize::from(!right.multiword && right.span.start < left.span.start);
                left.span.end
            }
            false => {
                g += usize::from(left.span.start < right.span.start);
                right.span.end
            }
        };
        let (gold_start, predicted_start) = (g, p);
        while !lies_beyond(gold.get(g), end) || !lies_beyond(predicted.get(p), end) {
            let gold_is_next = match (gold.get(g), predicted.get(p)) {
                (Some(left), Some(right)) => left.span.start <= right.span.start,
                (left, _) => left.is_some(),
            };
            let next = if gold_is_next { &gold[g] } else { &predicted[p] };
            if next.multiword {
                end = end.max(next.span.end);
            }
            match gold_is_next {
                true => g += 1,
                false => p += 1,
            }
        }
        Stretch { gold_start, gold_end: g, predicted_start, predicted_end: p }
    }

    /// Appends the aligned words of the stretch.
    fn align(&self, gold: &[Word], predicted: &[Word], pairs: &mut Vec<(usize, usize)>) {
        let forms = |words: &[Word]| words.iter().map(|word| word.form.to_lowercase()).collect::<Vec<_>>();
        let gold = forms(&gold[self.gold_start..self.gold_end]);
        let predicted = forms(&predicted[self.predicted_start..self.predicted_end]);
        let common = common_forms(&gold, &predicted);
        pairs.extend(common.into_iter().map(|(g, p)| (self.gold_start + g, self.predicted_start + p)));
    }
}

/// Whether a word, or the end of the words, lies beyond the byte `end` of the text.
fn lies_beyond(word: Option<&Word>, end: usize) -> bool {
    match word {
        None => true,
        Some(word) if word.multiword => word.span.start >= end,
        Some(word) => word.span.end > end,
    }
}

/// A longest common subsequence, as index pairs: equal forms are taken as soon as they meet.
fn common_forms(gold: &[String], predicted: &[String]) -> Vec<(usize, usize)> {
    let width = predicted.len() + 1;
    // lengths[g * width + p]: the length for the words from `g` and from `p` on.
    let mut lengths = vec![0u32; (gold.len() + 1) * width];
    for g in (0..gold.len()).rev() {
        for p in (0..predicted.len()).rev() {
            let at = g * width + p;
            lengths[at] = match gold[g] == predicted[p] {
                true => 1 + lengths[at + width + 1],
                false => lengths[at + width].max(lengths[at + 1]),
            };
        }
    }
    let mut pairs = Vec::with_capacity(lengths[0] as usize);
    let (mut g, mut p) = (0, 0);
    while g < gold.len() && p < predicted.len() {
        let at = g * width + p;
        if gold[g] == predicted[p] {
            pairs.push((g, p));
            (g, p) = (g + 1, p + 1);
        } else if lengths[at] == lengths[at + width] {
            g += 1;
        } else {
            p += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conll18::Treebank;

    /// A file from tokens; `abc a bc` is the token `abc` of the words `a` and `bc`.
    fn file(tokens: &[&str]) -> String {
        let mut text = String::new();
        let mut n_words = 0;
        let mut line = |id: &str, form: &str, head: &str| {
            text.push_str(&format!("{id}\t{form}\t_\t_\t_\t_\t{head}\t_\t_\t_\n"));
        };
        for token in tokens {
            let mut parts: Vec<&str> = token.split(' ').collect();
            if parts.len() > 1 {
                let form = parts.remove(0);
                line(&format!("{}-{}", n_words + 1, n_words + parts.len()), form, "_");
            }
            for form in parts {
                n_words += 1;
                line(&n_words.to_string(), form, if n_words == 1 { "0" } else { "1" });
            }
        }
        text + "\n"
    }

    fn aligned(gold: &[&str], predicted: &[&str]) -> Vec<(usize, usize)> {
        let (gold, predicted) = (file(gold), file(predicted));
        let read = |text| Treebank::read(text).unwrap().words;
        align(&read(&gold), &read(&predicted))
    }

    #[test]
    fn tokens_align_by_their_text() {
        assert_eq!(aligned(&["abc"], &["a", "bc"]), []);
        assert_eq!(aligned(&["a", "bc", "d"], &["a", "b", "c", "d"]), [(0, 0), (2, 3)]);
    }

    #[test]
    fn words_of_multi_word_tokens_align_by_their_forms() {
        assert_eq!(aligned(&["del de el", "mar"], &["de", "l", "mar"]), [(0, 0), (2, 2)]);
        assert_eq!(aligned(&["xyz X Q z"], &["xyz x R Z"]), [(0, 0), (2, 2)]);
    }

    #[test]
    fn overlapping_multi_word_tokens_are_one_stretch() {
        let pairs = aligned(&["w", "abc a b c", "de d e"], &["w", "a", "bcd b c d", "e"]);
        assert_eq!(pairs, [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
    }

    #[test]
    fn a_word_that_begins_before_a_multi_word_token_is_outside() {
        assert_eq!(aligned(&["ab a b", "cd bc d"], &["a", "bc", "d"]), [(0, 0), (3, 2)]);
        assert_eq!(aligned(&["abc"], &["a", "bc b c"]), []);
    }
}
