//! `[sharing]`: how the tasks share the encoder and its steps.

use std::collections::BTreeMap;

use mtl_curriculum::Unit;
use mtl_sharing::gradient::{KeyValue, Needs};
use mtl_sharing::{GradientKind, WeightingConfig, WeightingKind};
use serde::Serialize;

use super::error::{ConfigError, ConfigProblem, Suggestion};
use super::method::{MethodConfig, NAME};
use super::section::{Entry, Section};
use super::task::{TaskConfig, read_weight};
use crate::step::INDEPENDENT;

/// The keys that are not a method's own.
const KEYS: &[&str] =
    &["architecture", "adapter", "penalty", "weighting", "weights", "gradients", "measure_every"];

/// One encoder for all tasks.
const HARD: &str = "hard";

/// How often tasks are measured where the configuration does not say.
const MEASURE_EVERY: u64 = 50;

/// How tasks share.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `architecture` | hard | what the tasks share | see below |
/// | `adapter` | | what acts in the encoder's layers and is learned in place of it | see below |
/// | `penalty` | | a term of the loss that ties the tasks' copies; an array for several | see below |
/// | `weighting` | fixed if any weight is given, else equal | how losses are weighted | [`WeightingKind`] |
/// | `weights` | | `{ task = weight }`, another way to write `tasks.NAME.weight` | above 0 |
/// | `gradients` | sum | how the tasks' gradients become one | [`GradientKind`] |
/// | `measure_every` | 50 where steps mix tasks | steps between measurements of each task's gradient; 0 never | at least 0 |
///
/// A method is its name, or a table of its `name` and its own keys. Those of the loss weighting and of the gradient
/// combining may stand beside these instead: [`WeightingKind::keys`] and [`GradientKind::keys`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SharingConfig {
    /// What the tasks share.
    pub architecture: MethodConfig,
    /// What acts in the encoder's layers, if anything does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<MethodConfig>,
    /// The terms of the loss that read parameters.
    #[serde(rename = "penalty", skip_serializing_if = "Vec::is_empty")]
    pub penalties: Vec<MethodConfig>,
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
    /// What one task alone needs: an encoder of its own without penalties, equal or fixed weights and the plain sum of
    /// gradients, with nothing measured. An adapter stays: it says how an encoder is trained, not how it is shared.
    pub(super) fn plain(&self) -> Self {
        let weighting = match self.weighting {
            WeightingConfig::Fixed => WeightingConfig::Fixed,
            _ => WeightingConfig::Equal,
        };
        Self {
            architecture: hard(),
            adapter: self.adapter.clone(),
            penalties: Vec::new(),
            weighting,
            gradients: GradientsConfig::sum(),
            measure_every: 0,
        }
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
            let (architecture, adapter, penalties) = (hard(), None, Vec::new());
            return Ok(Self { architecture, adapter, penalties, weighting, gradients, measure_every });
        };
        if let Some(weights) = section.get("weights") {
            read_weights(&weights.table(None)?, tasks)?;
            weighted = true;
        }
        let (of_weighting, of_gradients) =
            (Named::of(section, "weighting")?, Named::of(section, "gradients")?);
        let weighting = match &of_weighting {
            None => default_weighting(weighted),
            Some(Named { name: entry, .. }) => {
                let weighting: WeightingKind = entry.choice()?;
                check_weights(entry, weighting, tasks)?;
                let plain = matches!(weighting, WeightingKind::Equal | WeightingKind::Fixed);
                check_unit(entry, weighting.name(), plain, unit)?;
                weighting
            }
        };
        let gradients = match &of_gradients {
            None => GradientKind::Sum,
            Some(Named { name: entry, .. }) => {
                let kind: GradientKind = entry.choice()?;
                check_unit(entry, kind.name(), kind == GradientKind::Sum, unit)?;
                check_batch(entry, kind, batch, tasks.len())?;
                kind
            }
        };
        if weighting == WeightingKind::GradNorm && gradients != GradientKind::Sum {
            let (first, second) = (weighting.name(), gradients.name());
            let entry = section.get("gradients").expect("it is not the default");
            return Err(entry.error(ConfigProblem::NotTogether { first, second }));
        }
        let of_weighting = of_weighting.and_then(|named| named.settings);
        let of_gradients = of_gradients.and_then(|named| named.settings);
        let weighting_keys: Vec<&str> = weighting.keys().iter().map(|key| key.name).collect();
        let gradient_keys: Vec<&str> = gradients.keys().iter().map(|key| key.name).collect();
        let beside = |table: &Option<Section<'_>>, keys: &[&'static str]| match table {
            Some(_) => Vec::new(),
            None => keys.to_vec(),
        };
        let (first, second) = (beside(&of_weighting, &weighting_keys), beside(&of_gradients, &gradient_keys));
        check_keys(section, &[KEYS, &first, &second].concat())?;
        of_weighting
            .iter()
            .try_for_each(|table| check_keys(table, &[&[NAME], &weighting_keys[..]].concat()))?;
        of_gradients
            .iter()
            .try_for_each(|table| check_keys(table, &[&[NAME], &gradient_keys[..]].concat()))?;
        let architecture = section.or("architecture", hard(), |entry| {
            let architecture = MethodConfig::read(entry, mtl_sharing::architecture::METHODS)?;
            check_architecture(entry, &architecture, tasks.len())?;
            Ok(architecture)
        })?;
        let adapter =
            section.option("adapter", |entry| MethodConfig::read(entry, mtl_sharing::adapter::METHODS))?;
        let penalties = section.or("penalty", Vec::new(), |entry| {
            let read = |item: &Entry<'_>| MethodConfig::read(item, mtl_sharing::penalty::METHODS);
            entry.items().iter().map(read).collect()
        })?;
        check_together(section, &architecture, adapter.as_ref(), &penalties)?;
        Ok(Self {
            architecture,
            adapter,
            penalties,
            weighting: read_weighting(of_weighting.as_ref().unwrap_or(section), weighting)?,
            gradients: read_gradients(of_gradients.as_ref().unwrap_or(section), gradients)?,
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

/// Errors at a key that is not among the known ones.
fn check_keys(section: &Section<'_>, known: &[&str]) -> Result<(), ConfigError> {
    match section.entries().into_iter().find(|entry| !known.contains(&entry.key)) {
        None => Ok(()),
        Some(entry) => {
            let suggestion = Suggestion::new(entry.key, known.iter().copied());
            Err(entry.key_error(ConfigProblem::UnknownKey { key: entry.name.clone(), suggestion }))
        }
    }
}

/// Hard parameter sharing.
fn hard() -> MethodConfig {
    let method = mtl_sharing::architecture::METHODS.iter().find(|method| method.name == HARD);
    MethodConfig::defaults(method.expect("it is registered"))
}

/// Errors if one task alone would share with others.
fn check_architecture(
    entry: &Entry<'_>,
    architecture: &MethodConfig,
    tasks: usize,
) -> Result<(), ConfigError> {
    if tasks > 1 || architecture.name() == HARD {
        return Ok(());
    }
    Err(entry.error(ConfigProblem::NothingToShare { architecture: architecture.name() }))
}

/// Errors if an adapter or a penalty does not go with the architecture.
fn check_together(
    section: &Section<'_>,
    architecture: &MethodConfig,
    adapter: Option<&MethodConfig>,
    penalties: &[MethodConfig],
) -> Result<(), ConfigError> {
    let copies = architecture.name() != HARD;
    let architecture = architecture.name();
    let refused =
        |key: &'static str, problem| Err(section.get(key).expect("it is not the default").error(problem));
    match (adapter, penalties.first()) {
        (Some(adapter), _) if copies => {
            refused("adapter", ConfigProblem::AdapterOfCopies { adapter: adapter.name(), architecture })
        }
        (_, Some(penalty)) if !copies => {
            refused("penalty", ConfigProblem::PenaltyWithoutCopies { penalty: penalty.name(), architecture })
        }
        _ => Ok(()),
    }
}

/// A method that a key names: the entry of the name, and the table of its settings if it has one of its own.
struct Named<'s> {
    name: Entry<'s>,
    settings: Option<Section<'s>>,
}

impl<'s> Named<'s> {
    fn of(section: &Section<'s>, key: &'static str) -> Result<Option<Self>, ConfigError> {
        let Some(entry) = section.get(key) else { return Ok(None) };
        if !entry.is_table() {
            return Ok(Some(Named { name: entry, settings: None }));
        }
        let settings = entry.table(None)?;
        let name = settings.get(NAME).ok_or_else(|| settings.missing(format!("`{NAME}`")))?;
        Ok(Some(Named { name, settings: Some(settings) }))
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
