//! SQuAD 1.1 and 2.0: one JSON document of articles of paragraphs of questions.
//!
//! Every annotator's answer is an answer, repeats included; a question that the paragraph does not answer has the
//! answer [`UNANSWERABLE`].

use std::sync::Arc;

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
    context: Option<String>,
    qas: Vec<Asked>,
}

#[derive(Deserialize)]
pub(in crate::benchmark) struct Asked {
    pub(in crate::benchmark) id: String,
    question: String,
    answers: Option<Vec<Answer>>,
    /// Said of the questions of version 2.0 only.
    pub(in crate::benchmark) is_impossible: Option<bool>,
}

impl Asked {
    /// The texts of the answers, if the file has any.
    pub(in crate::benchmark) fn answers(&self) -> Option<Vec<String>> {
        let texts = |answers: &Vec<Answer>| answers.iter().map(|answer| answer.text.clone()).collect();
        self.answers.as_ref().map(texts)
    }
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

/// Every question of a file, with the paragraph that it is about.
pub(in crate::benchmark) fn asked(file: &File) -> Result<impl Iterator<Item = (Arc<str>, Asked)>, DataError> {
    let paragraphs = file.document::<Document>()?.data.into_iter().flat_map(|article| article.paragraphs);
    Ok(paragraphs.flat_map(|Paragraph { context, qas }| {
        let context: Arc<str> = context.unwrap_or_default().into();
        qas.into_iter().map(move |asked| (context.clone(), asked))
    }))
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let question = |(context, asked): (Arc<str>, Asked)| Question {
        context: context.to_string(),
        answers: or_unanswerable(asked.answers()),
        id: asked.id,
        question: asked.question,
        line: 1,
        ..Question::default()
    };
    Ok(asked(file)?.map(question).collect())
}

fn or_unanswerable(answers: Option<Vec<String>>) -> Vec<String> {
    match answers {
        None => Vec::new(),
        Some(answers) if answers.is_empty() => vec![UNANSWERABLE.to_owned()],
        Some(answers) => answers,
    }
}
