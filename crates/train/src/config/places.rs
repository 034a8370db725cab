//! Where the keys of a configuration stand, for mistakes that are found only once the data is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtl_data::{DataError, Location};

use super::Config;
use super::section::Section;
use crate::error::TrainError;

/// The place of each key of a file. It takes no part in comparisons: the same settings stand anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    path: PathBuf,
    /// Line and column by dotted key: of a table's name, of any other key's value.
    keys: BTreeMap<String, (usize, usize)>,
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    /// The places of all keys of a file.
    pub(super) fn of(path: &Path, file: &Section<'_>) -> Self {
        let mut keys = BTreeMap::new();
        file.collect_places(&mut keys);
        Self { path: path.to_owned(), keys }
    }

    /// Where a dotted key stands; if it is left out, the innermost table that could hold it.
    fn find(&self, key: &str) -> Location {
        let ends = key.match_indices('.').map(|(dot, _)| dot).rev();
        let mut names = std::iter::once(key.len()).chain(ends).map(|end| &key[..end]);
        let (line, column) = names.find_map(|name| self.keys.get(name)).copied().unwrap_or((1, 1));
        Location::new(self.path.clone(), line, column)
    }
}

impl Config {
    /// Where the dotted key stands in the file; if it is left out, where the innermost table begins that could hold it.
    pub fn place(&self, key: &str) -> Location {
        self.places.find(key)
    }

    /// The same error with the place of the key that it is about.
    pub fn error_at(&self, key: &str, error: impl Into<TrainError>) -> TrainError {
        TrainError::Setting { at: self.place(key), source: Box::new(error.into()) }
    }

    /// The same error; where it is about a label outside a task's scale, with the place of the scale.
    pub(crate) fn explain_scale(&self, task: &str, error: TrainError) -> TrainError {
        match error {
            TrainError::Data(source @ DataError::OutOfScale { .. }) => TrainError::OutOfScale {
                source: Box::new(source),
                scale: self.place(&format!("tasks.{task}.scale")),
            },
            other => other,
        }
    }
}
