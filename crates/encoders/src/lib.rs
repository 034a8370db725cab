#![doc = include_str!("../README.md")]

mod acting;
pub mod bert;
pub mod error;
pub mod presets;
pub mod pretrained;

pub use bert::{Bert, BertConfig};
pub use error::{ConfigProblem, EncoderError};
pub use presets::{PRESETS, preset};
