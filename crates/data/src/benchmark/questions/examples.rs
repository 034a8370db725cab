//! Questions from a task's examples: the first text is the context, the second the question, the label the answer.

use super::super::{Benchmark, Question};
use super::File;
use crate::error::DataError;
use crate::example::{Example, Label, Text};

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let source = file.task.source(&*file.path)?;
    let examples = source.read()?.collect::<Result<Vec<_>, _>>()?;
    let ids = match file.task.benchmark {
        Benchmark::SuperGlue => source.read_keys("idx")?,
        _ => (0..examples.len()).map(|row| row.to_string()).collect(),
    };
    let choices = file.task.labels.iter().map(|label| label.to_string()).collect::<Vec<_>>();
    let question = |(example, id): (Example, String)| {
        let (context, question) = texts(example.text);
        let answers = answers(&example.label);
        Question { id, context, question, choices: choices.clone(), answers, line: example.line }
    };
    Ok(examples.into_iter().zip(ids).map(question).collect())
}

/// MultiNLI as decaNLP asks it. The answer about a pair without an agreed label is `-`, as in the files.
pub(super) fn multinli(file: &File) -> Result<Vec<Question>, DataError> {
    let mut questions = read(file)?;
    for question in &mut questions {
        if question.answers.is_empty() {
            question.answers.push("-".to_owned());
        }
        question.context = format!("Premise: \"{}\"", question.context);
        question.question =
            format!("Hypothesis: \"{}\" -- entailment, neutral, or contradiction?", question.question);
    }
    Ok(questions)
}

/// Reviews as decaNLP asks about them. Neutral ones have no answer and are left out.
pub(super) fn sst(file: &File) -> Result<Vec<Question>, DataError> {
    let word = |label: &String| if label == "0" { "negative" } else { "positive" }.to_owned();
    let mut questions = read(file)?;
    questions.retain(|question| !question.answers.is_empty());
    for question in &mut questions {
        question.question = "Is this review negative or positive?".to_owned();
        question.choices = question.choices.iter().map(word).collect();
        question.answers = question.answers.iter().map(word).collect();
    }
    Ok(questions)
}

fn texts(text: Text) -> (String, String) {
    match text {
        Text::Single(text) => (text, String::new()),
        Text::Pair(first, second) => (first, second),
        Text::Words(words) => (words.join(" "), String::new()),
    }
}

fn answers(label: &Label) -> Vec<String> {
    match label {
        Label::Class(name) => vec![name.clone()],
        Label::Value(value) => vec![value.to_string()],
        Label::Classes(names) | Label::Tags(names) => names.clone(),
        Label::Missing => Vec::new(),
    }
}
