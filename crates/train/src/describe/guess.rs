//! Answers of somebody who reads no text and knows only the labels of the train set.

use mtl_core_tensor::Prediction;
use mtl_curriculum::{Draws, Purpose};

use super::labels::counts;
use crate::answer::{Answer, Answers};
use crate::config::TaskKind;
use crate::dataset::Target;
use crate::spec::TaskSpec;

/// A guesser who knows how frequent labels are.
#[derive(Debug, Clone)]
pub(super) struct Guesser<'a> {
    pub(super) spec: &'a TaskSpec,
    /// How often each label occurs in train.
    pub(super) counts: Vec<u64>,
    /// The values of a regression.
    pub(super) values: Vec<f64>,
    /// Labelled train examples.
    pub(super) examples: usize,
}

impl<'a> Guesser<'a> {
    /// Who has seen these labels.
    pub(super) fn new(spec: &'a TaskSpec, train: &[&Target]) -> Guesser<'a> {
        let values = train.iter().filter_map(|target| match target {
            Target::Value(value) => Some(*value),
            _ => None,
        });
        Guesser { spec, counts: counts(spec, train), values: values.collect(), examples: train.len() }
    }

    /// The share of each label: among the labels of classes and tags, among the examples of label sets.
    pub(super) fn shares(&self) -> Vec<f64> {
        let total = match self.spec.kind {
            TaskKind::MultiLabel => self.examples as u64,
            _ => self.counts.iter().sum(),
        };
        self.counts.iter().map(|&count| count as f64 / total.max(1) as f64).collect()
    }

    /// The mean of a regression's values.
    pub(super) fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len().max(1) as f64
    }

    /// The most frequent class or tag, the first of several.
    pub(super) fn most_frequent(&self) -> usize {
        let most = self.counts.iter().max().copied().unwrap_or(0);
        self.counts.iter().position(|&count| count == most).unwrap_or(0)
    }

    /// The labels that more than half of the examples have.
    pub(super) fn usual_labels(&self) -> Vec<usize> {
        let usual = |label: &usize| 2 * self.counts[*label] > self.examples as u64;
        (0..self.counts.len()).filter(usual).collect()
    }

    /// The same answer to everything: the most frequent class or tag, the labels that most examples have, the mean.
    pub(super) fn constant(&self, dev: &[&Target]) -> Answers {
        let class = self.most_frequent();
        self.answer(dev, || match self.spec.kind {
            TaskKind::Classification => Guess::Class(class),
            TaskKind::MultiLabel => Guess::Labels(self.usual_labels()),
            TaskKind::Regression => Guess::Value(self.mean()),
            TaskKind::TokenClassification => Guess::Class(class),
        })
    }

    /// A stratified guess: each answer is drawn as it is distributed in train, each label of a set by itself.
    pub(super) fn stratified(&self, dev: &[&Target], number: u64) -> Answers {
        let draws = Draws::new(0, Purpose::Guess, &[number]);
        let ends = ends(&self.counts);
        let mut index = 0;
        let mut below = |bound: u64| {
            index += 1;
            draws.below(index, bound)
        };
        self.answer(dev, || match self.spec.kind {
            TaskKind::Classification | TaskKind::TokenClassification => {
                let place = below(ends.last().copied().unwrap_or(1).max(1));
                Guess::Class(ends.partition_point(|&end| end <= place))
            }
            TaskKind::MultiLabel => {
                let holds = |label: &usize| below(self.examples.max(1) as u64) < self.counts[*label];
                Guess::Labels((0..self.counts.len()).filter(holds).collect())
            }
            TaskKind::Regression => Guess::Value(self.values[below(self.values.len() as u64) as usize]),
        })
    }

    /// An answer to each example; of a token task, a guess for each word.
    fn answer(&self, dev: &[&Target], mut guess: impl FnMut() -> Guess) -> Answers {
        let answers = dev.iter().map(|target| match target {
            Target::Tags(tags) => Answer::Words(tags.iter().map(|_| guess().class()).collect()),
            _ => Answer::Text(guess().prediction()),
        });
        Answers { answers: answers.collect(), loss: None }
    }
}

/// One guess.
enum Guess {
    Class(usize),
    Labels(Vec<usize>),
    Value(f64),
}

impl Guess {
    fn class(self) -> Option<usize> {
        if let Guess::Class(class) = self { Some(class) } else { None }
    }

    fn prediction(self) -> Prediction {
        match self {
            Guess::Class(class) => Prediction::Class(class, Vec::new()),
            Guess::Labels(labels) => Prediction::Labels(labels, Vec::new()),
            Guess::Value(value) => Prediction::Value(value),
        }
    }
}

/// Where the share of each label ends, if all are laid end to end.
fn ends(counts: &[u64]) -> Vec<u64> {
    counts
        .iter()
        .scan(0, |end, count| {
            *end += count;
            Some(*end)
        })
        .collect()
}
