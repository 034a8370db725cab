//! Tables for stdout: as Markdown, so that they can be pasted, and coloured on a terminal only.

use std::env;
use std::io::{self, IsTerminal};

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};

/// The narrowest terminal, in columns, that tables are fitted to; some that do not know their width say 0.
const NARROWEST: u16 = 40;

/// An empty table below these headings.
pub fn with_header(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    if !io::stdout().is_terminal() {
        table.force_no_tty();
    } else if table.width().is_some_and(|width| width >= NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(headings.iter().map(|heading| bold(Cell::new(heading))));
    table
}

/// A cell of words.
pub fn words(text: impl ToString) -> Cell {
    Cell::new(text)
}

/// A cell of a number, which stands at the right.
pub fn number(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A cell of words in a colour, where colours are wanted.
pub fn coloured(text: impl ToString, color: Option<Color>) -> Cell {
    match color {
        Some(color) if colours() => Cell::new(text).fg(color),
        _ => Cell::new(text),
    }
}

fn bold(cell: Cell) -> Cell {
    if colours() { cell.add_attribute(Attribute::Bold) } else { cell }
}

/// Whether stdout is a terminal that shows colours to somebody who wants them: <https://no-color.org>.
fn colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !unwanted && !dumb
}
