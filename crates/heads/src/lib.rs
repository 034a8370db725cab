#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(unreachable_pub, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod classification;
pub mod classifier;
pub mod multi_label;
pub mod regression;
pub mod token_classification;

pub use classification::Classification;
pub use classifier::{Classifier, HeadConfig};
pub use multi_label::MultiLabel;
pub use regression::Regression;
pub use token_classification::TokenClassification;
