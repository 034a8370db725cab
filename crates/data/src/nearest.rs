//! The valid name that a misspelt one was probably meant to be.

use std::path::Path;

/// The letters that say what a name begins with.
const BEGINNING: usize = 3;

/// The name among `names` that was probably meant by `wanted`; `None` if none is near.
///
/// Near is at most a third of the letters wrong (Damerau-Levenshtein), whatever their case and whether words are joined by
/// `-` or `_`, or written without its end.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| text.chars().count();
    names
        .into_iter()
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, name)| 3 * distance <= letters(wanted).max(letters(name)))
        .min()
        .map(|(_, name)| name)
}

/// Letters wrong; a name written without its end has one.
fn distance(written: &str, name: &str) -> usize {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let (written, name) = (plain(written), plain(name));
    let distance = strsim::damerau_levenshtein(&written, &name);
    if written.chars().count() >= BEGINNING && name.starts_with(&written) {
        distance.min(1)
    } else {
        distance
    }
}

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
    fn the_nearest_name_is_found_whatever_its_case() {
        assert_eq!(nearest("Scor", ["sentence1", "score"]), Some("score"));
        assert_eq!(nearest("learning-rate", ["learning_rate"]), Some("learning_rate"));
        assert_eq!(nearest("learn", ["epochs", "learning_rate"]), Some("learning_rate"));
        assert_eq!(nearest("sentnce2", ["sentence1", "sentence2"]), Some("sentence2"));
    }

    #[test]
    fn a_name_unlike_all_others_has_no_neighbour() {
        assert_eq!(nearest("zzz", ["score", "label"]), None);
        assert_eq!(nearest("sentence", ["text", "tense"]), None);
        assert_eq!(nearest("tags", ["text"]), None);
        assert_eq!(nearest("score", []), None);
    }

    #[test]
    fn a_file_name_may_go_on_or_stop_short() {
        assert!(begins_alike("vocabulary.txt", "vocab.txt") && begins_alike("vocab.txt", "vocabulary.txt"));
        assert!(!begins_alike("vocabulary.json", "vocab.txt") && !begins_alike("a.txt", "apple.txt"));
    }
}
