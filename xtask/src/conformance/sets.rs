//! What is published of each file: format, columns and counts.

use mtl_data::{Format, LabelKind};

use super::place::Place;

/// One file of the data folder.
pub(super) struct Set {
    /// Where it stands.
    pub(super) place: Place,
    /// Its format.
    pub(super) format: Format,
    /// Names of its columns, where the file has none.
    pub(super) columns: Vec<&'static str>,
    /// The columns that are read as text, by name or number.
    pub(super) text: Vec<&'static str>,
    /// The column that is read as label; the test files of a benchmark have none.
    pub(super) label: Option<&'static str>,
    /// What kind of label it is.
    pub(super) kind: LabelKind,
    /// Whether it has rows without the trailing columns that nobody reads.
    pub(super) short_rows: bool,
    /// Rows or sentences.
    pub(super) examples: usize,
    /// Words, where the text is divided into words.
    pub(super) words: Option<usize>,
}

impl Set {
    /// A row of the table.
    fn of_row(row: &'static str) -> Self {
        let cells: Vec<&str> = row.split('\t').collect();
        let [file, member, format, columns, text, label, kind, short, examples, words] = cells[..] else {
            panic!("a row of the table has ten cells: {row}")
        };
        Self {
            place: Place::of_cells(file, member),
            format: Format::from_name(format).expect("the table names formats that exist"),
            columns: names(columns),
            text: names(text),
            label: (label != "-").then_some(label),
            kind: match kind {
                "class" => LabelKind::Class,
                "value" => LabelKind::Value,
                "tags" => LabelKind::Tags,
                _ => panic!("the table names kinds of labels that exist: {row}"),
            },
            short_rows: short == "short",
            examples: examples.parse().expect("the table counts examples"),
            words: words.parse().ok(),
        }
    }

    /// The file, with the label where one file is read in two ways.
    pub(super) fn name(&self) -> String {
        match self.label {
            Some(label) => format!("{} ({label})", self.place),
            None => self.place.to_string(),
        }
    }
}

/// The names in a cell, `-` being none.
fn names(cell: &'static str) -> Vec<&'static str> {
    if cell == "-" { Vec::new() } else { cell.split(',').collect() }
}

/// Every known file, from the table beside this file.
///
/// Examples are those that the publisher states, or were counted, as all words were, from the files by a script of a
/// few lines. Of a question with choices the first choice is read; multi-word ranges and empty nodes are no words.
pub(super) fn files() -> Vec<Set> {
    include_str!("sets.tsv").lines().skip(1).map(Set::of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_is_listed_once() {
        let sets = files();
        for (position, set) in sets.iter().enumerate() {
            assert!(sets[..position].iter().all(|other| other.name() != set.name()), "{}", set.name());
        }
    }

    #[test]
    fn only_files_without_names_get_columns() {
        for set in files() {
            let nameless = matches!(set.format, Format::Conll | Format::Tsv);
            assert!(set.columns.is_empty() || nameless, "{}", set.name());
        }
    }

    #[test]
    fn words_are_counted_where_there_are_tags() {
        for set in files() {
            assert_eq!(set.words.is_some(), set.kind == LabelKind::Tags, "{}", set.name());
        }
    }
}
