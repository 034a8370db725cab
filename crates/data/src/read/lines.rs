//! The lines of a file as checked UTF-8, each with its number.

use std::io::{self, BufRead};
use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::location::Location;
use crate::read::open::{Opened, open};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A cursor over the lines of a file; it holds one line at a time.
pub(crate) struct Lines {
    path: Arc<Path>,
    input: Opened,
    line: String,
    number: usize,
    /// Bytes of the plain file before the current line, and bytes of the byte-order mark left out of it.
    offset: u64,
    mark: usize,
}

impl Lines {
    /// Opens the file at `path`, before its first line.
    pub(crate) fn open(path: &Arc<Path>) -> Result<Self, DataError> {
        let input = open(path)?;
        Ok(Self { path: path.clone(), input, line: String::new(), number: 0, offset: 0, mark: 0 })
    }

    /// Goes to the next line; false at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, DataError> {
        self.offset += (self.mark + self.line.len()) as u64;
        self.mark = 0;
        let mut bytes = std::mem::take(&mut self.line).into_bytes();
        bytes.clear();
        self.number += 1;
        if let Err(source) = self.input.bytes.read_until(b'\n', &mut bytes) {
            return Err(self.read_error(source));
        }
        let more = !bytes.is_empty();
        self.line = String::from_utf8(bytes).map_err(|error| self.utf8_error(&error))?;
        if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
            self.mark = BYTE_ORDER_MARK.len();
            self.line.drain(..self.mark);
        }
        Ok(more)
    }

    /// The current line with its terminator.
    pub(crate) fn raw(&self) -> &str {
        &self.line
    }

    /// The current line without its terminator, a line feed with or without a carriage return.
    pub(crate) fn text(&self) -> &str {
        match self.line.strip_suffix('\n') {
            Some(line) => line.strip_suffix('\r').unwrap_or(line),
            None => &self.line,
        }
    }

    /// The number of the current line, from 1.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// The file.
    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// The place of the character at `byte` of the current line.
    pub(crate) fn at(&self, byte: usize) -> Location {
        Location::new(self.path.clone(), self.number, column(&self.line, byte))
    }

    fn read_error(&self, source: io::Error) -> DataError {
        let at = Location::new(self.path.clone(), self.number, 1);
        match self.input.compression {
            None => DataError::Read { at, source },
            Some(compression) if source.kind() == io::ErrorKind::UnexpectedEof => {
                DataError::Truncated { at, compression }
            }
            Some(compression) => DataError::Damaged { at, compression, source },
        }
    }

    fn utf8_error(&self, error: &std::string::FromUtf8Error) -> DataError {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
        DataError::InvalidUtf8 {
            at: Location::new(self.path.clone(), self.number, column(&before, valid)),
            byte: error.as_bytes()[valid],
            offset: self.offset + valid as u64,
        }
    }
}

/// All text of the file at `path`, without a byte-order mark; gzip and zstd are recognised.
///
/// Errors if the file cannot be read, or, with the place, if it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, DataError> {
    let (mut lines, mut text) = (Lines::open(&path.into())?, String::new());
    while lines.advance()? {
        text.push_str(lines.raw());
    }
    Ok(text)
}

/// The column, from 1, of the character at `byte` of `line`.
pub(crate) fn column(line: &str, byte: usize) -> usize {
    line[..byte].chars().count() + 1
}
