//! SuperGLUE's rows that are no plain columns: Words in Context, the Winograd Schema Challenge, MultiRC.
//!
//! What becomes of each is said in [`crate::benchmark`]'s table of SuperGLUE's tasks.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::error::DataError;
use crate::example::{Example, Label, Text};
use crate::labels::LabelSet;
use crate::read::jsonl::{Jsonl, Object};
use crate::read::label::LabelReader;
use crate::read::reader::Rows;
use crate::read::source::{Format, Source};

/// Words in Context, and the Winograd Schema Challenge: one pair a line.
pub(crate) struct Marked {
    json: Jsonl,
    format: Format,
}

impl Marked {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
        format: Format,
    ) -> Result<Self, DataError> {
        Ok(Self { json: Jsonl::open_any(source, path, known)?, format })
    }

    /// The word in front of the first sentence, and the second sentence.
    fn wic(&self, object: &Object<'_>) -> Result<Text, DataError> {
        let string = |key| self.json.string(object, key);
        Ok(Text::Pair(format!("{}: {}", string("word")?, string("sentence1")?), string("sentence2")?))
    }

    /// The text with its pronoun marked, and the noun phrase.
    fn wsc(&self, object: &Object<'_>) -> Result<Text, DataError> {
        let text = self.json.string(object, "text")?;
        let pronoun = self.json.string(object, "target.span2_text")?;
        let index = self.json.get(object, "target.span2_index")?;
        let word: usize = self.json.parse(index.get())?;
        let marked = mark(&text, &pronoun, word).ok_or_else(|| DataError::NoSpan {
            at: self.json.at(index.get()),
            span: pronoun,
            word,
        })?;
        Ok(Text::Pair(marked, self.json.string(object, "target.span1_text")?))
    }
}

impl Rows for Marked {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        if !self.json.advance()? {
            return Ok(None);
        }
        let object = self.json.object()?;
        let text = if self.format == Format::Wic { self.wic(&object)? } else { self.wsc(&object)? };
        let label = self.json.label(&object, &text)?;
        Ok(Some(Example { text, label, line: self.json.lines.number() }))
    }

    fn labels(&self) -> &LabelReader {
        Rows::labels(&self.json)
    }
}

/// The text with asterisks around `span` where the word with this number, from 0, begins with it; if that one does
/// not, around the nearest word that does. Case does not count. `None` if no word begins so.
fn mark(text: &str, span: &str, word: usize) -> Option<String> {
    let starts = text.split_whitespace().map(|word| word.as_ptr() as usize - text.as_ptr() as usize);
    let fits = |start: &usize| {
        let end = start + span.len();
        text.get(*start..end).is_some_and(|found| found.eq_ignore_ascii_case(span))
    };
    let fitting = starts.enumerate().filter(|(_, start)| fits(start));
    let (_, start) = fitting.min_by_key(|(number, _)| number.abs_diff(word))?;
    let end = start + span.len();
    Some(format!("{}*{}*{}", &text[..start], &text[start..end], &text[end..]))
}

/// MultiRC: one line is a paragraph with questions with answers; each answer is an example.
pub(crate) struct MultiRc {
    json: Jsonl,
    read: VecDeque<Example>,
}

impl MultiRc {
    pub(crate) fn open(
        source: &Source,
        path: &Arc<Path>,
        known: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        Ok(Self { json: Jsonl::open_any(source, path, known)?, read: VecDeque::new() })
    }

    fn examples(&self) -> Result<VecDeque<Example>, DataError> {
        let (json, mut examples) = (&self.json, VecDeque::new());
        let row = json.object()?;
        let passage: Object<'_> = json.parse(json.get(&row, "passage")?.get())?;
        let text = json.string(&passage, "text")?;
        let questions: Vec<&RawValue> = json.parse(json.get(&passage, "questions")?.get())?;
        for question in questions {
            let question: Object<'_> = json.parse(question.get())?;
            let first = format!("{text} {}", json.string(&question, "question")?);
            let answers: Vec<&RawValue> = json.parse(json.get(&question, "answers")?.get())?;
            for answer in answers {
                let answer: Object<'_> = json.parse(answer.get())?;
                let text = Text::Pair(first.clone(), json.string(&answer, "text")?);
                // Test sets come without labels.
                let label = match json.label(&answer, &text) {
                    Err(DataError::UnknownColumn { .. }) => Label::Missing,
                    label => label?,
                };
                examples.push_back(Example { text, label, line: json.lines.number() });
            }
        }
        Ok(examples)
    }
}

impl Rows for MultiRc {
    fn next_row(&mut self) -> Result<Option<Example>, DataError> {
        while self.read.is_empty() && self.json.advance()? {
            self.read = self.examples()?;
        }
        Ok(self.read.pop_front())
    }

    fn labels(&self) -> &LabelReader {
        Rows::labels(&self.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pronoun_at_its_word_is_marked() {
        assert_eq!(mark("He saw him. He left.", "he", 3).unwrap(), "He saw him. *He* left.");
        assert_eq!(mark("It broke; throw it.", "it", 3).unwrap(), "It broke; throw *it*.");
    }

    #[test]
    fn a_wrong_number_is_put_right_by_the_nearest_word() {
        assert_eq!(mark("Use it, then use it again.", "it", 3).unwrap(), "Use it, then use *it* again.");
        assert_eq!(mark("Nothing here.", "it", 0), None);
    }
}
