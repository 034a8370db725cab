//! `[[curriculum.stages]]`: what is trained for a while.

use mtl_curriculum::{Length, SamplerConfig, Unit};
use serde::Serialize;

use super::curriculum::{CurriculumConfig, check_unit, read_sampler};
use super::error::ConfigError;
use super::section::{Entry, Section};
use super::task::TaskConfig;
use super::training::{TrainConfig, read_length};

pub(super) const KEYS: &[&str] = &["tasks", "sampler", "unit", "epochs", "steps"];

/// A stage of a run.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `tasks` | all | the tasks that it trains | names of tasks |
/// | `sampler` | that of `[curriculum]` | which task a draw falls on | [`SamplerConfig`] |
/// | `unit` | that of `[curriculum]` | what one draw stands for | [`Unit`] |
/// | `epochs` | that of `[train]` | length; this or `steps` | 1 to 100 million |
/// | `steps` | that of `[train]` | length in optimizer updates | 1 to 100 million |
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StageConfig {
    /// The tasks that it trains.
    pub tasks: Vec<String>,
    /// Which task a draw falls on.
    pub sampler: SamplerConfig,
    /// What one draw stands for.
    pub unit: Unit,
    /// How long it is.
    #[serde(flatten)]
    pub length: Length,
}

impl StageConfig {
    /// `curriculum` and `train` say what a stage does not.
    pub(super) fn read(
        section: &Section<'_>,
        curriculum: &CurriculumConfig,
        train: &TrainConfig,
        tasks: &[TaskConfig],
    ) -> Result<Self, ConfigError> {
        let all = || tasks.iter().map(|task| task.name.clone()).collect();
        let stage = Self {
            tasks: section.option("tasks", |entry| read_tasks(entry, tasks))?.unwrap_or_else(all),
            sampler: section.or("sampler", curriculum.sampler.clone(), read_sampler)?,
            unit: section.or("unit", curriculum.unit, |entry| entry.choice())?,
            length: read_length(section, train.length)?,
        };
        check_unit(section, stage.unit, train.batch, stage.tasks.len())?;
        Ok(stage)
    }
}

/// Names of tasks, in the order of the tasks.
fn read_tasks(entry: &Entry<'_>, tasks: &[TaskConfig]) -> Result<Vec<String>, ConfigError> {
    let names = entry.names()?;
    let known = || tasks.iter().map(|task| task.name.as_str());
    match names.iter().find(|name| known().all(|known| known != name.as_str())) {
        Some(unknown) => Err(entry.unknown(unknown, known())),
        None => {
            Ok(known().filter(|known| names.iter().any(|name| name == known)).map(str::to_owned).collect())
        }
    }
}
