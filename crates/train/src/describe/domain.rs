//! Whether two tasks are of one domain: whether their words could come from the same source.
//!
//! Samples of one source already differ by chance, and the smaller they are the more. So each task's texts are dealt
//! into two halves, and the likeness of two tasks is how similar they are beside how similar each is to itself:
//!
//! ```text
//! likeness(a, b) = mean of S(a1, b1), S(a2, b2)  /  mean of S(a1, a2), S(b1, b2)
//! ```
//!
//! where S is the Jensen-Shannon similarity of word frequencies and every half is cut to the same number of words.
//! It is 1 for two samples of one source, and lower the more the words differ. The survey defines a domain as a
//! feature space and the process that generates the data; this rule is ours.
//!
//! The threshold stands between what was measured on English and German sets: train and dev of one source 0.93 to
//! 1.00 (thirteen sets), two sets of movie reviews 0.90, news or web texts beside encyclopedia or mixed genres 0.87 to
//! 0.93, social media beside web texts 0.82, banking queries beside queries to assistants 0.77, captions beside mixed
//! genres below 0.75.

use mtl_curriculum::relatedness::jensen_shannon_similarity;
use mtl_curriculum::{Draws, Purpose};
use serde::Serialize;

use super::vocabulary::{Numbered, TaskWords, Vocabularies};
use crate::config::TaskConfig;

/// Two tasks are of one domain if their likeness is at least this.
pub const SAME_DOMAIN: f64 = 0.88;
/// Words of a half; more change little.
const MOST_WORDS: usize = 20_000;
/// With fewer words in a half, the likeness says nothing.
const LEAST_WORDS: usize = 500;

/// Whether two tasks are of one domain, and by what that was decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Domain {
    /// Whether they are; `null` if the texts are too few to tell.
    pub same: Option<bool>,
    /// `"names"`: both tasks have the key `domain`. `"words"`: the likeness of their words.
    pub decided_by: &'static str,
    /// The likeness, at most 1; `null` if the texts are too few.
    pub likeness: Option<f64>,
    /// Words of each half that was compared.
    pub words: usize,
    /// The likeness from which on the domain counts as the same.
    pub threshold: f64,
}

impl Domain {
    pub(super) fn of(all: &Vocabularies, tasks: [&TaskConfig; 2], words: [&TaskWords; 2]) -> Domain {
        let (n_words, likeness) = likeness(all, words);
        let named = match tasks.map(|task| task.domain.as_ref()) {
            [Some(first), Some(second)] => Some(first == second),
            _ => None,
        };
        Domain {
            same: named.or(likeness.map(|likeness| likeness >= SAME_DOMAIN)),
            decided_by: if named.is_some() { "names" } else { "words" },
            likeness,
            words: n_words,
            threshold: SAME_DOMAIN,
        }
    }
}

/// The likeness of two tasks, and of how many words of each half.
fn likeness(all: &Vocabularies, words: [&TaskWords; 2]) -> (usize, Option<f64>) {
    let [a, b] = words.map(|words| halves(&words.train));
    let length = |half: &Vec<&Numbered>| half.iter().map(|text| text.len()).sum::<usize>();
    let n_words = a.iter().chain(&b).map(length).min().unwrap_or(0).min(MOST_WORDS);
    if n_words < LEAST_WORDS {
        return (n_words, None);
    }
    let counts = |half: &Vec<&Numbered>| all.counts(half.iter().copied(), n_words);
    let ([a1, a2], [b1, b2]) = ([counts(&a[0]), counts(&a[1])], [counts(&b[0]), counts(&b[1])]);
    let similar = |left: &[u64], right: &[u64]| {
        jensen_shannon_similarity(left, right).expect("each half has words of the same vocabulary")
    };
    let between = similar(&a1, &b1) + similar(&a2, &b2);
    let within = similar(&a1, &a2) + similar(&b1, &b2);
    // Halves that share nothing are of texts that have nothing in common with each other either.
    (n_words, (within > 0.0).then(|| (between / within).min(1.0)))
}

/// The texts in two halves, dealt at random; always the same halves of the same number of texts.
fn halves(texts: &[Numbered]) -> [Vec<&Numbered>; 2] {
    let mut shuffled: Vec<&Numbered> = texts.iter().collect();
    Draws::new(0, Purpose::Sample, &[]).shuffle(&mut shuffled);
    let half = |first: usize| shuffled.iter().skip(first).step_by(2).copied().collect();
    [half(0), half(1)]
}

#[cfg(test)]
mod tests {
    use super::super::texts::RawTexts;
    use super::*;
    use mtl_data::{Example, Label, Text};

    /// 400 texts of six of these words.
    fn raw(words: &[&str], seed: u64) -> RawTexts {
        let draws = Draws::new(seed, Purpose::Sample, &[9]);
        let word = |place: u64| words[draws.below(place, words.len() as u64) as usize];
        let text = |i: u64| (0..6).map(|j| word(6 * i + j)).collect::<Vec<_>>().join(" ");
        let example =
            |i: u64| Example { text: Text::Single(text(i)), label: Label::Missing, line: i as usize + 1 };
        RawTexts { train: (0..400).map(example).collect(), dev: vec![] }
    }

    fn likeness_of(raw: &[RawTexts]) -> (usize, Option<f64>) {
        let all = Vocabularies::of(raw);
        likeness(&all, [&all.tasks[0], &all.tasks[1]])
    }

    const SEA: [&str; 8] = ["sea", "ship", "sail", "wave", "crew", "port", "the", "of"];
    const LAW: [&str; 8] = ["court", "judge", "law", "plea", "jury", "case", "the", "of"];

    #[test]
    fn samples_of_one_source_are_alike_and_others_are_not() {
        let (words, same) = likeness_of(&[raw(&SEA, 1), raw(&SEA, 2)]);
        assert!(same.unwrap() > 0.98 && words > 1000, "{same:?} of {words}");
        let (_, other) = likeness_of(&[raw(&SEA, 1), raw(&LAW, 2)]);
        assert!(other.unwrap() < 0.4, "{other:?}");
    }

    #[test]
    fn few_words_tell_nothing() {
        let few = RawTexts { train: raw(&SEA, 1).train[..100].to_vec(), dev: vec![] };
        assert_eq!(likeness_of(&[raw(&SEA, 2), few]).1, None);
        assert_eq!(likeness_of(&[RawTexts { train: vec![], dev: vec![] }, raw(&SEA, 2)]), (0, None));
    }
}
