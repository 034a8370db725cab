//! The file or folder that a misspelt path was probably meant to name.

use std::path::Path;

use mtl_base::nearest;

/// The letters that say what a name begins with.
const BEGINNING: usize = 3;

/// The name of the file or folder beside the missing `path` that was probably meant; `None` if none is near.
///
/// Near is also a file with the same ending whose name begins as the missing one's, or the other way about.
pub fn nearest_file(path: &Path) -> Option<String> {
    nearest_file_of(path, names_beside(path))
}

/// As [`nearest_file`], among these names.
pub fn nearest_file_of(path: &Path, names: Vec<String>) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let near = nearest(wanted, names.iter().map(String::as_str)).map(String::from);
    near.or_else(|| names.into_iter().find(|name| begins_alike(wanted, name)))
}

/// The names of the files and folders that lie where `path` would, sorted; none if its folder cannot be read.
pub fn names_beside(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = folder.read_dir().into_iter().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Whether two file names differ only in how far what stands before the first point goes on.
fn begins_alike(wanted: &str, name: &str) -> bool {
    let parts = |name: &str| name.split_once('.').map(|(stem, end)| (stem.to_owned(), end.to_owned()));
    let (Some((wanted, wanted_end)), Some((name, end))) = (parts(wanted), parts(name)) else { return false };
    let shorter = wanted.chars().count().min(name.chars().count());
    end == wanted_end && shorter >= BEGINNING && (wanted.starts_with(&name) || name.starts_with(&wanted))
}

/// `; did you mean "score"?`, or nothing.
pub(crate) fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_may_go_on_or_stop_short() {
        assert!(begins_alike("vocabulary.txt", "vocab.txt") && begins_alike("vocab.txt", "vocabulary.txt"));
        assert!(!begins_alike("vocabulary.json", "vocab.txt") && !begins_alike("a.txt", "apple.txt"));
    }
}
