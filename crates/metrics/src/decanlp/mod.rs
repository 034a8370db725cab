//! decaNLP's metrics: ten tasks cast as questions with answers in words.
//!
//! | tasks | metric | here |
//! |---|---|---|
//! | SQuAD, QA-SRL | normalised F1 (nF1) | [`normalised_f1`] |
//! | MNLI, SST, MWSC | exact match (EM) | [`exact_match`]; [`normalised_exact_match`] after normalisation |
//! | QA-ZRE | corpus-level F1 (cF1) | [`corpus_f1`] |
//! | WOZ | dialogue-state exact match (dsEM) | [`dialogue`] |
//! | WikiSQL | logical-form exact match (lfEM) | [`logical_form_exact_match`] |
//! | IWSLT, CNN/DM | BLEU, mean ROUGE | modules of their own |
//!
//! Every score is in `[0, 1]`, and higher is better; [`crate::Aggregate::DecaNlp`] adds them up in points.
//!
//! McCann et al. 2018, "The Natural Language Decathlon: Multitask Learning as Question Answering", counted as its
//! released `metrics.py` does, save where a function says otherwise.

mod corpus_f1;
mod dialogue;
mod logical_form;
mod normalised;

pub use corpus_f1::{CorpusF1, corpus_f1};
pub use dialogue::{Dialogue, Turn, dialogue};
pub use logical_form::logical_form_exact_match;
pub use normalised::{exact_match, normalised_exact_match, normalised_f1};

use crate::scale::Scale;

/// Direction and range of every score here.
pub const SCALE: Scale = Scale::SHARE;
