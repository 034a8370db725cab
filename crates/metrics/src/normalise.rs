//! Text as the evaluation of SQuAD compares it: lower case, without ASCII punctuation and English articles.
//!
//! Rajpurkar et al. 2016; ReCoRD and decaNLP compare in the same way. An article is a whole word `a`, `an` or `the`, where
//! a word is a run of letters, digits and underscores, taken after punctuation is gone (`a-b` becomes `ab`).

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
    let (gold, predicted) = (sorted_words(gold), sorted_words(predicted));
    match shared(&gold, &predicted) {
        0 => 0.0,
        shared => 2.0 * shared as f64 / (gold.len() + predicted.len()) as f64,
    }
}

fn sorted_words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// How many words two sorted lists share, each as often as it stands in both.
fn shared(gold: &[&str], predicted: &[&str]) -> usize {
    let (mut g, mut p, mut shared) = (0, 0, 0);
    while g < gold.len() && p < predicted.len() {
        let order = gold[g].cmp(predicted[p]);
        shared += usize::from(order.is_eq());
        g += usize::from(order.is_le());
        p += usize::from(order.is_ge());
    }
    shared
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
