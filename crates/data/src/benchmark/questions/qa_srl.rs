//! QA-SRL: blocks of a sentence, its verbs, and questions about each verb.
//!
//! A block is a line of name and number of verbs, the sentence, and per verb a line of its place, the verb and the
//! number of questions, each of which is a line of seven slots (`_` is empty), `?`, and answers between ` ### `.

use super::super::Question;
use super::{File, squeeze};
use crate::error::DataError;

const SLOTS: usize = 7;

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let (mut questions, mut block) = (Vec::new(), Block::Name);
    file.lines(|line, text| {
        let fields: Vec<&str> = text.split('\t').collect();
        block = match std::mem::replace(&mut block, Block::Name) {
            Block::Name => Block::Sentence(count(file, line, &fields, 2)?),
            Block::Sentence(verbs) => Block::Verb { sentence: squeeze(text), verbs },
            Block::Verb { sentence, verbs } => {
                let left = count(file, line, &fields, 3)?;
                Block::Question { sentence, verbs: verbs.saturating_sub(1), left }.next()
            }
            Block::Question { sentence, verbs, left } => {
                let id = questions.len().to_string();
                let (question, answers) = asked(&fields).ok_or_else(|| file.refused(line, EXPECTED))?;
                let context = sentence.clone();
                questions.push(Question { id, context, question, answers, line, ..Question::default() });
                Block::Question { sentence, verbs, left: left - 1 }.next()
            }
        };
        Ok(())
    })?;
    Ok(questions)
}

const EXPECTED: &str = "seven slots, `?` and answers between tabs";

/// What the next line is.
enum Block {
    Name,
    Sentence(usize),
    Verb { sentence: String, verbs: usize },
    Question { sentence: String, verbs: usize, left: usize },
}

impl Block {
    /// What follows when no question of a verb, or no verb of a sentence, is left.
    fn next(self) -> Self {
        match self {
            Self::Question { sentence, verbs, left: 0 } if verbs > 0 => Self::Verb { sentence, verbs },
            Self::Question { left: 0, .. } => Self::Name,
            other => other,
        }
    }
}

/// The number in the last of `expected` fields.
fn count(file: &File, line: usize, fields: &[&str], expected: usize) -> Result<usize, DataError> {
    let number = fields.get(expected - 1).and_then(|field| field.trim().parse().ok());
    number.filter(|_| fields.len() == expected).ok_or_else(|| {
        let what = if expected == 2 {
            "a name and a number of verbs"
        } else {
            "place, verb and a number of questions"
        };
        file.refused(line, what)
    })
}

/// The question without its empty slots, and its answers.
fn asked(fields: &[&str]) -> Option<(String, Vec<String>)> {
    let (slots, rest) = fields.split_at_checked(SLOTS)?;
    let &["?", answers] = rest else { return None };
    let filled: Vec<&str> = slots.iter().copied().filter(|slot| *slot != "_").collect();
    Some((format!("{}?", filled.join(" ")), answers.split("###").map(squeeze).collect()))
}
