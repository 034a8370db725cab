//! Outcomes that own their data: picked from others, or joined.

use serde::{Deserialize, Serialize};

use crate::error::MetricError;
use crate::outcomes::Outcomes;

/// The same as [`Outcomes`], with data of its own, which can be stored: `{"kind": "classes", "gold": [0], ...}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OwnedOutcomes {
    /// One class per example.
    Classes {
        /// (examples,)
        gold: Vec<usize>,
        /// (examples,)
        predicted: Vec<usize>,
        /// Number of classes.
        n_classes: usize,
    },
    /// Any number of labels per example.
    LabelSets {
        /// (examples,), each a set
        gold: Vec<Vec<usize>>,
        /// (examples,), each a set
        predicted: Vec<Vec<usize>>,
        /// Number of labels.
        n_labels: usize,
    },
    /// One number per example.
    Values {
        /// (examples,)
        gold: Vec<f64>,
        /// (examples,)
        predicted: Vec<f64>,
    },
    /// One label per word.
    Tags {
        /// (sentences,), each (words,)
        gold: Vec<Vec<Option<usize>>>,
        /// (sentences,), each (words,)
        predicted: Vec<Vec<Option<usize>>>,
        /// The labels' text.
        labels: Vec<String>,
    },
    /// One loss per example.
    Losses {
        /// (examples,)
        losses: Vec<f64>,
    },
    /// A distribution over the classes per example.
    Probabilities {
        /// (examples,)
        gold: Vec<usize>,
        /// (examples, n_classes)
        probabilities: Vec<f64>,
        /// Number of classes.
        n_classes: usize,
    },
    /// One loss per token.
    TokenLosses {
        /// (tokens,)
        nats: Vec<f64>,
    },
    /// One text per example.
    Texts {
        /// (examples,), each its references
        gold: Vec<Vec<String>>,
        /// (examples,)
        predicted: Vec<String>,
    },
}

impl OwnedOutcomes {
    /// The examples at `indices`, in that order; an index may occur any number of times.
    ///
    /// Panics if an index is out of range.
    pub fn pick(outcomes: &Outcomes<'_>, indices: impl Iterator<Item = usize> + Clone) -> Self {
        match *outcomes {
            Outcomes::Classes { gold, predicted, n_classes } => OwnedOutcomes::Classes {
                gold: at(gold, indices.clone()),
                predicted: at(predicted, indices),
                n_classes,
            },
            Outcomes::LabelSets { gold, predicted, n_labels } => OwnedOutcomes::LabelSets {
                gold: at(gold, indices.clone()),
                predicted: at(predicted, indices),
                n_labels,
            },
            Outcomes::Values { gold, predicted } => {
                OwnedOutcomes::Values { gold: at(gold, indices.clone()), predicted: at(predicted, indices) }
            }
            Outcomes::Tags { gold, predicted, labels } => OwnedOutcomes::Tags {
                gold: at(gold, indices.clone()),
                predicted: at(predicted, indices),
                labels: labels.to_vec(),
            },
            Outcomes::Losses { losses } => OwnedOutcomes::Losses { losses: at(losses, indices) },
            Outcomes::Probabilities { gold, probabilities, n_classes } => OwnedOutcomes::Probabilities {
                gold: at(gold, indices.clone()),
                probabilities: indices
                    .flat_map(|index| &probabilities[index * n_classes..][..n_classes])
                    .copied()
                    .collect(),
                n_classes,
            },
            Outcomes::TokenLosses { nats } => OwnedOutcomes::TokenLosses { nats: at(nats, indices) },
            Outcomes::Texts { gold, predicted } => {
                OwnedOutcomes::Texts { gold: at(gold, indices.clone()), predicted: at(predicted, indices) }
            }
        }
    }

