//! Which rows of a pack are read, and what stands for a sequence.

use crate::error::TensorError;
use crate::pack::Pack;

/// The rows of a pack that heads read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadRows {
    tokens: Vec<u32>,
    sequences: Vec<u32>,
}

impl ReadRows {
    /// Nothing.
    pub fn new() -> ReadRows {
        ReadRows::default()
    }

    /// With these rows of tokens, or of sequences, too.
    #[must_use]
    pub fn with(mut self, reads: Reads, rows: &[u32]) -> ReadRows {
        let all = match reads {
            Reads::Tokens => &mut self.tokens,
            Reads::Sequences => &mut self.sequences,
        };
        all.extend(rows);
        all.sort_unstable();
        all.dedup();
        self
    }

    /// The rows of that kind, ascending, each once.
    pub fn rows(&self, reads: Reads) -> &[u32] {
        match reads {
            Reads::Tokens => &self.tokens,
            Reads::Sequences => &self.sequences,
        }
    }

    /// Where each of `rows` lies among [`rows`](ReadRows::rows).
    ///
    /// # Panics
    /// If one is not read.
    pub fn places(&self, reads: Reads, rows: &[u32]) -> Vec<u32> {
        places(self.rows(reads), rows)
    }

    /// Whether nothing is read.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.sequences.is_empty()
    }

    /// All that this or `other` reads.
    #[must_use]
    pub fn union(self, other: &ReadRows) -> ReadRows {
        self.with(Reads::Tokens, &other.tokens).with(Reads::Sequences, &other.sequences)
    }

    /// The rows that the last layer must make.
    ///
    /// Errors if the pack has no such sequence, or a sequence that is read is empty.
    pub(super) fn of_last_layer(&self, pack: &Pack, pooling: Pooling) -> Result<LastRows, TensorError> {
        let mut pooled = Vec::new();
        let mut boundaries = vec![0];
        for &sequence in &self.sequences {
            pooled.extend(pooling.rows(pack, sequence)?);
            boundaries.push(pooled.len());
        }
        let mut rows = [self.tokens.as_slice(), &pooled].concat();
        rows.sort_unstable();
        rows.dedup();
        let (tokens, pooled) = (places(&rows, &self.tokens), places(&rows, &pooled));
        Ok(LastRows { rows, tokens, pooled, boundaries })
    }
}

/// The rows that the last layer must make, and what of them is read.
pub(super) struct LastRows {
    /// Ascending, each once.
    pub(super) rows: Vec<u32>,
    /// Where among them lie the tokens that are read.
    pub(super) tokens: Vec<u32>,
    /// Where among them lie the tokens that stand for the sequences that are read, sequence by sequence.
    pub(super) pooled: Vec<u32>,
    /// Where the tokens of each sequence begin among those, then how many there are.
    pub(super) boundaries: Vec<usize>,
}

/// What stands for a sequence, before a pooler's own layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pooling {
    /// Its first token: `[CLS]` of BERT.
    #[default]
    First,
    /// Its last token: what a causal model knows of all.
    Last,
    /// The mean of all its tokens: sentence encoders.
    Mean,
}

impl Pooling {
    /// The rows of a pack's tokens that stand for a sequence.
    ///
    /// Errors if the pack has no such sequence, or the sequence is empty.
    pub fn rows(self, pack: &Pack, sequence: u32) -> Result<std::ops::Range<u32>, TensorError> {
        let index = sequence as usize;
        if index >= pack.sequences() {
            return Err(TensorError::Index { op: "pooling", index, len: pack.sequences() });
        }
        if pack.range(index).is_empty() {
            return Err(TensorError::Range {
                name: "tokens of a sequence that is read",
                rule: "at least 1",
                got: 0.0,
            });
        }
        let (start, end) = (pack.boundaries[index] as u32, pack.boundaries[index + 1] as u32);
        Ok(match self {
            Pooling::First => start..start + 1,
            Pooling::Last => end - 1..end,
            Pooling::Mean => start..end,
        })
    }
}

/// Which rows a head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// One row a sequence.
    Sequences,
    /// Chosen rows of tokens.
    Tokens,
}

/// Where each of `rows` lies in `all`, which is ascending.
fn places(all: &[u32], rows: &[u32]) -> Vec<u32> {
    rows.iter()
        .map(|row| all.binary_search(row).expect("the row is among those that are read") as u32)
        .collect()
}
