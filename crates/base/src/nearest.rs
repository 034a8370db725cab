//! The valid name that a misspelt one was probably meant to be.

/// The letters that say what a name begins with.
const BEGINNING: usize = 3;

/// The name among `names` that was probably meant by `written`; `None` if none is near.
///
/// Near is at most a third of the letters wrong (Damerau-Levenshtein), whatever their case and whether words are joined by
/// `-` or `_`, or written without its end.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| text.chars().count();
    names
        .into_iter()
        .map(|name| (distance(written, name), name))
        .filter(|(distance, name)| 3 * distance <= letters(written).max(letters(name)))
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
}
