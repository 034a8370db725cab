//! The Stanford Sentiment Treebank as parse trees: `(3 (2 It) (4 (2 works) (2 .)))`, one a line.
//!
//! The text is the leaves; the label is that of the whole, in its binary form: `0` for 0 and 1, `1` for 3 and 4. The
//! neutral 2, which the binary task leaves out, is a missing label.

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::{Example, Label, Text};
use crate::labels::LabelSet;
use crate::read::label::LabelReader;
use crate::read::lines::Lines;
use crate::read::reader::Rows;
use crate::read::source::Source;

pub(crate) struct Trees {
    lines: Lines,
    labelled: bool,
    labels: LabelReader,
}

impl Trees {
    pub(crate) fn open(
        path: &Arc<Path>,
        source: &Source,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let labels = LabelReader::new(source, known);
        Ok(Self { lines: Lines::open(path)?, labelled: source.label.is_some(), labels })
    }

    fn example(&self) -> Result<Example, DataError> {
        let text = self.lines.text().trim();
        let label = match text.as_bytes() {
            [b'(', digit @ b'0'..=b'4', b' ', .., b')'] => *digit,
            _ => return Err(DataError::Tree { at: self.lines.at(0) }),
        };
        let at = || self.lines.at(1);
        let label = match label {
            _ if !self.labelled => Label::Missing,
            b'2' => Label::Missing,
            low if low < b'2' => Label::Class(self.labels.name("0", at)?),
            _ => Label::Class(self.labels.name("1", at)?),
        };
        Ok(Example { text: Text::Single(leaves(text)), label, line: self.lines.number() })
    }
}

impl Rows for Trees {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        while self.lines.advance()? {
            if !self.lines.text().trim().is_empty() {
                return self.example().map(Some);
            }
        }
        Ok(None)
    }

    fn labels(&self) -> &LabelReader {
        &self.labels
    }
}

/// The words of a tree: what stands between a label and a closing bracket.
fn leaves(tree: &str) -> String {
    let words = tree.split_whitespace().filter(|part| !part.starts_with('('));
    words.map(|part| part.trim_end_matches(')')).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_the_words() {
        assert_eq!(leaves("(3 (2 It) (4 (2 works) (2 -LRB-) (2 .)))"), "It works -LRB- .");
    }
}
