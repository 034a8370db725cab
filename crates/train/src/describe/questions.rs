//! Tasks of benchmarks that no head answers: what their questions are like.

use mtl_data::benchmark::{Part, Question, UNANSWERABLE};
use serde::Serialize;

use super::lengths::Lengths;
use crate::config::{Config, HeadlessTask};
use crate::error::TrainError;
use crate::observer::Observer;

/// The questions of one task; all numbers but the sizes are of its train set, or of its dev set if it has no train set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuestionDescription {
    /// The task's name.
    pub name: String,
    /// The benchmark's task, as `superglue/copa`.
    pub benchmark: String,
    /// The head that it needs.
    pub head: &'static str,
    /// Train questions; 0 if the set is not there.
    pub train_questions: usize,
    /// Dev questions; 0 if the set is not there.
    pub dev_questions: usize,
    /// Words of a context, which white space divides.
    pub context_words: Lengths,
    /// Words of a question.
    pub question_words: Lengths,
    /// Words of an answer.
    pub answer_words: Lengths,
    /// Answers a question, on average.
    pub answers: f64,
    /// Choices a question, on average; 0 where the answer is free.
    pub choices: f64,
    /// The share of questions one of whose answers stands in the context, to the letter.
    pub in_context: f64,
    /// The share of questions that their context does not answer.
    pub unanswerable: f64,
}

/// Describes each task without a head.
pub(super) fn describe(
    config: &Config,
    observer: &mut dyn Observer,
) -> Result<Vec<QuestionDescription>, TrainError> {
    config.headless.iter().map(|task| QuestionDescription::of(task, config, observer)).collect()
}

impl QuestionDescription {
    fn of(
        task: &HeadlessTask,
        config: &Config,
        observer: &mut dyn Observer,
    ) -> Result<QuestionDescription, TrainError> {
        let mut read = |part| {
            let path = task.find(&config.data, part)?;
            observer.tokenizing(&path, 0, 1);
            Ok::<_, TrainError>(task.files.task.questions(&path, part)?)
        };
        // A set that is not there is none, unless both are missing.
        let there = |part| task.find(&config.data, part).is_ok();
        let train = if there(Part::Train) { read(Part::Train)? } else { Vec::new() };
        let dev = if there(Part::Dev) || train.is_empty() { read(Part::Dev)? } else { Vec::new() };
        let all = if train.is_empty() { &dev } else { &train };
        let mean =
            |of: fn(&Question) -> usize| all.iter().map(of).sum::<usize>() as f64 / all.len().max(1) as f64;
        Ok(QuestionDescription {
            name: task.name.clone(),
            benchmark: task.files.task.full_name(),
            head: task.files.task.asks.head(),
            train_questions: train.len(),
            dev_questions: dev.len(),
            context_words: lengths(all.iter().map(|question| question.context.as_str())),
            question_words: lengths(all.iter().map(|question| question.question.as_str())),
            answer_words: lengths(all.iter().flat_map(|question| &question.answers).map(String::as_str)),
            answers: mean(|question| question.answers.len()),
            choices: mean(|question| question.choices.len()),
            in_context: mean(|question| usize::from(stands_in_context(question))),
            unanswerable: mean(|question| usize::from(question.answers.iter().any(|a| a == UNANSWERABLE))),
        })
    }
}

fn lengths<'a>(texts: impl Iterator<Item = &'a str>) -> Lengths {
    Lengths::of(texts.map(|text| text.split_whitespace().count()).collect())
}

fn stands_in_context(question: &Question) -> bool {
    question.answers.iter().any(|answer| question.context.contains(answer.as_str()))
}
