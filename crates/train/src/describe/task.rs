//! One task of a description.

use serde::Serialize;

use super::baseline::Baselines;
use super::labels::LabelStatistics;
use super::texts::{Duplicated, RawTexts, Specials, TextStatistics};
use crate::config::{Config, TaskConfig};
use crate::dataset::{ExampleSet, Target, TaskData};
use crate::error::TrainError;

/// What the data of one task say.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskDescription {
    /// The task's name.
    pub name: String,
    /// What it predicts.
    pub kind: &'static str,
    /// Labelled train examples; all numbers about texts and labels are of these.
    pub train_examples: usize,
    /// Labelled dev examples.
    pub dev_examples: usize,
    /// Its label distribution.
    pub labels: LabelStatistics,
    /// What scores on dev are to be held against.
    pub baselines: Baselines,
    /// Its texts.
    pub texts: TextStatistics,
    /// Texts that stand more than once. Unlabelled examples count here.
    pub duplicated: Duplicated,
}

impl TaskDescription {
    pub(super) fn of(
        config: &Config,
        task: &TaskConfig,
        data: &TaskData,
        raw: &RawTexts,
        specials: &Specials,
    ) -> Result<TaskDescription, TrainError> {
        let (spec, labelled) = (&data.spec, data.train.labelled());
        let train = targets(&data.train);
        let dev = targets(&data.dev);
        let texts: Vec<_> = labelled.iter().map(|&i| (&raw.train[i], &data.train.encoded[i])).collect();
        Ok(TaskDescription {
            name: task.name.clone(),
            kind: task.kind.name(),
            train_examples: train.len(),
            dev_examples: dev.len(),
            labels: LabelStatistics::of(spec, &train),
            baselines: Baselines::of(spec, &train, &dev, config.train.label_smoothing)?,
            texts: TextStatistics::of(&texts, config.encoder.max_tokens, specials),
            duplicated: Duplicated::of(raw, data.duplicates.count),
        })
    }
}

/// The targets of the examples that have one.
fn targets(set: &ExampleSet) -> Vec<&Target> {
    set.targets.iter().filter(|target| **target != Target::Missing).collect()
}
