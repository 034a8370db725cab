#![doc = include_str!("../README.md")]

pub mod accuracy;
pub mod conlleval;
pub mod correlation;
pub mod error;
pub mod f1;
pub mod key;
pub mod loss;
pub mod matthews;
pub mod outcomes;
pub mod ranks;
pub mod significance;
pub mod span_f1;
pub mod summary;

mod check;
mod tags;

pub use accuracy::{accuracy, exact_match};
pub use conlleval::{ChunkCounts, Report, conlleval};
pub use correlation::{pearson, spearman};
pub use error::MetricError;
pub use f1::{binary_f1, label_set_macro_f1, label_set_micro_f1, macro_f1, micro_f1};
pub use key::{Direction, MetricKey};
pub use loss::{mean_loss, mean_loss_of_batches};
pub use matthews::matthews;
pub use outcomes::{OutcomeKind, Outcomes, score};
pub use ranks::average_ranks;
pub use span_f1::{span_f1, span_report, strict_span_f1};
pub use summary::{Comparison, best_by_mean_rank, mean, mean_ranks, relative_gain, standard_deviation};
