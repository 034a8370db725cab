//! Comma-separated values of RFC 4180: quoted fields may hold commas, doubled quotes and line breaks.
//!
//! Every record has as many columns as the first; empty lines between records are skipped. Errors name the
//! physical line, which quoted line breaks make different from the number of the record.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use csv_core::ReadFieldResult;

use crate::error::DataError;
use crate::example::Example;
use crate::labels::LabelSet;
use crate::location::Location;
use crate::read::empty_lines::EmptyLines;
use crate::read::label::LabelReader;
use crate::read::lines::{Lines, column};
use crate::read::reader::Rows;
use crate::read::source::Source;
use crate::read::table::{Cell, Table};

pub(crate) struct Csv {
    records: Records,
    table: Table,
    held: Option<Vec<Cell<'static>>>,
}

impl Csv {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let mut records = Records::open(source, path)?;
        let Some(first) = records.next_record()? else {
            return Err(DataError::Empty { at: Location::start(path.clone()) });
        };
        let table = Table::new(source, path, &first, known)?;
        let held = (!source.has_header()).then_some(first);
        Ok(Self { records, table, held })
    }
}

impl Rows for Csv {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        let cells = match self.held.take() {
            Some(cells) => Some(cells),
            None => self.records.next_record()?,
        };
        let Some(cells) = cells else { return Ok(None) };
        self.table.check_width(&cells, true)?;
        self.table.example(&cells).map(Some)
    }

    fn labels(&self) -> &LabelReader {
        self.table.labels()
    }
}

/// The records of a CSV file.
struct Records {
    lines: Lines,
    /// Bytes of the current line that were read already.
    consumed: usize,
    parser: csv_core::Reader,
    buffer: Vec<u8>,
    empty: EmptyLines,
}

/// A field being read: where it began, and what of its raw text tells whether a quote is open.
struct Field {
    line: usize,
    column: usize,
    quoted: bool,
    quotes: usize,
    length: usize,
}

impl Records {
    fn open(source: &Source, path: &Arc<Path>) -> Result<Self, DataError> {
        let (lines, empty) = (Lines::open(path)?, EmptyLines::of(source));
        Ok(Self { lines, consumed: 0, parser: csv_core::Reader::new(), buffer: vec![0; 1 << 12], empty })
    }

    fn next_record(&mut self) -> Result<Option<Vec<Cell<'static>>>, DataError> {
        if !self.skip_line_breaks()? {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            let (cell, last) = self.next_field()?;
            cells.push(cell);
            if last {
                return Ok(Some(cells));
            }
        }
    }

    /// Goes to the first character of the next record; false at the end of the file.
    fn skip_line_breaks(&mut self) -> Result<bool, DataError> {
        loop {
            let rest = &self.lines.raw()[self.consumed..];
            let breaks = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
            if breaks < rest.len() {
                self.consumed += breaks;
                self.empty.check()?;
                return Ok(true);
            }
            if self.consumed == 0 && breaks > 0 {
                self.empty.pass(self.lines.at(0));
            }
            if !self.next_line()? {
                return Ok(false);
            }
        }
    }

    fn next_line(&mut self) -> Result<bool, DataError> {
        self.consumed = 0;
        self.lines.advance()
    }

    /// The next field and whether it ends its record.
    fn next_field(&mut self) -> Result<(Cell<'static>, bool), DataError> {
        let rest = &self.lines.raw()[self.consumed..];
        let mut field = Field {
            line: self.lines.number(),
            column: column(self.lines.raw(), self.consumed),
            quoted: rest.starts_with('"'),
            quotes: 0,
            length: 0,
        };
        loop {
            let input = &self.lines.raw().as_bytes()[self.consumed..];
            let (result, read, written) = self.parser.read_field(input, &mut self.buffer[field.length..]);
            field.quotes += input[..read].iter().filter(|byte| **byte == b'"').count();
            field.length += written;
            self.consumed += read;
            match result {
                ReadFieldResult::InputEmpty => {
                    if !self.next_line()? && field.quoted && field.quotes % 2 == 1 {
                        return Err(DataError::OpenQuote { at: self.at(&field) });
                    }
                }
                ReadFieldResult::OutputFull => self.buffer.resize(self.buffer.len() * 2, 0),
                ReadFieldResult::Field { record_end } => return Ok((self.cell(&field), record_end)),
                ReadFieldResult::End => return Ok((self.cell(&field), true)),
            }
        }
    }

    fn cell(&self, field: &Field) -> Cell<'static> {
        let text = std::str::from_utf8(&self.buffer[..field.length]);
        let text = text.expect("a field is whole characters of checked lines").to_owned();
        Cell { text: Cow::Owned(text), line: field.line, column: field.column }
    }

    fn at(&self, field: &Field) -> Location {
        Location::new(self.lines.path().clone(), field.line, field.column)
    }
}
