//! The name that was probably meant.

/// The name that is most like what was written, if no more than a third of it differs.
pub(crate) fn nearest(written: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    names
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| 3 * distance <= written.chars().count().max(name.len()))
        .min()
        .map(|(_, name)| name)
}
