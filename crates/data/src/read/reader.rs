//! The iterator over the examples of a file.

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::Example;
use crate::location::Location;
use crate::read::label::LabelReader;

/// What each format implements: the next example, or `None` at the end of the file.
pub(crate) trait Rows: Send {
    fn next_row(&mut self) -> Result<Option<Example>, DataError>;

    /// What reads the labels, and knows where they stand.
    fn labels(&self) -> &LabelReader;
}

/// The examples of a file, one after the other, in file order; it ends after the first error.
///
/// A file without any example yields one error, [`DataError::Empty`].
pub struct Reader {
    path: Arc<Path>,
    rows: Box<dyn Rows>,
    count: usize,
    done: bool,
}

impl Reader {
    pub(crate) fn new(path: Arc<Path>, rows: impl Rows + 'static) -> Self {
        Self { path, rows: Box::new(rows), count: 0, done: false }
    }

    /// The same reader, which notes where tags stand, so that [`tag_place`](Self::tag_place) can tell.
    pub fn noting_tag_places(self) -> Self {
        self.rows.labels().note_places();
        self
    }

    /// The place of a word's tag, the words of the example that was read last being counted from 0.
    ///
    /// `None` unless places are noted and there is such a word with a tag. Tags of one cell stand where the cell does.
    pub fn tag_place(&self, word: usize) -> Option<Location> {
        self.rows.labels().place(word)
    }
}

impl Iterator for Reader {
    type Item = Result<Example, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        self.rows.labels().forget_places();
        let next = match self.rows.next_row() {
            Ok(None) if self.count == 0 => {
                Some(Err(DataError::Empty { at: Location::start(self.path.clone()) }))
            }
            next => next.transpose(),
        };
        self.count += 1;
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).field("count", &self.count).finish_non_exhaustive()
    }
}
