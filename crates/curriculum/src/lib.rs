#![doc = include_str!("../README.md")]

mod draws;
mod error;
mod name;
mod passes;
pub mod relatedness;
pub mod sampler;
mod steps;
mod unit;
mod verify;

pub use draws::{Draws, Purpose};
pub use error::CurriculumError;
pub use passes::{Passes, PassesState};
pub use sampler::{Draw, Sampler, SamplerKind, SamplerState};
pub use steps::{Steps, StepsState};
pub use unit::Unit;
pub use verify::verify;
