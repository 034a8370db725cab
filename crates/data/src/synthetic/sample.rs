//! From a task's draws to its train and dev examples.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::grammar::Sentence;
use super::rng::{Rng, stable_hash};
use crate::{Example, Label, Text};

/// The lengths that sentences have, in words.
const LENGTHS: RangeInclusive<usize> = 5..=14;

/// Where an example may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    Train,
    Dev,
}

impl Split {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
        }
    }

    /// The one split in which a sentence may stand: fixed by its words, for all tasks and seeds.
    fn of(text: &str) -> Self {
        if stable_hash(text) >> 63 == 0 { Self::Train } else { Self::Dev }
    }
}

/// What a task draws: one sentence or two, and their label.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) sentences: Vec<Sentence>,
    pub(super) label: Label,
}

impl Sample {
    fn belongs_to(&self, split: Split) -> bool {
        self.sentences
            .iter()
            .all(|sentence| LENGTHS.contains(&sentence.words.len()) && Split::of(&sentence.text()) == split)
    }

    fn into_example(self) -> Example {
        let text = match (self.sentences.as_slice(), &self.label) {
            ([first, second], _) => Text::Pair(first.text(), second.text()),
            ([only], Label::Tags(_)) => {
                Text::Words(only.words.iter().map(|word| word.form.to_owned()).collect())
            }
            (sentences, _) => {
                Text::Single(sentences.iter().map(Sentence::text).collect::<Vec<_>>().join(" "))
            }
        };
        Example { text, label: self.label, line: 0 }
    }
}

/// The first `n` different examples of a task's split; a smaller `n` gives a prefix.
pub(super) fn examples(
    seed: u64,
    task: &str,
    split: Split,
    n: usize,
    draw: fn(&mut Rng) -> Sample,
) -> Vec<Example> {
    let mut rng = Rng::new(seed, &format!("{task}/{}", split.name()));
    let mut seen = HashSet::new();
    let mut examples = Vec::with_capacity(n);
    while examples.len() < n {
        let sample = draw(&mut rng);
        let texts: Vec<String> = sample.sentences.iter().map(Sentence::text).collect();
        if sample.belongs_to(split) && seen.insert(texts) {
            examples.push(sample.into_example());
        }
    }
    examples
}
