//! MultiRC: questions about a paragraph, any number of whose candidate answers are right.
//!
//! The identifier is `PARAGRAPH/QUESTION`; the candidates are the choices, in the order of the file.

use serde::Deserialize;

use super::super::Question;
use super::File;
use crate::error::DataError;

#[derive(Deserialize)]
struct Row {
    idx: u64,
    passage: Passage,
}

#[derive(Deserialize)]
struct Passage {
    text: String,
    questions: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    idx: u64,
    question: String,
    answers: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    text: String,
    label: Option<u8>,
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions = Vec::new();
    file.objects(|line, row: Row| {
        for asked in row.passage.questions {
            let right = asked.answers.iter().filter(|candidate| candidate.label == Some(1));
            questions.push(Question {
                id: format!("{}/{}", row.idx, asked.idx),
                context: row.passage.text.clone(),
                question: asked.question,
                answers: right.map(|candidate| candidate.text.clone()).collect(),
                choices: asked.answers.into_iter().map(|candidate| candidate.text).collect(),
                line,
            });
        }
        Ok(())
    })?;
    Ok(questions)
}
