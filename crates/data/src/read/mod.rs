//! Readers that stream: one file per format, and what they share.

mod conll;
mod conllu;
mod csv;
mod empty_lines;
mod jsonl;
mod label;
mod lines;
mod open;
mod reader;
mod source;
mod superglue;
mod table;
mod trees;
mod tsv;

pub(crate) use lines::Lines;
pub use lines::read_text;
pub use reader::Reader;
pub use source::{Format, Source};
