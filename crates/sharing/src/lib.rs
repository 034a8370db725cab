#![doc = include_str!("../README.md")]

pub mod adapter;
pub mod architecture;
mod draws;
mod error;
pub mod gradient;
pub mod penalty;
mod registry;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod verify;
pub mod weighting;

pub use error::SharingError;
pub use gradient::{GradientCombining, GradientKind};
pub use weighting::{LossWeighting, TaskLoss, WeightingConfig, WeightingKind, WeightingState};
