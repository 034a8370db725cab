//! QA-ZRE: relation, question about `XXX`, the entity, the sentence, and any number of answers, between tabs.
//!
//! A question without an answer has the answer [`UNANSWERABLE`]; several answers are all wanted, so they are one text,
//! joined by commas, as decaNLP joins them.

use super::super::Question;
use super::super::question::UNANSWERABLE;
use super::File;
use crate::error::DataError;

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions: Vec<Question> = Vec::new();
    file.lines(|line, text| {
        let fields: Vec<&str> = text.split('\t').collect();
        let [_relation, question, entity, context, answers @ ..] = &fields[..] else {
            return Err(file.refused(line, "relation, question, entity and sentence between tabs"));
        };
        let answer = if answers.is_empty() { UNANSWERABLE.to_owned() } else { answers.join(", ") };
        questions.push(Question {
            id: questions.len().to_string(),
            context: context.to_string(),
            question: question.replace("XXX", entity),
            answers: vec![answer],
            line,
            ..Question::default()
        });
        Ok(())
    })?;
    Ok(questions)
}
