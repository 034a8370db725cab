//! Text as the evaluation of SQuAD compares it: lower case, without ASCII punctuation and English articles.
//!
//! Rajpurkar et al. 2016; ReCoRD and decaNLP compare in the same way. An article is a whole word `a`, `an` or `the`, where
//! a word is a run of letters, digits and underscores, taken after punctuation is gone (`a-b` becomes `ab`).

use std::collections::HashMap;

/// `text` in lower case, without ASCII punctuation and articles, its words divided by single spaces.
pub(crate) fn normalise(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain: String = lower.chars().filter(|character| !character.is_ascii_punctuation()).collect();
    let mut words = String::with_capacity(plain.len());
    for word in without_articles(&plain).split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

/// Each article replaced by a space.
fn without_articles(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = is_word(first);
        let end = rest.find(|character| is_word(character) != in_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if matches!(run, "a" | "an" | "the") { " " } else { run });
        rest = after;
    }
    kept
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// F1 of the words of two normalised texts, counted with repetition, in `[0, 1]`; 0 if they share none, both empty
/// included.
pub(crate) fn word_f1(gold: &str, predicted: &str) -> f64 {
    let mut left = HashMap::new();
    let mut n_gold = 0;
    for word in gold.split_whitespace() {
        *left.entry(word).or_insert(0usize) += 1;
        n_gold += 1;
    }
    let (mut n_predicted, mut shared) = (0, 0);
    for word in predicted.split_whitespace() {
        n_predicted += 1;
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    match shared {
        0 => 0.0,
        _ => 2.0 * shared as f64 / (n_gold + n_predicted) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_articles_and_spaces_go() {
        assert_eq!(normalise(" The  U.S.A., an\tatom-bomb; a _theme_ "), "usa atombomb theme");
        assert_eq!(normalise("a\u{2013}the\u{2019}x"), "\u{2013} \u{2019}x");
        assert_eq!(normalise("..."), "");
    }

    #[test]
    fn words_count_as_often_as_they_occur() {
        assert_eq!(word_f1("x x y", "x y y y"), 4.0 / 7.0);
        assert_eq!(word_f1("", ""), 0.0);
    }
}
