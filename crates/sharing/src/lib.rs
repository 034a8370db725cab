#![doc = include_str!("../README.md")]

mod error;
pub mod weighting;

pub use error::SharingError;
pub use weighting::{LossWeighting, WeightingKind, WeightingState};
