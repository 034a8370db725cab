#![doc = include_str!("../README.md")]

pub mod nearest;
pub mod registry;

pub use nearest::nearest;
pub use registry::{Key, Method, Settings, Value};
