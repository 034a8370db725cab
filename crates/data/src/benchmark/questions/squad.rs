//! SQuAD 1.1 and 2.0: one JSON document of articles of paragraphs of questions.
//!
//! Every annotator's answer is an answer, repeats included; a question that the paragraph does not answer has the
//! answer [`UNANSWERABLE`].

use serde::Deserialize;

use super::super::Question;
use super::super::question::UNANSWERABLE;
use super::File;
use crate::error::DataError;

#[derive(Deserialize)]
struct Document {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
struct Paragraph {
    context: String,
    qas: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    id: String,
    question: String,
    answers: Option<Vec<Answer>>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions = Vec::new();
    for paragraph in file.document::<Document>()?.data.into_iter().flat_map(|article| article.paragraphs) {
        for Asked { id, question, answers } in paragraph.qas {
            let context = paragraph.context.clone();
            questions.push(Question {
                id,
                context,
                question,
                answers: texts(answers),
                line: 1,
                ..Question::default()
            });
        }
    }
    Ok(questions)
}

fn texts(answers: Option<Vec<Answer>>) -> Vec<String> {
    match answers {
        None => Vec::new(),
        Some(answers) if answers.is_empty() => vec![UNANSWERABLE.to_owned()],
        Some(answers) => answers.into_iter().map(|answer| answer.text).collect(),
    }
}
