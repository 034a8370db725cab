//! The task `letters`: do more words begin with a letter of a to m, or of n to z?
//!
//! The spelling of words has nothing to do with what they mean, so the other tasks teach nothing
//! about it: this is the task that joint training is not expected to help.

use super::grammar::Sentence;
use super::meaning::Meaning;
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let class = rng.pick(&["a-m", "n-z"]);
    let sentence = loop {
        let sentence = Sentence::say(&Meaning::draw(rng, 30), rng);
        if half(&sentence) == Some(class) {
            break sentence;
        }
    };
    Sample { sentences: vec![sentence], label: Label::Class(class.to_owned()) }
}

/// The half of the alphabet with more first letters; none if both have as many.
fn half(sentence: &Sentence) -> Option<&'static str> {
    let first = sentence.words.iter().filter(|word| word.form.as_bytes()[0] <= b'm').count();
    let second = sentence.words.len() - first;
    match first.cmp(&second) {
        std::cmp::Ordering::Less => Some("n-z"),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some("a-m"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::farmer_and_coat;
    use super::*;

    #[test]
    fn the_half_with_more_first_letters_wins() {
        // a coat admired by farmer | pretty old was not quietly the
        assert_eq!(farmer_and_coat().text(), "a pretty old coat was not quietly admired by the farmer");
        assert_eq!(half(&farmer_and_coat()), Some("n-z"));
    }
}
