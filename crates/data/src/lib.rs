//! Files to examples to tokens to packs; an embedded synthetic corpus.

mod example;
pub mod synthetic;

pub use example::{Example, Label, LabelKind, Text};
