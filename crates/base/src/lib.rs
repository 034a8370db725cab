#![doc = include_str!("../README.md")]

pub mod draws;
mod hex;
pub mod nearest;
pub mod place;
pub mod registry;
pub mod whole;

pub use draws::Draws;
pub use hex::hex;
pub use nearest::nearest;
pub use place::line_and_column;
pub use registry::{Key, Method, Settings, Value};
