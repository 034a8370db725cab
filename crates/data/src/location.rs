//! A place in a file, as messages print it: `path:line:column`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    path: Arc<Path>,
    line: usize,
    column: usize,
}

impl Location {
    /// The place at `line` and `column` of the file at `path`. Both count from 1; columns count characters.
    pub fn new(path: impl Into<Arc<Path>>, line: usize, column: usize) -> Self {
        Self { path: path.into(), line, column }
    }

    /// The first character of the file at `path`: where an error about the whole file stands.
    pub fn start(path: impl Into<Arc<Path>>) -> Self {
        Self::new(path, 1, 1)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::start(path)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_prints_as_path_line_column() {
        assert_eq!(Location::new(PathBuf::from("a/b.tsv"), 3, 14).to_string(), "a/b.tsv:3:14");
        assert_eq!(Location::from(PathBuf::from("b.tsv")).to_string(), "b.tsv:1:1");
    }
}
