//! What the tests of the readers share.

use std::path::{Path, PathBuf};

use mtl_data::{DataError, Example, Label, LabelKind, Source};

/// A folder that is removed at the end of the test, with one file.
pub struct File {
    folder: tempfile::TempDir,
    name: String,
}

impl File {
    pub fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        Self { folder, name: name.to_owned() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn source(&self, kind: LabelKind) -> Source {
        Source::new(self.path(), kind)
    }
}

pub fn read(source: &Source) -> Result<Vec<Example>, DataError> {
    source.read()?.collect()
}

pub fn class(name: &str) -> Label {
    Label::Class(name.to_owned())
}

pub fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}
