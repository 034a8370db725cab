//! `[sharing]`: how the tasks share the encoder and its steps.

use std::collections::BTreeMap;

use mtl_curriculum::Unit;
use mtl_sharing::gradient::{KeyValue, Needs};
use mtl_sharing::{GradientKind, WeightingConfig, WeightingKind};
use serde::Serialize;

use super::choice::choices;
use super::error::{ConfigError, ConfigProblem, Suggestion};
use super::section::{Entry, Section};
use super::task::{TaskConfig, read_weight};
use crate::step::INDEPENDENT;

/// The keys that are not a method's own.
const KEYS: &[&str] = &["architecture", "weighting", "weights", "gradients", "measure_every"];

/// How often tasks are measured where the configuration does not say.
const MEASURE_EVERY: u64 = 50;

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
/// | `gradients` | sum | how the tasks' gradients become one | [`GradientKind`] |
/// | `measure_every` | 50 where steps mix tasks | steps between measurements of each task's gradient; 0 never | at least 0 |
///
/// The keys of the loss weighting and of the gradient combining stand beside these: [`WeightingKind::keys`] and
/// [`GradientKind::keys`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SharingConfig {
    /// What the tasks share.
    pub architecture: Architecture,
    /// How losses are weighted. Fixed weights themselves are in [`TaskConfig::weight`].
    #[serde(flatten)]
    pub weighting: WeightingConfig,
    /// How the tasks' gradients become one.
    #[serde(flatten)]
    pub gradients: GradientsConfig,
    /// Steps between measurements of the norms and the conflict of the tasks' gradients, where the method does not
    /// find them anyway; 0 never measures.
    pub measure_every: u64,
}

/// A gradient combining with its settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GradientsConfig {
    /// The method.
    #[serde(rename = "gradients")]
    pub kind: GradientKind,
    /// Each of its keys.
    #[serde(flatten)]
    pub values: BTreeMap<String, KeyValue>,
}

impl GradientsConfig {
    /// The plain sum.
    pub fn sum() -> Self {
        Self { kind: GradientKind::Sum, values: BTreeMap::new() }
    }
}

impl SharingConfig {
    /// Equal or fixed weights and the plain sum of gradients, with nothing measured: what a step of one task needs.
    pub(super) fn plain(&self) -> Self {
        let weighting = match self.weighting {
            WeightingConfig::Fixed => WeightingConfig::Fixed,
            _ => WeightingConfig::Equal,
        };
        Self { weighting, gradients: GradientsConfig::sum(), measure_every: 0, ..*self }
    }

