//! `[tasks.NAME]`: what one task learns, and from which files.

use std::path::Path;

use mtl_metrics::MetricKey;
use serde::Serialize;

use super::benchmark::{self, BenchmarkFiles, HeadlessTask};
use super::choice::choices;
use super::error::{ConfigError, ConfigProblem};
use super::examples::{Examples, Format, check_column};
use super::invalid_bio::InvalidBio;
use super::role::Role;
use super::section::{Entry, Section};

const KEYS: &[&str] = &[
    "kind",
    "format",
    "header",
    "columns",
    "text",
    "label",
    "separator",
    "missing",
    "scale",
    "invalid_bio",
    "train",
    "dev",
    "split_by",
    "test",
    "metric",
    "metrics",
    "weight",
    "importance",
    "baseline",
    "role",
    "same_examples_as",
    "benchmark",
    "dir",
    "domain",
];

choices! {
    /// What a task predicts.
    TaskKind {
        /// One label per text or pair.
        Classification = "classification",
        /// Any number of labels per text or pair.
        MultiLabel = "multi-label",
        /// A number per text or pair.
        Regression = "regression",
        /// One label per word.
        TokenClassification = "token-classification",
    }
}

/// One task.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `kind` | needed | what it predicts | [`TaskKind`] |
/// | `train` | needed | file | |
/// | `dev` | 0.1 | file, or a share of `train` | above 0, below 1 |
/// | `split_by` | | where `dev` is a share: a column or key, such as that of a document or an author; rows with the same value go to the same side, stratified by class as far as they allow | |
/// | `test` | | file | |
/// | `format` | by the ending of each file, else of `train` | the format of all files | [`Format`] |
/// | `header` | true, unless `columns` is given | whether the first line names the columns (tsv, csv) | |
/// | `columns` | | names of the columns (tsv, csv; needed for conll) | |
/// | `text` | conllu: form; conll: the first column; else needed | column or key; an array of two is a pair | |
/// | `label` | needed | column, key or field of the label | |
/// | `separator` | multi-label: `,`; words in one cell: a space | what stands between several labels, or words, in one cell | |
/// | `missing` | | what stands where there is no label: a string or an array of strings | |
/// | `scale` | | `[min, max]` of the numbers (regression) | min below max |
/// | `invalid_bio` | `keep` | what becomes of a tag `I-X` that continues no `X` (token classification): it stays and begins a span when spans are counted, is read as `B-X` with a warning, or is an error | [`InvalidBio`] |
/// | `metric` | by kind | the score by which the task is judged | [`METRICS_BY_KIND`](super::METRICS_BY_KIND) |
/// | `metrics` | | more scores to report | the same |
/// | `weight` | 1 | weight of the loss | above 0 |
/// | `importance` | 1 | how much the task counts where `train.select` is `normalised-mean` | above 0 |
/// | `baseline` | | its score when it is trained alone; only `train.select = "relative-gain"` reads it | not 0 |
/// | `role` | target | what the task is in the mix for: verdicts of `compare`, the choice of the best weights and early stopping are about targets | [`Role`] |
/// | `same_examples_as` | | a task whose examples this one labels too; its files need not be repeated | |
/// | `benchmark` | | the task of a benchmark, such as glue/rte: sets everything above `metric`; only `train`, `dev`, `test`, `metric`, `metrics`, `weight`, `importance`, `baseline`, `role` and `domain` may stand beside it and hold instead | [`mtl_data::benchmark`] |
/// | `dir` | needed with `benchmark` | the folder of its files, or the one around it | |
/// | `domain` | that of `same_examples_as` | what its texts are about, such as `news`; only `describe` reads it | |
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskConfig {
    /// The name, of letters, digits, `_` and `-`.
    #[serde(skip)]
    pub name: String,
    /// What the task predicts.
    pub kind: TaskKind,
    /// Where its examples are.
    #[serde(flatten)]
    pub examples: Examples,
    /// The column, key or field of the label.
    pub label: String,
    /// What stands between several labels, or several words, in one cell; only where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// What stands in place of a label that is missing.
    pub missing: Vec<String>,
    /// The least and the greatest number of a regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<[f64; 2]>,
    /// What becomes of tags that are no valid BIO; there for token classification only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_bio: Option<InvalidBio>,
    /// The score by which the task is judged.
    pub metric: String,
    /// More scores to report, without repeats.
    pub metrics: Vec<String>,
    /// The weight of the loss.
    pub weight: f64,
    /// How much the task counts in the choice of the best evaluation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance: Option<f64>,
    /// Its score when it is trained alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// What the task is in the mix for; a target if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The task whose examples this one labels too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_examples_as: Option<String>,
    /// The task of a benchmark, which says how its files are read: `examples` only says where they are.
    #[serde(skip)]
    pub benchmark: Option<BenchmarkFiles>,
    /// The name of the domain of its texts: tasks are of one domain if the names are the same. It changes no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl TaskConfig {
    /// How many texts an example has: one, or the two of a pair.
    pub fn text_count(&self) -> usize {
        self.benchmark.as_ref().map_or(self.examples.text.len(), |files| files.task.text_count())
    }

    /// Whether the task is in the mix for its own sake.
    pub fn is_target(&self) -> bool {
        self.role.unwrap_or(Role::Target) == Role::Target
    }

    /// The metric by which the task is judged.
    pub(crate) fn metric_key(&self) -> MetricKey {
        self.metric.parse().expect("the configuration was checked")
    }

    /// Reads all tasks, in the order of the file.
    /// Tasks of benchmarks that no head answers come apart. `data` is the folder that relative paths start from.
    pub(super) fn read_all(
        entry: &Entry<'_>,
        data: &Path,
    ) -> Result<(Vec<Self>, Vec<HeadlessTask>), ConfigError> {
        let entries = entry.table(None)?.entries();
        if entries.is_empty() {
            return Err(entry.key_error(ConfigProblem::Missing {
                table: "[tasks]".to_owned(),
                key: "at least one task".to_owned(),
            }));
        }
        let (mut trained, mut headless) = (Vec::new(), Vec::new());
        for task in &entries {
            match Self::read(task, &entries, data)? {
                benchmark::Read::Trained(task) => trained.push(*task),
                benchmark::Read::Headless(task) => headless.push(task),
            }
        }
        Ok((trained, headless))
    }

    fn read(entry: &Entry<'_>, all: &[Entry<'_>], data: &Path) -> Result<benchmark::Read, ConfigError> {
        check_name(entry)?;
        let section = entry.table(Some(KEYS))?;
        if section.get("benchmark").is_some() {
            return benchmark::read(entry.key, &section, data);
        }
        benchmark::check_absent(&section)?;
        let base = match section.get("same_examples_as") {
            None => None,
            Some(reference) => Some(read_base(&reference, entry, all)?),
        };
        Self::read_with(entry.key, &section, base.as_ref())
            .map(|task| benchmark::Read::Trained(Box::new(task)))
    }

    fn read_with(name: &str, section: &Section<'_>, base: Option<&Self>) -> Result<Self, ConfigError> {
        let kind: TaskKind = section.required("kind", |entry| entry.choice())?;
        let examples = Examples::read(section, kind, base)?;
        let metric = read_metric(section, kind, kind.metrics()[0])?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            label: section.required("label", |entry| {
                let label = entry.word()?;
                check_column(entry, &label, examples.columns.as_deref())?;
                Ok(label)
            })?,
            separator: read_separator(section, kind, examples.format)?,
            missing: section.or("missing", Vec::new(), |entry| entry.strings())?,
            scale: read_scale(section, kind)?,
            invalid_bio: InvalidBio::read(section, kind)?,
            metrics: read_metrics(section, kind, &metric)?,
            metric,
            weight: section.or("weight", 1.0, read_weight)?,
            importance: section.option("importance", read_weight)?,
            baseline: section.option("baseline", read_baseline)?,
            role: section.option("role", |entry| entry.choice())?,
            same_examples_as: base.map(|base| base.name.clone()),
            benchmark: None,
            domain: section
                .option("domain", |entry| entry.word())?
                .or_else(|| base.and_then(|base| base.domain.clone())),
            examples,
        })
    }
}

