//! The form in which SQuAD's scripts compare answers.

use crate::whitespace;

/// `text` in lower case, without ASCII punctuation, then without the words "a", "an" and "the", with single spaces.
///
/// Punctuation goes first and leaves no space: `U.S.-based` becomes `usbased`, and `a.` an article. An article is a
/// word of its own between characters that are neither letters nor digits; so in `the–end`, whose dash is not ASCII,
/// `the` goes.
///
/// As the scripts do it. The one difference: letters and digits are Rust's `char::is_alphanumeric`, which counts the
/// dependent vowel signs of Indic scripts and circled letters as letters; Python's do not.
///
/// ```
/// # use mtl_metrics::normalise_answer;
/// assert_eq!(normalise_answer(" The  U.S. had a (big) lead!"), "us had big lead");
/// ```
pub fn normalise_answer(text: &str) -> String {
    let mut plain = text.to_lowercase();
    plain.retain(|c| !c.is_ascii_punctuation());
    let bare = without_articles(&plain);
    let mut normalised = String::with_capacity(bare.len());
    for word in whitespace::words(&bare) {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.push_str(word);
    }
    normalised
}

/// Every article that is a word of its own, replaced by a space.
fn without_articles(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = rest.starts_with(char::is_alphanumeric);
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if matches!(run, "a" | "an" | "the") { " " } else { run });
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_punctuation_and_spaces_go() {
        assert_eq!(normalise_answer("The quick,  brown\tfox."), "quick brown fox");
        assert_eq!(normalise_answer("a the an"), "");
        assert_eq!(normalise_answer("Theatre; an_other A-team"), "theatre another ateam");
        assert_eq!(normalise_answer("$1,000.50"), "100050");
    }

    #[test]
    fn punctuation_beyond_ascii_stays_and_bounds_a_word() {
        assert_eq!(normalise_answer("“the” end"), "“ ” end");
        assert_eq!(normalise_answer("the–end"), "–end");
        assert_eq!(normalise_answer("the²"), "the²");
        assert_eq!(normalise_answer("ΑΣ"), "ας");
    }
}