    /// Reads the section and hands its weights to the tasks; steps are made of `unit`, of `batch` sequences.
    pub(super) fn read(
        section: Option<&Section<'_>>,
        tasks: &mut [TaskConfig],
        unit: Unit,
        batch: usize,
    ) -> Result<Self, ConfigError> {
        let measure_every = if unit == Unit::Batch || tasks.len() < 2 { 0 } else { MEASURE_EVERY };
        let mut weighted = tasks.iter().any(|task| task.weight != 1.0);
        let Some(section) = section else {
            let (weighting, gradients) = (default_weighting(weighted), GradientsConfig::sum());
            let weighting = weighting.configure(&BTreeMap::new()).expect("it has no keys");
            return Ok(Self { architecture: Architecture::Hard, weighting, gradients, measure_every });
        };
        if let Some(weights) = section.get("weights") {
            read_weights(&weights.table(None)?, tasks)?;
            weighted = true;
        }
        let weighting = section.or("weighting", default_weighting(weighted), |entry| {
            let weighting = entry.choice()?;
            check_weights(entry, weighting, tasks)?;
            let plain = matches!(weighting, WeightingKind::Equal | WeightingKind::Fixed);
            check_unit(entry, weighting.name(), plain, unit)?;
            Ok(weighting)
        })?;
        let gradients = section.or("gradients", GradientKind::Sum, |entry| {
            let kind: GradientKind = entry.choice()?;
            check_unit(entry, kind.name(), kind == GradientKind::Sum, unit)?;
            check_batch(entry, kind, batch, tasks.len())?;
            Ok(kind)
        })?;
        if weighting == WeightingKind::GradNorm && gradients != GradientKind::Sum {
            let (first, second) = (weighting.name(), gradients.name());
            let entry = section.get("gradients").expect("it is not the default");
            return Err(entry.error(ConfigProblem::NotTogether { first, second }));
        }
        check_keys(section, weighting, gradients)?;
        Ok(Self {
            architecture: section.or("architecture", Architecture::Hard, |entry| entry.choice())?,
            weighting: read_weighting(section, weighting)?,
            gradients: read_gradients(section, gradients)?,
            measure_every: section.or("measure_every", measure_every, |entry| {
                let every = entry.integer(0)?;
                check_unit(entry, "above 0", every == 0, unit)?;
                Ok(every)
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

/// Errors if a task has a weight that the weighting does not read.
fn check_weights(
    entry: &Entry<'_>,
    weighting: WeightingKind,
    tasks: &[TaskConfig],
) -> Result<(), ConfigError> {
    match tasks.iter().find(|task| weighting != WeightingKind::Fixed && task.weight != 1.0) {
        None => Ok(()),
        Some(TaskConfig { name, weight, .. }) => {
            let weighting = weighting.name();
            Err(entry.error(ConfigProblem::UnusedWeight { weighting, task: name.clone(), weight: *weight }))
        }
    }
}

/// Errors if the method looks at several tasks in one step, and steps are of one task.
fn check_unit(entry: &Entry<'_>, value: &str, any_unit: bool, unit: Unit) -> Result<(), ConfigError> {
    if any_unit || unit != Unit::Batch {
        return Ok(());
    }
    Err(entry.error(ConfigProblem::OneTaskSteps { key: entry.name.clone(), value: value.to_owned() }))
}

/// Errors if the method cuts a step into batches, and a task has too few sequences for one in each.
fn check_batch(entry: &Entry<'_>, kind: GradientKind, batch: usize, tasks: usize) -> Result<(), ConfigError> {
    let least = INDEPENDENT * tasks;
    if kind.needs() != Needs::ThreeBatches || batch >= least {
        return Ok(());
    }
    Err(entry.error(ConfigProblem::TooFewSequences { value: kind.name(), tasks, batch, least }))
}

/// Errors at a key that neither method has. No weighting shares a key's name with a combining that it can meet.
fn check_keys(
    section: &Section<'_>,
    weighting: WeightingKind,
    gradients: GradientKind,
) -> Result<(), ConfigError> {
    let of_weighting = weighting.keys().iter().map(|key| key.name);
    let of_gradients = gradients.keys().iter().map(|key| key.name);
    let known: Vec<&str> = KEYS.iter().copied().chain(of_weighting).chain(of_gradients).collect();
    match section.entries().into_iter().find(|entry| !known.contains(&entry.key)) {
        None => Ok(()),
        Some(entry) => {
            let suggestion = Suggestion::new(entry.key, known);
            Err(entry.key_error(ConfigProblem::UnknownKey { key: entry.name.clone(), suggestion }))
        }
    }
}

/// Reads each of the weighting's keys, checked one by one so that an error stands where the key does.
fn read_weighting(section: &Section<'_>, kind: WeightingKind) -> Result<WeightingConfig, ConfigError> {
    let mut values = BTreeMap::new();
    for entry in section.entries() {
        if let Some(key) = kind.keys().iter().find(|key| key.name == entry.key) {
            let value = entry.number(key.range.words(), |value| key.range.contains(value))?;
            values.insert(key.name.to_owned(), value);
        }
    }
    Ok(kind.configure(&values).expect("each key and its range was checked"))
}

/// As [`read_weighting`], with the defaults of keys that are not given.
fn read_gradients(section: &Section<'_>, kind: GradientKind) -> Result<GradientsConfig, ConfigError> {
    let mut values: BTreeMap<String, KeyValue> =
        kind.keys().iter().map(|key| (key.name.to_owned(), key.default.clone())).collect();
    for entry in section.entries() {
        let Some(key) = kind.keys().iter().find(|key| key.name == entry.key) else { continue };
        let value = match entry.is_string() {
            true => KeyValue::Text(entry.string()?.into()),
            false => KeyValue::Number(entry.number(key.range, |_| true)?),
        };
        let alone = BTreeMap::from([(key.name.to_owned(), value.clone())]);
        if kind.build(1, 0, &alone).is_err() {
            return Err(entry.out_of_range(key.range, value.to_string()));
        }
        values.insert(key.name.to_owned(), value);
    }
    Ok(GradientsConfig { kind, values })
}
