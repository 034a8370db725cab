//! The valid name that a misspelt one was probably meant to be.

use std::path::Path;

/// Names less alike than this are not worth suggesting (Jaro-Winkler similarity, 0 to 1).
const ALIKE: f64 = 0.6;

/// The name among `names` that is most like `wanted`, without regard to case; `None` if none is alike.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The name of the file or folder beside the missing `path` that is most like its own; `None` if none is alike.
pub fn nearest_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> =
        folder.read_dir().ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    nearest(wanted, names.iter().map(String::as_str)).map(String::from)
}

/// `; did you mean "score"?`, or nothing.
pub(crate) fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_name_is_found_whatever_its_case() {
        assert_eq!(nearest("Scor", ["sentence1", "score"]), Some("score"));
        assert_eq!(nearest("sentnce2", ["sentence1", "sentence2"]), Some("sentence2"));
    }

    #[test]
    fn a_name_unlike_all_others_has_no_neighbour() {
        assert_eq!(nearest("zzz", ["score", "label"]), None);
        assert_eq!(nearest("score", []), None);
    }
}