/// Errors unless the name can be part of file names and parameter names.
fn check_name(entry: &Entry<'_>) -> Result<(), ConfigError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !entry.key.is_empty() && entry.key.chars().all(allowed) {
        return Ok(());
    }
    Err(entry.key_error(ConfigProblem::TaskName { name: entry.key.to_owned() }))
}

/// The task that `same_examples_as` names.
fn read_base(reference: &Entry<'_>, task: &Entry<'_>, all: &[Entry<'_>]) -> Result<TaskConfig, ConfigError> {
    let name = reference.string()?;
    let others = || all.iter().map(|entry| entry.key).filter(|key| *key != task.key);
    let base = all.iter().find(|entry| entry.key == name && entry.key != task.key);
    let base = base.ok_or_else(|| reference.unknown(&name, others()))?;
    let section = base.table(Some(KEYS))?;
    if section.get("same_examples_as").is_some() {
        let key = reference.name.clone();
        return Err(reference.error(ConfigProblem::NoOwnExamples { key, other: name }));
    }
    if let Some(named) = section.option("benchmark", |entry| entry.string())? {
        let (key, applies_to) = (reference.name.clone(), "tasks without a `benchmark`");
        return Err(reference.error(ConfigProblem::NotApplicable { key, applies_to, given: named }));
    }
    TaskConfig::read_with(base.key, &section, None)
}

fn read_separator(
    section: &Section<'_>,
    kind: TaskKind,
    format: Format,
) -> Result<Option<String>, ConfigError> {
    let default = match (kind, format) {
        (TaskKind::MultiLabel, _) => ",",
        (TaskKind::TokenClassification, Format::Tsv | Format::Csv | Format::Jsonl) => " ",
        (TaskKind::TokenClassification, _) => {
            section.not_applicable("separator", "tsv, csv and jsonl", format.name())?;
            return Ok(None);
        }
        _ => {
            section.not_applicable("separator", "multi-label and token-classification", kind.name())?;
            return Ok(None);
        }
    };
    section.or("separator", default.to_owned(), |entry| entry.word()).map(Some)
}

fn read_scale(section: &Section<'_>, kind: TaskKind) -> Result<Option<[f64; 2]>, ConfigError> {
    if kind != TaskKind::Regression {
        section.not_applicable("scale", "regression", kind.name())?;
    }
    section.option("scale", |entry| entry.interval())
}

/// The metric that judges, `default` if none is named.
pub(super) fn read_metric(
    section: &Section<'_>,
    kind: TaskKind,
    default: &str,
) -> Result<String, ConfigError> {
    section.or("metric", default.to_owned(), |entry| {
        entry.string().and_then(|metric| check_metric(entry, kind, metric))
    })
}

pub(super) fn read_metrics(
    section: &Section<'_>,
    kind: TaskKind,
    metric: &str,
) -> Result<Vec<String>, ConfigError> {
    let mut metrics = Vec::new();
    if let Some(entry) = section.get("metrics") {
        for extra in entry.strings()? {
            let extra = check_metric(&entry, kind, extra)?;
            if extra != metric && !metrics.contains(&extra) {
                metrics.push(extra);
            }
        }
    }
    Ok(metrics)
}

fn check_metric(entry: &Entry<'_>, kind: TaskKind, metric: String) -> Result<String, ConfigError> {
    let valid = kind.metrics();
    if valid.contains(&metric.as_str()) {
        return Ok(metric);
    }
    if TaskKind::ALL.iter().any(|other| other.metrics().contains(&metric.as_str())) {
        let (key, kind) = (entry.name.clone(), kind.name());
        return Err(entry.error(ConfigProblem::MetricOfOtherKind { key, metric, kind, valid }));
    }
    Err(entry.unknown(&metric, valid.iter().copied()))
}

/// A score that others are divided by.
pub(super) fn read_baseline(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    entry.number("not 0", |score| score != 0.0)
}

pub(super) fn read_weight(entry: &Entry<'_>) -> Result<f64, ConfigError> {
    entry.number("above 0", |weight| weight > 0.0)
}
