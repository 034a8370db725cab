//! The words that ROUGE compares.

use std::borrow::Cow;

use super::porter;

/// The runs of ASCII letters and digits of `text` in lower case, which must already be so; stemmed if asked.
///
/// Words of up to three characters are not stemmed.
pub(super) fn tokens(lowercase: &str, stem: bool) -> impl Iterator<Item = Cow<'_, str>> {
    let words = lowercase.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    words.filter(|word| !word.is_empty()).map(move |word| {
        if stem && word.len() > 3 { Cow::Owned(porter::stem(word)) } else { Cow::Borrowed(word) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_letters_and_digits_divides() {
        let found: Vec<_> = tokens("it's the café, no. 42b_x", false).collect();
        assert_eq!(found, ["it", "s", "the", "caf", "no", "42b", "x"]);
        let found: Vec<_> = tokens("running was flies", true).collect();
        assert_eq!(found, ["run", "was", "fli"]);
    }
}
