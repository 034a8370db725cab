//! Empty lines between rows: passed over, or refused as soon as a row follows.

use crate::error::DataError;
use crate::location::Location;
use crate::read::source::Source;

pub(crate) struct EmptyLines {
    refused: bool,
    first: Option<Location>,
}

impl EmptyLines {
    pub(crate) fn of(source: &Source) -> Self {
        Self { refused: source.refuse_empty_lines, first: None }
    }

    /// Passes over an empty line.
    pub(crate) fn pass(&mut self, at: Location) {
        self.first.get_or_insert(at);
    }

    /// Errors if an empty line came before the row that begins now, and is refused.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        match &self.first {
            Some(at) if self.refused => Err(DataError::EmptyLine { at: at.clone() }),
            _ => Ok(()),
        }
    }
}
