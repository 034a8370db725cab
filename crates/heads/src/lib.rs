#![doc = include_str!("../README.md")]

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
