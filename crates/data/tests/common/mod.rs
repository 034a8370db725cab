//! What the tests of the readers share.

#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};

use mtl_data::{DataError, Example, Label, LabelKind, Source};

/// A folder that is removed at the end of the test, with one file.
pub(crate) struct File {
    folder: tempfile::TempDir,
    name: String,
}

impl File {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        Self { folder, name: name.to_owned() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn source(&self, kind: LabelKind) -> Source {
        Source::new(self.path(), kind)
    }
}

pub(crate) fn read(source: &Source) -> Result<Vec<Example>, DataError> {
    source.read()?.collect()
}

pub(crate) fn class(name: &str) -> Label {
    Label::Class(name.to_owned())
}

pub(crate) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}
