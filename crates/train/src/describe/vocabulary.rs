//! The words of all tasks, numbered together, so that tasks can be compared by them.
//!
//! A word is a run of letters and digits, lower-cased; an ideograph is a word by itself. Case, punctuation and white
//! space do not count, so that a text that is divided into words and one that is not can be found to be the same.

use std::collections::{HashMap, HashSet};

use mtl_data::{Example, Text};

use super::texts::RawTexts;

/// Texts of fewer words coincide by chance; they are never counted as shared.
pub(super) const SHARED_WORDS: usize = 4;

/// A text as the numbers of its words.
pub(super) type Numbered = Box<[u32]>;

/// The words of every task.
#[derive(Debug)]
pub(super) struct Vocabularies {
    /// Different words of all tasks together.
    pub(super) size: usize,
    /// In the order of the tasks.
    pub(super) tasks: Vec<TaskWords>,
}

/// The words of one task. A pair is two texts.
#[derive(Debug)]
pub(super) struct TaskWords {
    /// The different train texts, in the order of the file.
    pub(super) train: Vec<Numbered>,
    /// The same, to be looked up.
    pub(super) train_set: HashSet<Numbered>,
    /// The different dev texts.
    pub(super) dev_set: HashSet<Numbered>,
}

impl Vocabularies {
    /// Numbers the words of these texts.
    pub(super) fn of(raw: &[RawTexts]) -> Vocabularies {
        let mut numbers = Numbers::default();
        let tasks = raw.iter().map(|raw| {
            let (train, train_set) = numbers.distinct(&raw.train);
            let (_, dev_set) = numbers.distinct(&raw.dev);
            TaskWords { train, train_set, dev_set }
        });
        let tasks = tasks.collect();
        Vocabularies { size: numbers.of.len(), tasks }
    }

    /// How often each word occurs in these texts, up to `limit` words.
    ///
    /// # Shapes
    ///
    /// `(size,)`.
    pub(super) fn counts<'a>(&self, texts: impl IntoIterator<Item = &'a Numbered>, limit: usize) -> Vec<u64> {
        let mut counts = vec![0; self.size];
        let words = texts.into_iter().flat_map(|text| text.iter());
        words.take(limit).for_each(|&word| counts[word as usize] += 1);
        counts
    }
}

/// How many texts, long enough to count, are in both sets.
pub(super) fn shared(left: &HashSet<Numbered>, right: &HashSet<Numbered>) -> usize {
    let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
    few.iter().filter(|text| text.len() >= SHARED_WORDS && many.contains(*text)).count()
}

/// Words and their numbers, from 0.
#[derive(Debug, Default)]
struct Numbers {
    of: HashMap<String, u32>,
}

impl Numbers {
    /// The different texts of these examples that have a word.
    fn distinct(&mut self, examples: &[Example]) -> (Vec<Numbered>, HashSet<Numbered>) {
        let (mut order, mut set) = (Vec::new(), HashSet::new());
        for example in examples {
            let (first, second) = match &example.text {
                Text::Single(text) => (self.text([text.as_str()]), None),
                Text::Pair(first, second) => {
                    (self.text([first.as_str()]), Some(self.text([second.as_str()])))
                }
                Text::Words(words) => (self.text(words.iter().map(String::as_str)), None),
            };
            for text in [Some(first), second].into_iter().flatten().filter(|text| !text.is_empty()) {
                if !set.contains(&text) {
                    set.insert(text.clone());
                    order.push(text);
                }
            }
        }
        (order, set)
    }

    fn text<'a>(&mut self, parts: impl IntoIterator<Item = &'a str>) -> Numbered {
        let mut numbered = Vec::new();
        for part in parts {
            each_word(part, |word| {
                let next = u32::try_from(self.of.len()).expect("fewer than 2^32 words");
                let number = match self.of.get(word) {
                    Some(&number) => number,
                    None => *self.of.entry(word.to_owned()).or_insert(next),
                };
                numbered.push(number);
            });
        }
        numbered.into()
    }
}

fn each_word(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            found(word);
            word.clear();
        }
    };
    for letter in text.chars() {
        if is_ideograph(letter) {
            end(&mut word);
            word.push(letter);
            end(&mut word);
        } else if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        } else {
            end(&mut word);
        }
    }
    end(&mut word);
}

/// The Unicode blocks of unified and compatibility ideographs.
fn is_ideograph(letter: char) -> bool {
    matches!(u32::from(letter), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_data::Label;

    fn raw(train: &[Text], dev: &[Text]) -> RawTexts {
        let examples = |texts: &[Text]| {
            texts.iter().map(|text| Example { text: text.clone(), label: Label::Missing, line: 1 }).collect()
        };
        RawTexts { train: examples(train), dev: examples(dev) }
    }

    fn single(text: &str) -> Text {
        Text::Single(text.into())
    }

    fn split(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(split("Don't, EU-27 Ünïque!"), ["don", "t", "eu", "27", "ünïque"]);
        assert_eq!(split("在東京 now"), ["在", "東", "京", "now"]);
        assert!(split(" -- ").is_empty());
    }

    #[test]
    fn the_same_text_is_found_however_it_is_divided() {
        let words = ["A", "small", "dog", "barks", "."].map(String::from).to_vec();
        let first = raw(&[single("A small dog barks."), single("yes"), single("yes")], &[]);
        let second = raw(&[Text::Pair("Yes".into(), "no".into())], &[Text::Words(words)]);
        let all = Vocabularies::of(&[first, second]);
        assert_eq!((all.size, all.tasks[0].train.len(), all.tasks[1].train.len()), (6, 2, 2));
        assert_eq!(shared(&all.tasks[0].train_set, &all.tasks[1].dev_set), 1);
        // "yes" is too short to tell.
        assert_eq!(shared(&all.tasks[0].train_set, &all.tasks[1].train_set), 0);
        assert_eq!(all.counts(&all.tasks[0].train, 5), [1, 1, 1, 1, 1, 0]);
        assert_eq!(all.counts(&all.tasks[0].train, 3), [1, 1, 1, 0, 0, 0]);
    }
}
