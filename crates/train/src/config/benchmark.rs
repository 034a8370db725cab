//! `benchmark = "glue/rte"`: a task whose files, columns, labels, kind and metrics are published.

use std::path::{Path, PathBuf};

use mtl_data::benchmark::{Asks, BenchmarkTask, Part, task, tasks};
use serde::{Serialize, Serializer};

use super::error::{ConfigError, ConfigProblem};
use super::examples::{Dev, Examples, Format, path, read_dev};
use super::role::Role;
use super::section::Section;
use super::task::{TaskConfig, TaskKind, read_baseline, read_metric, read_metrics, read_weight};

/// What a benchmark says, so that the file must not.
const FIXED: &[&str] = &[
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
    "split_by",
    "same_examples_as",
];

/// The keys of tasks that are trained.
const TRAINED: &[&str] = &["metric", "metrics", "weight", "importance", "baseline", "role"];

/// Where a benchmark's task lies, as the configuration says it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BenchmarkFiles {
    /// The task.
    pub task: &'static BenchmarkTask,
    /// The folder of its files, as written.
    pub dir: PathBuf,
    /// The train file, if it is not the published one.
    pub train: Option<PathBuf>,
    /// The dev set, if it is not the published one.
    pub dev: Option<Dev>,
    /// The test file, if it is not the published one.
    pub test: Option<PathBuf>,
}

/// A task of a benchmark that no head of this version answers: its files can be read and described, not trained on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HeadlessTask {
    /// The name in the configuration.
    pub name: String,
    /// Its files.
    pub files: BenchmarkFiles,
    /// The name of the domain of its texts.
    pub domain: Option<String>,
}

impl HeadlessTask {
    /// The file of a part below `data`, the folder that relative paths start from.
    ///
    /// Errors if there is none, naming what was looked for.
    pub fn find(&self, data: &Path, part: Part) -> Result<PathBuf, mtl_data::DataError> {
        let given = match part {
            Part::Train => self.files.train.as_ref(),
            Part::Dev => match &self.files.dev {
                Some(Dev::File(file)) => Some(file),
                _ => None,
            },
            Part::Test => self.files.test.as_ref(),
        };
        match given {
            Some(file) => Ok(data.join(file)),
            None => self.files.task.find(&data.join(&self.files.dir), part),
        }
    }
}

/// A task of a benchmark: one that can be trained, or one that cannot.
pub(super) enum Read {
    Trained(Box<TaskConfig>),
    Headless(HeadlessTask),
}

/// Reads `[tasks.NAME]` with a benchmark. Files that are not there keep their first published name, so that reading
/// them says what is missing.
pub(super) fn read(name: &str, section: &Section<'_>, data: &Path) -> Result<Read, ConfigError> {
    let task = section.required("benchmark", |entry| {
        let written = entry.word()?;
        let all: Vec<String> = tasks().map(BenchmarkTask::full_name).collect();
        task(&written).ok_or_else(|| entry.unknown(&written, all.iter().map(String::as_str)))
    })?;
    FIXED.iter().try_for_each(|key| section.one_of("benchmark", key))?;
    let files = BenchmarkFiles {
        task,
        dir: section.required("dir", path)?,
        train: section.option("train", path)?,
        dev: section.option("dev", read_dev)?,
        test: section.option("test", path)?,
    };
    let domain = section.option("domain", |entry| entry.word())?;
    let Some(kind) = kind_of(task.asks) else {
        let applies_to = "tasks that can be trained";
        TRAINED.iter().try_for_each(|key| section.not_applicable(key, applies_to, &task.full_name()))?;
        return Ok(Read::Headless(HeadlessTask { name: name.to_owned(), files, domain }));
    };
    if files.train.is_none() && task.train.is_empty() {
        return Err(section.missing(format!("`train`, since {task} is published without a train set")));
    }
    let metric = read_metric(section, kind, task.metrics[0])?;
    let published = task.metrics[1..].iter().map(|metric| metric.to_string()).collect();
    let metrics = match section.get("metrics") {
        Some(_) => read_metrics(section, kind, &metric)?,
        None => published,
    };
    Ok(Read::Trained(Box::new(TaskConfig {
        name: name.to_owned(),
        kind,
        examples: examples(&files, data),
        label: "label".to_owned(),
        separator: None,
        missing: Vec::new(),
        invalid_bio: None,
        scale: (task.asks == Asks::Value).then_some([0.0, 5.0]),
        metrics: metrics.into_iter().filter(|other| *other != metric).collect(),
        metric,
        weight: section.or("weight", 1.0, read_weight)?,
        importance: section.option("importance", read_weight)?,
        baseline: section.option("baseline", read_baseline)?,
        role: section.option("role", |entry| entry.choice())?,
        same_examples_as: None,
        domain,
        benchmark: Some(files),
    })))
}

