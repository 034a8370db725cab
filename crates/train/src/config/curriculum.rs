//! `[curriculum]`: which task comes when, and when one has been trained enough.

use mtl_curriculum::{CurriculumError, SamplerConfig, StoppingConfig, Unit, sampler, stopping};
use serde::Serialize;

use super::error::{ConfigError, ConfigProblem};
use super::method;
use super::section::{Entry, Section};
use super::stage::{KEYS, StageConfig};
use super::task::TaskConfig;
use super::training::TrainConfig;

pub(super) const CURRICULUM_KEYS: &[&str] = &["sampler", "unit", "stopping", "stages"];

/// What to train when.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `sampler` | proportional | which task a draw falls on | [`SamplerConfig`] |
/// | `unit` | batch | what one draw stands for | [`Unit`] |
/// | `stopping` | none | when a task is trained no more | [`StoppingConfig`] |
/// | `stages` | one stage of all tasks | `[[curriculum.stages]]`, one after the other | |
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurriculumConfig {
    /// Which task a draw falls on.
    pub sampler: SamplerConfig,
    /// What one draw stands for.
    pub unit: Unit,
    /// When a task is trained no more.
    pub stopping: StoppingConfig,
    /// The stages of the run; without any, one of all tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageConfig>,
}

impl CurriculumConfig {
    /// Steps are made of the sequences that `train` says, which must be divisible among the tasks where a unit asks for
    /// it; with tasks that cannot be trained there are `n_tasks`.
    pub(super) fn read(
        section: Option<&Section<'_>>,
        train: &TrainConfig,
        tasks: &[TaskConfig],
        n_tasks: usize,
    ) -> Result<Self, ConfigError> {
        let (sampler, stopping) = (SamplerConfig::default(), StoppingConfig::default());
        let whole = Self { sampler, unit: Unit::Batch, stopping, stages: Vec::new() };
        let Some(section) = section else { return Ok(whole) };
        let read = Self {
            sampler: section.or("sampler", whole.sampler, read_sampler)?,
            unit: section.or("unit", whole.unit, |entry| entry.choice())?,
            stopping: section.or("stopping", whole.stopping, read_stopping)?,
            stages: Vec::new(),
        };
        let Some(stages) = section.get("stages") else {
            check_unit(section, read.unit, train.batch, n_tasks)?;
            return Ok(read);
        };
        let stages = stages.tables(KEYS)?;
        let stages = stages.iter().map(|stage| StageConfig::read(stage, &read, train, tasks));
        let stages = stages.collect::<Result<_, _>>()?;
        Ok(Self { stages, ..read })
    }

    /// [`Unit::Batch`] if any step is of one task.
    pub(super) fn narrowest_unit(&self) -> Unit {
        let mut units = self.stages.iter().map(|stage| stage.unit);
        match units.next() {
            None => self.unit,
            Some(first) => {
                units.fold(first, |narrowest, unit| if unit == Unit::Batch { unit } else { narrowest })
            }
        }
    }

    /// The same in one stage.
    pub(super) fn without_stages(&self) -> Self {
        Self { stages: Vec::new(), ..self.clone() }
    }

    /// The same without a task; a stage that trains no other is left out.
    pub(super) fn without_task(&self, name: &str) -> Self {
        let mut stages = self.stages.clone();
        stages.iter_mut().for_each(|stage| stage.tasks.retain(|task| task != name));
        stages.retain(|stage| !stage.tasks.is_empty());
        Self { stages, ..self.clone() }
    }
}

pub(super) fn read_sampler(entry: &Entry<'_>) -> Result<SamplerConfig, ConfigError> {
    let (method, given) = method::read(entry, sampler::ROWS.iter().map(|row| &row.method))?;
    SamplerConfig::new(method.name, given).map_err(refused(entry))
}

fn read_stopping(entry: &Entry<'_>) -> Result<StoppingConfig, ConfigError> {
    let (method, given) = method::read(entry, stopping::ROWS.iter().map(|row| &row.method))?;
    StoppingConfig::new(method.name, given).map_err(refused(entry))
}

fn refused(entry: &Entry<'_>) -> impl Fn(CurriculumError) -> ConfigError {
    |error| entry.error(ConfigProblem::Curriculum(error))
}

/// Errors, at the key or else at the table, if steps cannot be made of so many tasks.
pub(super) fn check_unit(
    section: &Section<'_>,
    unit: Unit,
    batch: usize,
    n_tasks: usize,
) -> Result<(), ConfigError> {
    unit.check(batch, n_tasks).map_err(|error| {
        let problem = ConfigProblem::Curriculum(error);
        match section.get("unit") {
            Some(entry) => entry.error(problem),
            None => section.error(problem),
        }
    })
}
