//! The valid name that a misspelt one was probably meant to be.

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
