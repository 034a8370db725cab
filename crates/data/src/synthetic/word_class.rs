//! The task `word_class`: the class of each word.

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
    sentence.words.iter().map(|word| word.class.tag().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::farmer_and_coat;
    use super::*;

    #[test]
    fn one_form_has_two_classes() {
        let sentence = farmer_and_coat();
        assert_eq!(sentence.text(), "a pretty old coat was not quietly admired by the farmer");
        let expected = ["DET", "ADV", "ADJ", "NOUN", "AUX", "PART", "ADV", "VERB", "ADP", "DET", "NOUN"];
        assert_eq!(tags(&sentence), expected);
    }
}
