#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(unreachable_pub, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

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
