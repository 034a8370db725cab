//! MWSC: Winograd schemas, each three lines and an empty one: `[one/other]` in sentence and question, and the answers.
//!
//! A schema ends with an empty line; one that lacks it does not count, which makes the published numbers of questions.
//! It gives two questions. Of all questions the first 80 are the train set, the last 100 the test set, and what
//! lies between the dev set, as decaNLP divides them. Difference: where a text has two brackets, decaNLP's code keeps
//! neither.

use super::super::{Part, Question};
use super::{File, squeeze};
use crate::error::DataError;
use crate::read::Lines;

const TRAIN: usize = 80;
const TEST: usize = 100;

pub(super) fn read(file: &File, part: Part) -> Result<Vec<Question>, DataError> {
    let (mut questions, mut schema) = (Vec::new(), Vec::new());
    let mut lines = Lines::open(&file.path)?;
    while lines.advance()? {
        let (line, text) = (lines.number(), squeeze(lines.text()));
        if !text.is_empty() {
            schema.push(text);
        } else if let [sentence, question, answers] = &schema[..] {
            let Some((first, second)) = answers.split_once('/') else {
                return Err(file.refused(line, "two answers with a `/` between them"));
            };
            for (which, answer) in [first, second].into_iter().enumerate() {
                questions.push(Question {
                    id: questions.len().to_string(),
                    context: variant(sentence, which),
                    question: format!("{} {first} or {second}?", variant(question, which)),
                    choices: vec![first.to_owned(), second.to_owned()],
                    answers: vec![answer.to_owned()],
                    line: line - 3,
                });
            }
            schema.clear();
        } else if !schema.is_empty() {
            return Err(file.refused(line, "schemas of three lines"));
        }
    }
    let count = questions.len();
    let test = count.saturating_sub(TEST);
    let train = TRAIN.min(test);
    let of_part = match part {
        Part::Train => 0..train,
        Part::Dev => train..test,
        Part::Test => test..count,
    };
    Ok(questions.drain(of_part).collect())
}

/// The text with each `[one/other]` as its one or its other.
fn variant(text: &str, which: usize) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('[') {
        let (both, after) = after.split_once(']').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(both.split('/').nth(which).unwrap_or(both));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bracket_has_two_variants() {
        assert_eq!(variant("It is [big/small] and [a/b].", 0), "It is big and a.");
        assert_eq!(variant("It is [big/small] and [a/b].", 1), "It is small and b.");
        assert_eq!(variant("plain", 1), "plain");
    }
}
