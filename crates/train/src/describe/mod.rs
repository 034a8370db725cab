//! What the data of a configuration say before anything is trained: each task alone, and each pair of tasks.
//!
//! Numbers come from the files and the tokenizer; no model is read. What the literature says of them is in
//! [`Reading`]s, apart from the numbers and marked as what it is.

mod baseline;
mod domain;
mod guess;
mod labels;
mod lengths;
mod pair;
mod questions;
mod reading;
mod same_task;
mod task;
mod texts;
mod vocabulary;
mod warnings;

use serde::Serialize;

pub use baseline::Baselines;
pub use domain::{Domain, SAME_DOMAIN};
pub use labels::{LabelCount, LabelStatistics, REGRESSION_PARTS};
pub use lengths::Lengths;
pub use pair::{Category, PairDescription};
pub use questions::QuestionDescription;
pub use reading::Reading;
pub use same_task::SameTask;
pub use task::TaskDescription;
pub use texts::{Duplicated, TextStatistics};

use crate::config::Config;
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::{Options, on_threads};
use crate::prepare::Text;

use texts::RawTexts;
use vocabulary::Vocabularies;

/// No text is cut below this: the tokens of a text are counted before truncation.
const UNCUT: usize = u32::MAX as usize;

/// What the data of a configuration say.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Description {
    /// Each task, in the order of the configuration.
    pub tasks: Vec<TaskDescription>,
    /// Each task that no head answers, in the order of the configuration.
    pub questions: Vec<QuestionDescription>,
    /// Each pair of tasks, the earlier of the two first.
    pub pairs: Vec<PairDescription>,
    /// What is wrong, or may be, with the data.
    pub warnings: Vec<String>,
    /// What the literature says of these numbers: readings, not verdicts.
    pub readings: Vec<Reading>,
}

/// Reads and tokenizes the data of a configuration and describes it.
///
/// Writes nothing but the cache of tokenized texts. Errors if the data or the tokenizer is refused.
pub fn describe(
    config: &Config,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Description, TrainError> {
    on_threads(options.threads, || {
        let mut uncut = config.clone();
        uncut.encoder.max_tokens = UNCUT;
        uncut.headless.clear();
        let text = Text::load(&uncut, options, observer)?;
        let raw = RawTexts::read(config, &text.dataset, observer)?;
        let questions = questions::describe(config, observer)?;
        Ok(Description { questions, ..Description::of(config, &text, &raw)? })
    })
}

impl Description {
    fn of(config: &Config, text: &Text, raw: &[RawTexts]) -> Result<Description, TrainError> {
        let specials = texts::Specials::of(&text.tokenizer);
        let numbered = || text.dataset.tasks.iter().zip(&config.tasks).zip(raw);
        let tasks: Result<Vec<TaskDescription>, TrainError> = numbered()
            .map(|((data, task), raw)| TaskDescription::of(config, task, data, raw, &specials))
            .collect();
        let tasks = tasks?;
        let vocabularies = Vocabularies::of(raw);
        let mut pairs = Vec::new();
        for second in 1..tasks.len() {
            for first in 0..second {
                pairs.push(PairDescription::of(config, text, &vocabularies, (first, second)));
            }
        }
        pairs.sort_by_key(|pair| pair.task_indices());
        let warnings = warnings::warnings(&text.dataset, &tasks, &pairs);
        let readings = reading::readings(&tasks, &pairs);
        Ok(Description { tasks, questions: Vec::new(), pairs, warnings, readings })
    }
}
