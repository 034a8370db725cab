#![doc = include_str!("../README.md")]

mod error;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod verify;
pub mod weighting;

pub use error::SharingError;
pub use weighting::{LossWeighting, Needs, TaskLoss, WeightingConfig, WeightingKind, WeightingState};