fn kind_of(asks: Asks) -> Option<TaskKind> {
    match asks {
        Asks::Class => Some(TaskKind::Classification),
        Asks::Value => Some(TaskKind::Regression),
        Asks::Choice | Asks::Span | Asks::Sequence => None,
    }
}

/// The files as they are found now; their columns are told by each file when it is read.
fn examples(files: &BenchmarkFiles, data: &Path) -> Examples {
    let found = |part| {
        let root = data.join(&files.dir);
        let below = files.task.look(&root, part)?;
        below.strip_prefix(&root).ok().map(|below| files.dir.join(below))
    };
    let first = |part: Part| files.dir.join(files.task.files(part).first().unwrap_or(&""));
    let published = |part| found(part).unwrap_or_else(|| first(part));
    Examples {
        format: if files.task.benchmark == mtl_data::benchmark::Benchmark::Glue {
            Format::Tsv
        } else {
            Format::Jsonl
        },
        header: None,
        columns: None,
        text: Vec::new(),
        split_by: None,
        train: files.train.clone().unwrap_or_else(|| published(Part::Train)),
        dev: files.dev.clone().unwrap_or_else(|| Dev::File(published(Part::Dev))),
        test: files.test.clone().or_else(|| found(Part::Test)),
    }
}

/// What the configuration says of such a task, without what follows from the benchmark.
#[derive(Serialize)]
struct Written<'a> {
    benchmark: String,
    dir: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dev: Option<&'a Dev>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

/// A task's table, whatever the task.
pub(super) enum Table<'a> {
    Trained(&'a TaskConfig),
    Headless(&'a HeadlessTask),
}

impl Serialize for Table<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let files = match self {
            Table::Trained(task) => match &task.benchmark {
                None => return task.serialize(serializer),
                Some(files) => files,
            },
            Table::Headless(task) => &task.files,
        };
        let trained = match self {
            Table::Trained(task) => Some(task),
            Table::Headless(_) => None,
        };
        let written = Written {
            benchmark: files.task.full_name(),
            dir: &files.dir,
            train: files.train.as_deref(),
            dev: files.dev.as_ref(),
            test: files.test.as_deref(),
            metric: trained.map(|task| task.metric.as_str()),
            metrics: trained.map(|task| task.metrics.as_slice()),
            weight: trained.map(|task| task.weight),
            importance: trained.and_then(|task| task.importance),
            baseline: trained.and_then(|task| task.baseline),
            role: trained.and_then(|task| task.role),
            domain: match self {
                Table::Trained(task) => task.domain.as_deref(),
                Table::Headless(task) => task.domain.as_deref(),
            },
        };
        written.serialize(serializer)
    }
}

/// Errors at `dir` where no benchmark is named.
pub(super) fn check_absent(section: &Section<'_>) -> Result<(), ConfigError> {
    section.get("dir").map_or(Ok(()), |entry| {
        let (key, given) = (entry.name.clone(), "files that are named one by one".to_owned());
        Err(entry.key_error(ConfigProblem::NotApplicable {
            key,
            applies_to: "tasks with a `benchmark`",
            given,
        }))
    })
}
