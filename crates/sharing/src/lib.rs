#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(unreachable_pub, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

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
