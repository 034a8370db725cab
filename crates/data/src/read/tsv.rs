//! Columns between tabs, without any quoting, as GLUE ships them: a quotation mark is a character like others.
//!
//! A byte-order mark and carriage returns before line feeds are tolerated. A row may have more columns than the
//! header (the rest is not read), never fewer. Empty lines are skipped, except in a file of a single column.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::example::Example;
use crate::labels::LabelSet;
use crate::read::empty_lines::EmptyLines;
use crate::read::label::LabelReader;
use crate::read::lines::Lines;
use crate::read::reader::Rows;
use crate::read::source::Source;
use crate::read::table::{Cell, Table};

pub(crate) struct Tsv {
    lines: Lines,
    table: Table,
    /// Whether the current line is a row that was not yet handed out.
    held: bool,
    skip_short_rows: bool,
    empty: EmptyLines,
}

impl Tsv {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let mut lines = Lines::open(path)?;
        if !lines.advance()? {
            return Err(DataError::Empty { at: lines.at(0) });
        }
        let table = Table::new(source, path, &cells(&lines), known)?;
        let (held, skip_short_rows) = (!source.has_header(), source.skip_short_rows);
        Ok(Self { lines, table, held, skip_short_rows, empty: EmptyLines::of(source) })
    }
}

impl Rows for Tsv {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        loop {
            if !std::mem::take(&mut self.held) && !self.lines.advance()? {
                return Ok(None);
            }
            if self.lines.text().is_empty() && !self.table.empty_line_is_row() {
                self.empty.pass(self.lines.at(0));
                continue;
            }
            self.empty.check()?;
            let cells = cells(&self.lines);
            match (self.skip_short_rows, self.table.has_needed(&cells)) {
                (true, true) => {}
                (true, false) => continue,
                (false, _) => self.table.check_width(&cells, false)?,
            }
            return self.table.example(&cells).map(Some);
        }
    }

    fn labels(&self) -> &LabelReader {
        self.table.labels()
    }
}

fn cells(lines: &Lines) -> Vec<Cell<'_>> {
    let mut column = 1;
    let cell = |text| {
        let cell = Cell { text: Cow::Borrowed(text), line: lines.number(), column };
        column += text.chars().count() + 1;
        cell
    };
    lines.text().split('\t').map(cell).collect()
}
