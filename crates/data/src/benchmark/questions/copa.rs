//! COPA: which of two alternatives is the cause or the effect of a premise. The label is the alternative's number.

use serde::Deserialize;

use super::super::Question;
use super::File;
use crate::error::DataError;

#[derive(Deserialize)]
struct Row {
    premise: String,
    choice1: String,
    choice2: String,
    question: String,
    label: Option<usize>,
    idx: u64,
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions = Vec::new();
    file.objects(|line, row: Row| {
        let choices = vec![row.choice1, row.choice2];
        let answers = match row.label {
            None => Vec::new(),
            Some(label) => match choices.get(label) {
                Some(choice) => vec![choice.clone()],
                None => return Err(file.refused(line, "label 0 or 1")),
            },
        };
        let id = row.idx.to_string();
        questions.push(Question { id, context: row.premise, question: row.question, choices, answers, line });
        Ok(())
    })?;
    Ok(questions)
}
