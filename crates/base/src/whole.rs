//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes `bytes` to a file beside `path`, syncs it and renames it: after a crash the old file or the new one is there.
///
/// Errors if the system refuses; then the file at `path` is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], with what `content` writes into the file.
pub fn write_with(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path);
    let written = File::create(&beside).and_then(|mut file| {
        content(&mut file)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        // The half-written file is of no use to anyone; the error that matters is the first.
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// The place that a file is written to at first: `NAME.PROCESS.NUMBER.tmp`, another for each call, so that several
/// writers of one file do not meet. [`is_unfinished`] knows it.
fn beside(path: &Path) -> PathBuf {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.{number}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Whether a file of this name is one that [`write()`] had begun when its process ended: it ends with the number of a
/// process and `.tmp`.
pub fn is_unfinished(name: &str) -> bool {
    let number = name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        write(&path, b"old, and longer").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["state.json"]);
    }

    #[test]
    fn what_fails_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        write(&path, b"old").unwrap();
        let failed = write_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no space"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no space");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["state.json"]);
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(write(&folder.path().join("taken"), b"new").is_err());
        assert!(write(&folder.path().join("none/x"), b"new").is_err());
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[test]
    fn unfinished_files_are_known_by_their_names() {
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let path = Path::new("folder/state.json");
        assert!(is_unfinished(&name(beside(path))));
        assert_ne!(beside(path), beside(path));
        assert!(is_unfinished("config.toml.41.tmp"));
        assert!(!is_unfinished("state.json") && !is_unfinished("notes.tmp") && !is_unfinished("a.b.tmp"));
    }
}
