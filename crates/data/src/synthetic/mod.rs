//! The embedded synthetic corpus: a seeded generator of English-like sentences with seven tasks.
//!
//! Every sentence comes from a *meaning* (who did what to whom, how, where and when) by a grammar
//! of our own, and six tasks ask about that one latent structure: the classes of words, the phrases
//! and their parts in the meaning, sentiment, attitude, entailment between two sentences, and graded
//! similarity. `attitude` has few labels, and what it needs can be learned from the other tasks.
//! `letters` asks about the spelling of words, which no meaning explains, so joint training is not
//! expected to help it.
//!
//! The corpus is synthetic: scores on it say whether a system works, and nothing about real text.
//!
//! ```
//! use mtl_data::synthetic::{SyntheticConfig, generate};
//!
//! let corpus = generate(&SyntheticConfig { seed: 7, ..SyntheticConfig::default() });
//! let names: Vec<&str> = corpus.tasks.iter().map(|task| task.name).collect();
//! let tasks = ["word_class", "phrases", "sentiment", "attitude", "entailment", "similarity", "letters"];
//! assert_eq!(names, tasks);
//! ```

mod attitude;
mod change;
mod entailment;
mod grammar;
mod letters;
mod lexicon;
mod meaning;
mod phrases;
mod rng;
mod sample;
mod sentiment;
mod similarity;
mod word_class;
mod write;

use self::rng::Rng;
use self::sample::{Sample, Split, examples};
pub use self::write::SyntheticError;
use crate::{Example, LabelKind};

/// How much to generate. Sizes are numbers of examples; 0 is allowed.
///
/// | Name | Default | Purpose | Range |
/// |---|---|---|---|
/// | `seed` | 1 | the same seed gives the same corpus on every platform | any |
/// | `word_class` | 500 | train sentences | up to 10^6 |
/// | `phrases` | 500 | train sentences | up to 10^6 |
/// | `sentiment` | 2000 | train sentences | up to 10^6 |
/// | `attitude` | 150 | train sentences: the task of few labels | up to 10^6 |
/// | `entailment` | 3000 | train pairs | up to 10^6 |
/// | `similarity` | 3000 | train pairs | up to 10^6 |
/// | `letters` | 1000 | train sentences: the unrelated task | up to 10^6 |
/// | `dev` | 500 | dev examples of each task | up to 10^6 |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticConfig {
    /// The seed of all draws.
    pub seed: u64,
    /// Train examples of `word_class`.
    pub word_class: usize,
    /// Train examples of `phrases`.
    pub phrases: usize,
    /// Train examples of `sentiment`.
    pub sentiment: usize,
    /// Train examples of `attitude`.
    pub attitude: usize,
    /// Train examples of `entailment`.
    pub entailment: usize,
    /// Train examples of `similarity`.
    pub similarity: usize,
    /// Train examples of `letters`.
    pub letters: usize,
    /// Dev examples of every task.
    pub dev: usize,
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            word_class: 500,
            phrases: 500,
            sentiment: 2000,
            attitude: 150,
            entailment: 3000,
            similarity: 3000,
            letters: 1000,
            dev: 500,
        }
    }
}

/// A generated corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The seven tasks, always in the same order.
    pub tasks: Vec<SyntheticTask>,
}

/// One task of the synthetic corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticTask {
    /// The name, fit for a key of a config file.
    pub name: &'static str,
    /// What kind of labels it has.
    pub kind: LabelKind,
    /// What it asks, in one plain sentence.
    pub about: &'static str,
    /// The key of the metric that suits it.
    pub metric: &'static str,
    /// The lowest and the highest value of a regression label.
    pub scale: Option<(f64, f64)>,
    /// The train examples.
    pub train: Vec<Example>,
    /// The dev examples; no sentence of them is in any train split of any task or seed.
    pub dev: Vec<Example>,
}

/// Everything that tells one task from another but its sizes.
struct Definition {
    name: &'static str,
    kind: LabelKind,
    about: &'static str,
    metric: &'static str,
    scale: Option<(f64, f64)>,
    train: fn(&SyntheticConfig) -> usize,
    draw: fn(&mut Rng) -> Sample,
}

const DEFINITIONS: [Definition; 7] = [
    Definition {
        name: "word_class",
        kind: LabelKind::Tags,
        about: "Which class (noun, verb, ...) is each word of the sentence?",
        metric: "accuracy",
        scale: None,
        train: |config| config.word_class,
        draw: word_class::draw,
    },
    Definition {
        name: "phrases",
        kind: LabelKind::Tags,
        about: "Which words say who did what to whom, where and when?",
        metric: "span_f1",
        scale: None,
        train: |config| config.phrases,
        draw: phrases::draw,
    },
    Definition {
        name: "sentiment",
        kind: LabelKind::Class,
        about: "Does the sentence say something positive, negative or neutral?",
        metric: "accuracy",
        scale: None,
        train: |config| config.sentiment,
        draw: sentiment::draw,
    },
    Definition {
        name: "attitude",
        kind: LabelKind::Class,
        about: "Does the one who acts treat the other well, ill, or neither?",
        metric: "accuracy",
        scale: None,
        train: |config| config.attitude,
        draw: attitude::draw,
    },
    Definition {
        name: "entailment",
        kind: LabelKind::Class,
        about: "Does the second sentence follow from the first, contradict it, or neither?",
        metric: "accuracy",
        scale: None,
        train: |config| config.entailment,
        draw: entailment::draw,
    },
    Definition {
        name: "similarity",
        kind: LabelKind::Value,
        about: "How much of their meaning do the two sentences share, from 0 to 5?",
        metric: "pearson",
        scale: Some((0.0, 5.0)),
        train: |config| config.similarity,
        draw: similarity::draw,
    },
    Definition {
        name: "letters",
        kind: LabelKind::Class,
        about: "Do more words of the sentence begin with a letter of a to m, or of n to z?",
        metric: "accuracy",
        scale: None,
        train: |config| config.letters,
        draw: letters::draw,
    },
];

/// Generates the corpus that `config` describes.
///
/// Every split of every task has draws of its own: another size of one leaves all others as they
/// are, and a smaller split is the beginning of a larger one.
#[must_use]
pub fn generate(config: &SyntheticConfig) -> Corpus {
    let task = |definition: &Definition| {
        let split = |split, n| examples(config.seed, definition.name, split, n, definition.draw);
        SyntheticTask {
            name: definition.name,
            kind: definition.kind,
            about: definition.about,
            metric: definition.metric,
            scale: definition.scale,
            train: split(Split::Train, (definition.train)(config)),
            dev: split(Split::Dev, config.dev),
        }
    };
    Corpus { tasks: DEFINITIONS.iter().map(task).collect() }
}

/// Every word that any sentence of any seed can have, once, in alphabetical order; all are lower-case
/// ASCII letters, so that a tokenizer can be built of whole words.
#[must_use]
pub fn vocabulary() -> Vec<String> {
    lexicon::vocabulary()
}
