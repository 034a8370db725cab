//! Files to examples to tokens to packs; an embedded synthetic corpus.

mod error;
mod example;
mod labels;
mod location;
mod nearest;
mod read;

pub use error::DataError;
pub use example::{Example, Label, LabelKind, Text};
pub use labels::{LabelSet, UnknownLabel};
pub use location::Location;
pub use nearest::nearest;
pub use read::{Format, Reader, Source};
