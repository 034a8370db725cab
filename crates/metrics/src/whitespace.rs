//! Words as the scripts that define text metrics see them.

/// The parts of `text` between white space, none of them empty: Python's `str.split()`.
///
/// Python counts the four separators U+001C to U+001F as white space; Unicode's property, which Rust follows, does not.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// `text` without white space at its end: Python's `str.rstrip()`.
pub(crate) fn without_trailing(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_divide() {
        let found: Vec<_> = words(" a\u{1c}b\u{a0}\u{3000}c\u{200b}d\n").collect();
        assert_eq!(found, ["a", "b", "c\u{200b}d"]);
        assert_eq!(without_trailing("a \u{1f}\n"), "a");
    }
}
