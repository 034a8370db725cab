//! A task as decaNLP's code writes it before training: one JSON object a line, with `context`, `question`, `answer`,
//! and `all_answers` where there are several. Summaries are published in no other form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::Question;
use super::File;
use crate::error::DataError;
use crate::read::Lines;

#[derive(Deserialize)]
struct Row {
    context: String,
    question: String,
    answer: String,
    #[serde(default)]
    all_answers: Vec<String>,
    lang_dialogue_turn: Option<String>,
}

/// Whether the first line is such an object.
pub(super) fn is_written(file: &File) -> Result<bool, DataError> {
    let mut lines = Lines::open(&file.path)?;
    if !lines.advance()? || !lines.text().starts_with('{') {
        return Ok(false);
    }
    let keys = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(lines.text()).unwrap_or_default();
    Ok(["context", "question", "answer"].iter().all(|key| keys.contains_key(*key)))
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions: Vec<Question> = Vec::new();
    file.objects(|line, row: Row| {
        let answers = if row.all_answers.is_empty() { vec![row.answer] } else { row.all_answers };
        questions.push(Question {
            id: row.lang_dialogue_turn.unwrap_or_else(|| questions.len().to_string()),
            context: row.context,
            question: row.question,
            choices: Vec::new(),
            answers,
            line,
        });
        Ok(())
    })?;
    Ok(questions)
}
