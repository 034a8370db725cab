//! The texts of one task as they stand in its files: lengths, unknown words, repeats.

use std::collections::{HashMap, HashSet};

use mtl_data::{Encoded, Example, Label, Text, Tokenizer};
use serde::Serialize;

use super::lengths::Lengths;
use crate::config::{Config, Dev, TaskConfig};
use crate::dataset::{Dataset, TaskData};
use crate::error::TrainError;
use crate::load::{read, source_of};
use crate::observer::Observer;

/// A task's examples as they stand in its files, in the order of its dataset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawTexts {
    /// What it is trained on.
    pub(super) train: Vec<Example>,
    /// What it is judged on.
    pub(super) dev: Vec<Example>,
}

impl RawTexts {
    /// The texts of each task of a dataset, from the files that the dataset was read from.
    ///
    /// Errors if a file is refused, which has not changed since it was read.
    pub(super) fn read(
        config: &Config,
        dataset: &Dataset,
        observer: &mut dyn Observer,
    ) -> Result<Vec<RawTexts>, TrainError> {
        let total = config.tasks.len();
        let tasks = config.tasks.iter().zip(&dataset.tasks).enumerate();
        tasks
            .map(|(done, (task, data))| {
                observer.tokenizing(&config.path(&task.examples.train), done, total);
                RawTexts::of(config, task, data)
            })
            .collect()
    }

    fn of(config: &Config, task: &TaskConfig, data: &TaskData) -> Result<RawTexts, TrainError> {
        let all = |path| read(&source_of(task, config.path(path)), None);
        let examples = all(&task.examples.train)?;
        Ok(match (&task.examples.dev, &data.spec.dev) {
            (Dev::File(file), _) => RawTexts { train: examples, dev: all(file)? },
            (Dev::Fraction(_), held_out) => {
                let held_out: HashSet<usize> = held_out.iter().flatten().copied().collect();
                let (mut train, mut dev) = (Vec::new(), Vec::new());
                for (index, example) in examples.into_iter().enumerate() {
                    if held_out.contains(&index) { dev.push(example) } else { train.push(example) }
                }
                RawTexts { train, dev }
            }
        })
    }
}

/// The tokens that do not stand for text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Specials {
    unknown: Option<u32>,
    single: usize,
    pair: usize,
}

impl Specials {
    pub(super) fn of(tokenizer: &Tokenizer) -> Specials {
        Specials {
            unknown: tokenizer.unknown_id(),
            single: tokenizer.special_tokens(false),
            pair: tokenizer.special_tokens(true),
        }
    }

    fn around(&self, text: &Text) -> usize {
        if matches!(text, Text::Pair(..)) { self.pair } else { self.single }
    }
}

/// The texts of a task's train examples.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TextStatistics {
    /// Words of a text, both texts of a pair together: what white space divides, or the words of the file.
    pub words: Lengths,
    /// Tokens of a text before truncation, special ones included.
    pub tokens: Lengths,
    /// Train examples that are longer than `encoder.max_tokens`.
    pub cut: usize,
    /// Tokens per word, special ones not counted.
    pub tokens_per_word: f64,
    /// The share of the tokens, special ones not counted, that stand for something unknown; `null` if the
    /// tokenizer has no such token.
    pub unknown: Option<f64>,
}

impl TextStatistics {
    /// The statistics of texts and their tokens, which were not cut.
    pub(super) fn of(
        texts: &[(&Example, &Encoded)],
        max_tokens: usize,
        specials: &Specials,
    ) -> TextStatistics {
        let words = Lengths::of(texts.iter().map(|(example, _)| words(&example.text)).collect());
        let tokens = Lengths::of(texts.iter().map(|(_, encoded)| encoded.ids.len()).collect());
        let around: usize = texts.iter().map(|(example, _)| specials.around(&example.text)).sum();
        let of_text = tokens.total.saturating_sub(around as u64).max(1) as f64;
        let unknown = |id: u32| {
            let count: usize = texts
                .iter()
                .map(|(_, encoded)| encoded.ids.iter().filter(|&&other| other == id).count())
                .sum();
            count as f64 / of_text
        };
        TextStatistics {
            cut: texts.iter().filter(|(_, encoded)| encoded.ids.len() > max_tokens).count(),
            tokens_per_word: of_text / words.total.max(1) as f64,
            unknown: specials.unknown.map(unknown),
            words,
            tokens,
        }
    }
}

fn words(text: &Text) -> usize {
    let count = |text: &str| text.split_whitespace().count();
    match text {
        Text::Single(text) => count(text),
        Text::Pair(first, second) => count(first) + count(second),
        Text::Words(words) => words.len(),
    }
}

/// Examples whose whole text, exactly as it is, stands elsewhere too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Duplicated {
    /// Train examples whose text an earlier train example has.
    pub in_train: usize,
    /// Those of them whose label is not that of the first example with the text.
    pub contradicting: usize,
    /// Dev examples whose text stands in train.
    pub dev_in_train: usize,
}

impl Duplicated {
    pub(super) fn of(raw: &RawTexts, dev_in_train: usize) -> Duplicated {
        let mut first: HashMap<&Text, &Label> = HashMap::with_capacity(raw.train.len());
        let (mut in_train, mut contradicting) = (0, 0);
        for example in &raw.train {
            match first.get(&example.text) {
                Some(label) => {
                    in_train += 1;
                    contradicting += usize::from(*label != &example.label);
                }
                None => drop(first.insert(&example.text, &example.label)),
            }
        }
        Duplicated { in_train, contradicting, dev_in_train }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, label: &str) -> Example {
        Example { text: Text::Single(text.into()), label: Label::Class(label.into()), line: 1 }
    }

    #[test]
    fn repeats_are_counted_and_those_that_contradict() {
        let train = vec![example("a", "x"), example("b", "x"), example("a", "x"), example("a", "y")];
        let found = Duplicated::of(&RawTexts { train, dev: vec![] }, 3);
        assert_eq!((found.in_train, found.contradicting, found.dev_in_train), (2, 1, 3));
    }

    #[test]
    fn tokens_and_unknown_ones_are_counted_per_word() {
        let tokenizer = Tokenizer::from_words(["the", "cat", "sleep", "##s"], 16).unwrap();
        let examples = [example("the cat sleeps", "x"), example("the dog", "x")];
        let encoded = tokenizer.encode_all(&examples).unwrap();
        let texts: Vec<_> = examples.iter().zip(&encoded).collect();
        let statistics = TextStatistics::of(&texts, 5, &Specials::of(&tokenizer));
        assert_eq!((statistics.words.total, statistics.tokens.max, statistics.cut), (5, 6, 1));
        assert_eq!((statistics.tokens_per_word, statistics.unknown), (6.0 / 5.0, Some(1.0 / 6.0)));
    }
}
