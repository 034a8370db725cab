//! The task `phrases`: who, did what, to whom, where and when, as spans of words (BIO tags).
//!
//! `B-AGENT` opens the agent and `I-AGENT` continues it; `O` is outside of all phrases.

use super::grammar::Sentence;
use super::meaning::Meaning;
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let sentence = Sentence::say(&Meaning::draw(rng, 30), rng);
    let label = Label::Tags(tags(&sentence));
    Sample { sentences: vec![sentence], label }
}

fn tags(sentence: &Sentence) -> Vec<String> {
    let mut before = None;
    let tag = |word: &super::grammar::Word| {
        let place = if word.phrase == before { "I" } else { "B" };
        before = word.phrase;
        word.phrase.map_or_else(|| "O".to_owned(), |phrase| format!("{place}-{}", phrase.tag()))
    };
    sentence.words.iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::farmer_and_coat;
    use super::*;

    #[test]
    fn the_passive_puts_the_patient_first() {
        let sentence = farmer_and_coat();
        assert_eq!(sentence.text(), "a pretty old coat was not quietly admired by the farmer");
        let expected = [
            "B-PATIENT",
            "I-PATIENT",
            "I-PATIENT",
            "I-PATIENT",
            "B-ACTION",
            "I-ACTION",
            "I-ACTION",
            "I-ACTION",
            "O",
            "B-AGENT",
            "I-AGENT",
        ];
        assert_eq!(tags(&sentence), expected);
    }
}
