//! ReCoRD: queries that lack an entity of their passage. Read as SuperGLUE publishes it (one passage a line) and as
//! its authors do (one document).
//!
//! The choices are the passage's entities, each once, in its order; every mention that is right is an answer, each
//! text once.

use serde::Deserialize;

use super::super::Question;
use super::File;
use crate::error::DataError;

#[derive(Deserialize)]
struct Document {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    passage: Passage,
    qas: Vec<Asked>,
}

#[derive(Deserialize)]
struct Passage {
    text: String,
    entities: Vec<Span>,
}

/// The characters of a mention, the last one included.
#[derive(Deserialize)]
struct Span {
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    #[serde(default)]
    answers: Vec<Answer>,
    #[serde(alias = "id")]
    idx: Id,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Name(String),
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions = Vec::new();
    let document = file.path.extension().is_some_and(|extension| extension == "json");
    if document {
        for row in file.document::<Document>()?.data {
            add(file, 1, row, &mut questions)?;
        }
    } else {
        file.objects(|line, row: Row| add(file, line, row, &mut questions))?;
    }
    Ok(questions)
}

fn add(file: &File, line: usize, row: Row, questions: &mut Vec<Question>) -> Result<(), DataError> {
    let letters: Vec<char> = row.passage.text.chars().collect();
    let mut choices: Vec<String> = Vec::new();
    for Span { start, end } in row.passage.entities {
        let mention = (start <= end).then(|| letters.get(start..=end)).flatten();
        let mention = mention.ok_or_else(|| file.refused(line, "entities inside the passage"))?;
        add_new(&mut choices, mention.iter().collect());
    }
    for asked in row.qas {
        let mut answers = Vec::new();
        asked.answers.into_iter().for_each(|answer| add_new(&mut answers, answer.text));
        questions.push(Question {
            id: match asked.idx {
                Id::Number(number) => number.to_string(),
                Id::Name(name) => name,
            },
            context: row.passage.text.clone(),
            question: asked.query,
            choices: choices.clone(),
            answers,
            line,
        });
    }
    Ok(())
}

fn add_new(all: &mut Vec<String>, text: String) {
    if !all.contains(&text) {
        all.push(text);
    }
}
