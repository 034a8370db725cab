//! `[curriculum]`: which task comes when.

use mtl_curriculum::{SamplerKind, Unit};
use serde::Serialize;

use super::error::{ConfigError, ConfigProblem};
use super::section::Section;

pub(super) const CURRICULUM_KEYS: &[&str] = &["sampler", "unit"];

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
