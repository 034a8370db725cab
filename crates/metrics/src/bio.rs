//! Invalid BIO: what to do with an `I-X` that continues no `X`.
//!
//! In BIO (IOB2) tags a span is a `B-X` and the `I-X` that follow it. Models also write an `I-X` at the start of a
//! sentence, after `O`, or after a span of another type. [`InvalidBio::Repair`] reads such a tag as `B-X`;
//! [`InvalidBio::Refuse`] makes it an error. On repaired tags [`crate::strict_spans`] counts what
//! [`mod@crate::conlleval`] and seqeval's default mode count on the tags as they were.

use crate::conlleval::Tag;
use crate::error::MetricError;

/// What to do with an `I-X` that continues no `X`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidBio {
    /// Read it as `B-X`, and count it.
    Repair,
    /// Stop with an error that names it.
    Refuse,
}

/// Where a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordPlace {
    /// Index of the sentence, from 0.
    pub sentence: usize,
    /// Index of the word in the sentence, from 0.
    pub word: usize,
}

/// Tags in which every `I-X` continues an `X`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidBio {
    /// (sentences,), each (words,)
    pub sentences: Vec<Vec<String>>,
    /// How many tags were changed from `I-X` to `B-X`.
    pub repaired: usize,
    /// The first of them.
    pub first_repaired: Option<WordPlace>,
}

impl InvalidBio {
    /// The tags of `sentences` with this policy applied.
    ///
    /// A repaired tag opens a span: the `I-X` after it continues that span and is not counted.
    ///
    /// # Shapes
    /// `sentences`: (sentences,), each (words,)
    ///
    /// # Errors
    /// Errors at the first tag that is neither `O` nor `B-X` nor `I-X`, whatever the policy; under
    /// [`InvalidBio::Refuse`] also at the first `I-X` that continues no `X`.
    pub fn apply<S: AsRef<str>>(self, sentences: &[Vec<S>]) -> Result<ValidBio, MetricError> {
        let mut valid =
            ValidBio { sentences: Vec::with_capacity(sentences.len()), repaired: 0, first_repaired: None };
        for (sentence, tags) in sentences.iter().enumerate() {
            let mut before = None;
            let mut words = Vec::with_capacity(tags.len());
            for (word, text) in tags.iter().map(AsRef::as_ref).enumerate() {
                let place = WordPlace { sentence, word };
                let tag = read(place, text)?;
                words.push(self.settle(place, tag, before, &mut valid)?);
                before = Some(tag);
            }
            valid.sentences.push(words);
        }
        Ok(valid)
    }

    /// The tag to keep at this place.
    fn settle(
        self,
        place: WordPlace,
        tag: Tag,
        before: Option<Tag>,
        valid: &mut ValidBio,
    ) -> Result<String, MetricError> {
        if continues(before, tag) {
            return Ok(written(tag));
        }
        if self == InvalidBio::Refuse {
            return Err(MetricError::InvalidBio {
                sentence: place.sentence,
                word: place.word,
                tag: written(tag),
                before: before.map_or_else(|| "the start".to_owned(), written),
            });
        }
        valid.repaired += 1;
        valid.first_repaired.get_or_insert(place);
        Ok(format!("B-{}", tag.kind))
    }
}

/// A tag as it is spelled.
fn written(tag: Tag) -> String {
    if tag.mark == "O" { "O".to_owned() } else { format!("{}-{}", tag.mark, tag.kind) }
}

/// Errors if the text is no BIO tag.
fn read(place: WordPlace, text: &str) -> Result<Tag<'_>, MetricError> {
    let tag = Tag::read(text);
    match (tag.mark, tag.kind) {
        ("O", "") if text == "O" => Ok(tag),
        ("B" | "I", kind) if !kind.is_empty() => Ok(tag),
        _ => {
            Err(MetricError::UnknownTag { sentence: place.sentence, word: place.word, tag: text.to_owned() })
        }
    }
}

/// False for an `I-X` that does not follow an `X`. A repaired `I-X` before it counts as one.
fn continues(before: Option<Tag>, tag: Tag) -> bool {
    tag.mark != "I" || before.is_some_and(|before| before.mark != "O" && before.kind == tag.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(texts: &[&'static str]) -> Vec<Vec<&'static str>> {
        texts.iter().map(|text| text.split_whitespace().collect()).collect()
    }

    #[test]
    fn an_inside_that_continues_nothing_begins() {
        let tags = sentences(&["O B-LOC I-LOC", "I-PER I-PER O I-a-b", "B-LOC I-PER"]);
        let valid = InvalidBio::Repair.apply(&tags).unwrap();
        let expected = sentences(&["O B-LOC I-LOC", "B-PER I-PER O B-a-b", "B-LOC B-PER"]);
        assert_eq!(valid.sentences, expected);
        assert_eq!(valid.repaired, 3);
        assert_eq!(valid.first_repaired, Some(WordPlace { sentence: 1, word: 0 }));
    }

    #[test]
    fn refusal_names_the_first() {
        let message = |text| InvalidBio::Refuse.apply(&sentences(&["O", text])).unwrap_err().to_string();
        assert_eq!(
            message("O I-LOC"),
            "word 1 of sentence 1: I-LOC follows O, but must follow B-LOC or I-LOC"
        );
        assert_eq!(
            message("I-LOC"),
            "word 0 of sentence 1: I-LOC follows the start, but must follow B-LOC or I-LOC"
        );
        let valid = InvalidBio::Refuse.apply(&sentences(&["B-X I-X B-X O", ""])).unwrap();
        assert_eq!((valid.repaired, valid.first_repaired), (0, None));
    }

    #[test]
    fn what_is_no_tag_is_never_repaired() {
        for text in ["S-LOC", "B-", "I", "O-LOC", "LOC", "O-"] {
            let error = InvalidBio::Repair.apply(&sentences(&[text])).unwrap_err();
            let expected = format!("word 0 of sentence 0 has tag \"{text}\": expected O, B-TYPE or I-TYPE");
            assert_eq!(error.to_string(), expected);
        }
    }
}
