#![doc = include_str!("../README.md")]

mod draws;
mod error;
pub mod gradient;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod verify;
pub mod weighting;

pub use error::SharingError;
pub use gradient::{GradientCombining, GradientKind};
pub use weighting::{LossWeighting, TaskLoss, WeightingConfig, WeightingKind, WeightingState};