    /// The examples of the first, then those of the second, whose kind and label set must be the same.
    pub(crate) fn joined(first: &Outcomes<'_>, second: &Outcomes<'_>) -> Self {
        let mut joined = Self::pick(first, 0..first.n_examples());
        match (&mut joined, Self::pick(second, 0..second.n_examples())) {
            (Self::Classes { gold, predicted, .. }, Self::Classes { gold: g, predicted: p, .. }) => {
                gold.extend(g);
                predicted.extend(p);
            }
            (Self::LabelSets { gold, predicted, .. }, Self::LabelSets { gold: g, predicted: p, .. }) => {
                gold.extend(g);
                predicted.extend(p);
            }
            (Self::Values { gold, predicted }, Self::Values { gold: g, predicted: p }) => {
                gold.extend(g);
                predicted.extend(p);
            }
            (Self::Tags { gold, predicted, .. }, Self::Tags { gold: g, predicted: p, .. }) => {
                gold.extend(g);
                predicted.extend(p);
            }
            (Self::Losses { losses }, Self::Losses { losses: other }) => losses.extend(other),
            (
                Self::Probabilities { gold, probabilities, .. },
                Self::Probabilities { gold: g, probabilities: p, .. },
            ) => {
                gold.extend(g);
                probabilities.extend(p);
            }
            (Self::TokenLosses { nats }, Self::TokenLosses { nats: other }) => nats.extend(other),
            (Self::Texts { gold, predicted }, Self::Texts { gold: g, predicted: p }) => {
                gold.extend(g);
                predicted.extend(p);
            }
            _ => unreachable!("the kinds are checked to be the same"),
        }
        joined
    }

    /// The outcomes, borrowed.
    pub fn borrow(&self) -> Outcomes<'_> {
        match self {
            OwnedOutcomes::Classes { gold, predicted, n_classes } => {
                Outcomes::Classes { gold, predicted, n_classes: *n_classes }
            }
            OwnedOutcomes::LabelSets { gold, predicted, n_labels } => {
                Outcomes::LabelSets { gold, predicted, n_labels: *n_labels }
            }
            OwnedOutcomes::Values { gold, predicted } => Outcomes::Values { gold, predicted },
            OwnedOutcomes::Tags { gold, predicted, labels } => Outcomes::Tags { gold, predicted, labels },
            OwnedOutcomes::Losses { losses } => Outcomes::Losses { losses },
            OwnedOutcomes::Probabilities { gold, probabilities, n_classes } => {
                Outcomes::Probabilities { gold, probabilities, n_classes: *n_classes }
            }
            OwnedOutcomes::TokenLosses { nats } => Outcomes::TokenLosses { nats },
            OwnedOutcomes::Texts { gold, predicted } => Outcomes::Texts { gold, predicted },
        }
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.borrow().n_examples()
    }
}

impl Outcomes<'_> {
    /// Errors unless both systems were scored on the same examples: the same kind and number, and equal gold labels.
    ///
    /// Losses have no gold side; of them only the number is compared.
    pub fn check_same_gold(&self, other: &Outcomes<'_>) -> Result<(), MetricError> {
        let (first, second) = (self.n_examples(), other.n_examples());
        if first != second {
            return Err(MetricError::PairMismatch { what: "examples", first, second });
        }
        let unequal = match (self, other) {
            (Outcomes::Classes { gold: a, .. }, Outcomes::Classes { gold: b, .. }) => unequal(a, b),
            (Outcomes::LabelSets { gold: a, .. }, Outcomes::LabelSets { gold: b, .. }) => unequal(a, b),
            (Outcomes::Values { gold: a, .. }, Outcomes::Values { gold: b, .. }) => unequal(a, b),
            (Outcomes::Tags { gold: a, .. }, Outcomes::Tags { gold: b, .. }) => unequal(a, b),
            (Outcomes::Probabilities { gold: a, .. }, Outcomes::Probabilities { gold: b, .. }) => {
                unequal(a, b)
            }
            (Outcomes::Texts { gold: a, .. }, Outcomes::Texts { gold: b, .. }) => unequal(a, b),
            (Outcomes::Losses { .. }, Outcomes::Losses { .. })
            | (Outcomes::TokenLosses { .. }, Outcomes::TokenLosses { .. }) => None,
            _ => Some(0),
        };
        unequal.map_or(Ok(()), |example| Err(MetricError::OtherGold { example }))
    }
}

fn unequal<T: PartialEq>(first: &[T], second: &[T]) -> Option<usize> {
    first.iter().zip(second).position(|(first, second)| first != second)
}

fn at<T: Clone>(values: &[T], indices: impl Iterator<Item = usize>) -> Vec<T> {
    indices.map(|index| values[index].clone()).collect()
}
