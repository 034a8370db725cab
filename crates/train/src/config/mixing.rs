//! `[sharing]` and `[curriculum]`: how tasks share the encoder, and which comes when.

use mtl_curriculum::{SamplerKind, Unit};
use mtl_sharing::WeightingKind;
use serde::Serialize;

use super::choice::choices;
use super::error::{ConfigError, ConfigProblem, Suggestion};
use super::section::{Entry, Section};
use super::task::{TaskConfig, read_weight};

pub(super) const SHARING_KEYS: &[&str] = &["architecture", "weighting", "weights"];
pub(super) const CURRICULUM_KEYS: &[&str] = &["sampler", "unit"];

choices! {
    /// What the tasks share.
    Architecture {
        /// One encoder for all tasks, a head for each.
        Hard = "hard",
    }
}

/// How tasks share.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `architecture` | hard | what the tasks share | [`Architecture`] |
/// | `weighting` | fixed if any weight is given, else equal | how losses are weighted | [`WeightingKind`] |
/// | `weights` | | `{ task = weight }`, another way to write `tasks.NAME.weight` | above 0 |
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SharingConfig {
    /// What the tasks share.
    pub architecture: Architecture,
    /// How losses are weighted. The weights themselves are in [`TaskConfig::weight`].
    pub weighting: WeightingKind,
}

/// What to train when.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `sampler` | proportional | which task a draw falls on | [`SamplerKind`] |
/// | `unit` | batch | what one draw stands for | [`Unit`] |
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CurriculumConfig {
    /// Which task a draw falls on.
    pub sampler: SamplerKind,
    /// What one draw stands for.
    pub unit: Unit,
}

impl SharingConfig {
    /// Reads the section and hands its weights to the tasks.
    pub(super) fn read(section: Option<&Section<'_>>, tasks: &mut [TaskConfig]) -> Result<Self, ConfigError> {
        let mut weighted = tasks.iter().any(|task| task.weight != 1.0);
        let Some(section) = section else {
            return Ok(Self { architecture: Architecture::Hard, weighting: default_weighting(weighted) });
        };
        if let Some(weights) = section.get("weights") {
            read_weights(&weights.table(None)?, tasks)?;
            weighted = true;
        }
        let architecture = section.or("architecture", Architecture::Hard, |entry| entry.choice())?;
        let weighting = section.or("weighting", default_weighting(weighted), |entry| {
            let weighting = entry.choice()?;
            check_equal(entry, weighting, tasks)?;
            Ok(weighting)
        })?;
        Ok(Self { architecture, weighting })
    }
}

impl CurriculumConfig {
    /// `batch` sequences make a step, which must be divisible among `n_tasks` tasks where the unit asks for it.
    pub(super) fn read(
        section: Option<&Section<'_>>,
        batch: usize,
        n_tasks: usize,
    ) -> Result<Self, ConfigError> {
        let Some(section) = section else {
            return Ok(Self { sampler: SamplerKind::Proportional, unit: Unit::Batch });
        };
        Ok(Self {
            sampler: section.or("sampler", SamplerKind::Proportional, |entry| entry.choice())?,
            unit: section.or("unit", Unit::Batch, |entry| {
                let unit: Unit = entry.choice()?;
                unit.check(batch, n_tasks).map_err(|error| entry.error(ConfigProblem::Curriculum(error)))?;
                Ok(unit)
            })?,
        })
    }
}

fn default_weighting(weighted: bool) -> WeightingKind {
    if weighted { WeightingKind::Fixed } else { WeightingKind::Equal }
}

fn read_weights(weights: &Section<'_>, tasks: &mut [TaskConfig]) -> Result<(), ConfigError> {
    for entry in weights.entries() {
        let weight = read_weight(&entry)?;
        match tasks.iter_mut().find(|task| task.name == entry.key) {
            Some(task) if task.weight != 1.0 && task.weight != weight => {
                let first = format!("tasks.{}.weight", task.name);
                return Err(entry.key_error(ConfigProblem::Conflict { first, second: entry.name.clone() }));
            }
            Some(task) => task.weight = weight,
            None => {
                let suggestion = Suggestion::new(entry.key, tasks.iter().map(|task| task.name.as_str()));
                let key = entry.name.clone();
                return Err(entry.key_error(ConfigProblem::UnknownKey { key, suggestion }));
            }
        }
    }
    Ok(())
}

fn check_equal(entry: &Entry<'_>, weighting: WeightingKind, tasks: &[TaskConfig]) -> Result<(), ConfigError> {
    match tasks.iter().find(|task| weighting == WeightingKind::Equal && task.weight != 1.0) {
        None => Ok(()),
        Some(TaskConfig { name, weight, .. }) => {
            Err(entry.error(ConfigProblem::UnusedWeight { task: name.clone(), weight: *weight }))
        }
    }
}
