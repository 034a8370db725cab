#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(unreachable_pub, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod benchmark;
mod cache;
mod error;
mod example;
mod labels;
mod location;
mod nearest;
mod read;
mod split;
pub mod synthetic;
mod tokenize;

pub use cache::{CacheKey, Cached, TokenCache};
pub use error::DataError;
pub use example::{Example, Label, LabelKind, Text};
pub use labels::{LabelSet, UnknownLabel};
pub use location::Location;
pub use mtl_base::nearest::nearest;
pub use nearest::{names_beside, nearest_file, nearest_file_of};
pub use read::{Format, Reader, Source, read_text};
pub use split::{Duplicates, Split};
pub use tokenize::{Encoded, Tokenizer};
