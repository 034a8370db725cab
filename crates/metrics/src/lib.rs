#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(unreachable_pub, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod accuracy;
pub mod aggregate;
pub mod attachment;
pub mod bio;
pub mod bleu;
pub mod conll18;
pub mod conlleval;
pub mod correlation;
pub mod decanlp;
pub mod error;
pub mod f1;
pub mod key;
pub mod log_loss;
pub mod loss;
pub mod matthews;
pub mod outcomes;
pub mod perplexity;
pub mod ranks;
pub mod roc_auc;
pub mod rouge;
pub mod scale;
pub mod selection;
pub mod significance;
pub mod span_f1;
pub mod squad;
pub mod summary;
pub mod superglue;
pub mod tree;
pub mod verify;

mod answers;
mod check;
mod ngrams;
mod tags;
mod tagset;
mod whitespace;

pub use accuracy::{accuracy, exact_match};
pub use aggregate::Aggregate;
pub use attachment::{Attachment, attachment};
pub use bio::{InvalidBio, ValidBio, WordPlace};
pub use bleu::{BleuOptions, BleuScore, Smoothing, corpus_bleu, sentence_bleu};
pub use conlleval::{ChunkCounts, Report, conlleval};
pub use correlation::{pearson, spearman};
pub use error::MetricError;
pub use f1::{binary_f1, label_set_macro_f1, label_set_micro_f1, label_set_weighted_f1};
pub use f1::{macro_f1, micro_f1, weighted_f1};
pub use key::MetricKey;
pub use log_loss::log_loss;
pub use loss::{mean_loss, mean_loss_of_batches};
pub use matthews::matthews;
pub use outcomes::{OutcomeKind, Outcomes, score};
pub use perplexity::perplexity;
pub use ranks::average_ranks;
pub use roc_auc::roc_auc;
pub use rouge::{RougeKind, RougeScore, porter_stem, rouge, rouge_texts};
pub use scale::{Direction, Scale};
pub use selection::{WeightedMetric, best_by_normalised_mean, normalised_means};
pub use span_f1::{span_f1, span_report, strict_span_f1, strict_spans};
pub use squad::{AnswerScore, BestThreshold, NoAnswer, SquadScore, SquadV2Report};
pub use squad::{normalise_answer, squad_v1, squad_v1_answers, squad_v2, squad_v2_answers};
pub use summary::{Comparison, best_by_mean_rank, mean, mean_ranks, relative_gain, standard_deviation};
pub use tree::{TreeError, check_tree};
