//! Reading one task's files: examples, label set, split, tokens.

mod tags;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtl_data::{
    Cached, Duplicates, Encoded, Example, Format, Label, LabelKind, LabelSet, Source, Split, TokenCache,
    Tokenizer,
};
use mtl_metrics::{MetricError, MetricKey};

pub use tags::Repaired;

use crate::config::{self, Config, Dev, InvalidBio, TaskConfig, TaskKind};
use crate::dataset::{ExampleSet, Target, TaskData};
use crate::error::TrainError;
use crate::observer::Observer;
use crate::spec::TaskSpec;

/// Reads the files of a configuration's tasks, one task after the other.
pub(crate) struct Loader<'a> {
    config: &'a Config,
    tokenizer: &'a Tokenizer,
    cache: &'a TokenCache,
    observer: &'a mut dyn Observer,
    splits: BTreeMap<String, Split>,
    done: usize,
    total: usize,
    /// Whether it was said that the cache cannot be written.
    told_of_cache: bool,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        config: &'a Config,
        tokenizer: &'a Tokenizer,
        cache: &'a TokenCache,
        observer: &'a mut dyn Observer,
        total: usize,
    ) -> Self {
        let splits = BTreeMap::new();
        Loader { config, tokenizer, cache, observer, splits, done: 0, total, told_of_cache: false }
    }

    /// One task's train and dev examples.
    pub(crate) fn task(&mut self, task: &TaskConfig) -> Result<TaskData, TrainError> {
        let source = source_of(task, self.config.path(&task.examples.train));
        let all = self.read(task, &source, None)?;
        // A class may stand only among the examples that are held out; a tag that does is scored as missed.
        let whole = label_set(task, &all.examples);
        let (train, dev, indices) = match &task.examples.dev {
            Dev::Fraction(share) => {
                let split = self.split(task, &source, &all.examples, *share)?;
                (all.select(&split.train), all.select(&split.dev), Some(split.dev))
            }
            Dev::File(_) => (all, Content::default(), None),
        };
        let labels = match task.kind {
            TaskKind::TokenClassification => label_set(task, &train.examples),
            _ => whole,
        };
        let dev_source = match &task.examples.dev {
            Dev::File(file) => source_of(task, self.config.path(file)),
            Dev::Fraction(_) => source.clone(),
        };
        let dev = if indices.is_some() { dev } else { self.read(task, &dev_source, Some(&labels))? };
        let spec = spec_of(task, &labels, &train.examples, indices);
        let duplicates = Duplicates::between(&train.examples, &dev.examples);
        let train = example_set(&source, train, &labels)?;
        let dev = example_set(&dev_source, dev, &labels)?;
        let data = TaskData { spec, train, dev, duplicates };
        check(&data).map_err(|error| match error {
            TrainError::Score { .. } => self.config.error_at(&format!("tasks.{}.metric", task.name), error),
            other => other,
        })?;
        Ok(data)
    }

    fn read(
        &mut self,
        task: &TaskConfig,
        source: &Source,
        known: Option<&LabelSet>,
    ) -> Result<Content, TrainError> {
        self.observer.tokenizing(&source.path, self.done, self.total);
        let labelled = matches!(source.kind, LabelKind::Class | LabelKind::Classes | LabelKind::Tags);
        let (examples, repaired) = read_labels(task, source, known.filter(|_| labelled))
            .map_err(|error| self.config.explain_scale(&task.name, error))?;
        if let Some(repaired) = &repaired {
            self.observer.message(&repaired.to_string());
        }
        let Cached { encoded, not_stored } = self.cache.encode(source, &examples, self.tokenizer)?;
        if let Some(problem) = not_stored.filter(|_| !self.told_of_cache) {
            self.told_of_cache = true;
            self.observer.message(&format!("warning: {problem}; going on without it"));
        }
        self.done += 1;
        Ok(Content { examples, encoded, repaired })
    }

    /// How the examples of a task are split: as those of the task that it shares them with.
    fn split(
        &mut self,
        task: &TaskConfig,
        source: &Source,
        examples: &[Example],
        share: f64,
    ) -> Result<Split, TrainError> {
        let base = task.same_examples_as.as_ref().unwrap_or(&task.name);
        if let Some(split) = self.splits.get(base) {
            return Ok(split.clone());
        }
        let failed = |source| TrainError::Split {
            task: task.name.clone(),
            path: self.config.path(&task.examples.train),
            source: Box::new(source),
        };
        let other = self.config.tasks.iter().find(|other| other.name == *base && other.name != task.name);
        let of_base = match other {
            Some(other) => read(&source_of(other, self.config.path(&other.examples.train)), None)?,
            None => Vec::new(),
        };
        let examples = if other.is_some() { &of_base } else { examples };
        let seed = self.config.seed;
        let split = match &task.examples.split_by {
            Some(column) => Split::by_key(examples, &source.read_keys(column)?, share, seed),
            None => Split::by_fraction(examples, share, seed),
        }
        .map_err(failed)?;
        self.splits.insert(base.clone(), split.clone());
        Ok(split)
    }
}

/// What a file holds.
#[derive(Default)]
struct Content {
    examples: Vec<Example>,
    encoded: Vec<Encoded>,
    repaired: Option<Repaired>,
}

impl Content {
    fn select(&self, indices: &[usize]) -> Content {
        Content {
            examples: indices.iter().map(|&i| self.examples[i].clone()).collect(),
            encoded: indices.iter().map(|&i| self.encoded[i].clone()).collect(),
            repaired: self.repaired.clone(),
        }
    }
}

/// How a task's files are read, with the one at `path`.
pub(crate) fn source_of(task: &TaskConfig, path: PathBuf) -> Source {
    let examples = &task.examples;
    let kind = match task.kind {
        TaskKind::Classification => LabelKind::Class,
        TaskKind::MultiLabel => LabelKind::Classes,
        TaskKind::Regression => LabelKind::Value,
        TaskKind::TokenClassification => LabelKind::Tags,
    };
    let format = examples.format_of(&path);
    let tables = [config::Format::Tsv, config::Format::Csv];
    // What a file of another form names itself.
    let named = format == examples.format || [format, examples.format].iter().all(|one| tables.contains(one));
    let of_words = matches!(format, config::Format::Conll | config::Format::Conllu);
    let text = if of_words && !named { Vec::new() } else { examples.text.clone() };
    Source {
        format: Format::from_name(format.name()),
        header: examples.header.filter(|_| named),
        columns: examples.columns.clone().filter(|_| named),
        separator: task.separator.clone(),
        missing: task.missing.clone(),
        scale: task.scale.map(|[min, max]| (min, max)),
        benchmark: task.benchmark.as_ref().map(|files| files.task),
        ..Source::new(path, kind).text(text).label(task.label.clone())
    }
}

/// All examples of a file, with known labels only where they are given.
pub(crate) fn read(source: &Source, known: Option<&LabelSet>) -> Result<Vec<Example>, TrainError> {
    let reader = match known {
        Some(known) => source.read_known(known)?,
        None => source.read()?,
    };
    Ok(reader.collect::<Result<_, _>>()?)
}

/// All examples of a file, their tags treated as the task asks.
fn read_labels(
    task: &TaskConfig,
    source: &Source,
    known: Option<&LabelSet>,
) -> Result<(Vec<Example>, Option<Repaired>), TrainError> {
    match task.invalid_bio.and_then(InvalidBio::policy) {
        Some(policy) => tags::read(source, policy, known),
        None => Ok((read(source, known)?, None)),
    }
}

/// A labelled file of a task whose labels are known.
///
/// Errors as reading does, if no example has a label, or if all have the same where a metric compares two.
pub(crate) fn labelled_file(
    task: &TaskConfig,
    spec: &TaskSpec,
    path: &Path,
    tokenizer: &Tokenizer,
) -> Result<ExampleSet, TrainError> {
    let source = source_of(task, path.to_owned());
    let labels = LabelSet::new(spec.labels.iter().cloned());
    let known = Some(&labels).filter(|_| task.kind != TaskKind::Regression);
    let (examples, repaired) = read_labels(task, &source, known)?;
    let encoded = tokenizer.encode_all(&examples)?;
    let set = example_set(&source, Content { examples, encoded, repaired }, &labels)?;
    check_scorable(spec, &set)?;
    Ok(set)
}

/// The examples of a train file that a run held out; `None` if the file has no such examples any more.
pub(crate) fn held_out(
    task: &TaskConfig,
    spec: &TaskSpec,
    (path, indices): (&Path, &[usize]),
    tokenizer: &Tokenizer,
) -> Result<Option<ExampleSet>, TrainError> {
    let set = labelled_file(task, spec, path, tokenizer)?;
    let there = indices.iter().all(|&index| index < set.len());
    Ok(there.then(|| set.select(indices)))
}

/// The labels of these examples, or those that a benchmark publishes.
fn label_set(task: &TaskConfig, train: &[Example]) -> LabelSet {
    if let Some(files) = &task.benchmark {
        return LabelSet::new(files.task.labels.iter().map(|label| label.to_string()));
    }
    task.missing.iter().fold(LabelSet::of(train), |labels, marker| labels.without(marker))
}

fn spec_of(task: &TaskConfig, labels: &LabelSet, train: &[Example], dev: Option<Vec<usize>>) -> TaskSpec {
    TaskSpec {
        name: task.name.clone(),
        kind: task.kind,
        labels: labels.names().to_vec(),
        scale: (task.kind == TaskKind::Regression).then(|| task.scale.unwrap_or_else(|| range_of(train))),
        metric: task.metric.clone(),
        metrics: task.metrics.clone(),
        dev,
    }
}

/// The least and the greatest value, one apart if they are the same.
fn range_of(train: &[Example]) -> [f64; 2] {
    let values = train.iter().filter_map(|example| match example.label {
        Label::Value(value) => Some(value),
        _ => None,
    });
    let (min, max) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    if min < max {
        [min, max]
    } else if min.is_finite() {
        [min, min + 1.0]
    } else {
        [0.0, 1.0]
    }
}

fn example_set(
    source: &Source,
    Content { examples, encoded, repaired }: Content,
    labels: &LabelSet,
) -> Result<ExampleSet, TrainError> {
    let target = |example: &Example| {
        let at = || mtl_data::Location::new(source.path.clone(), example.line, 1);
        Ok(match &example.label {
            Label::Missing => Target::Missing,
            Label::Value(value) => Target::Value(*value),
            Label::Class(name) => Target::Class(labels.index(name).map_err(|e| e.at(at()))?),
            Label::Classes(names) => {
                let mut classes = labels.indices(names).map_err(|e| e.at(at()))?;
                classes.sort_unstable();
                classes.dedup();
                Target::Labels(classes)
            }
            Label::Tags(tags) => Target::Tags(labels.tags(tags)),
        })
    };
    Ok(ExampleSet {
        path: source.path.clone(),
        lines: examples.iter().map(|example| example.line).collect(),
        targets: examples.iter().map(target).collect::<Result<_, TrainError>>()?,
        encoded,
        repaired,
    })
}

/// Errors if a set has no label, or the metrics need others than those there are.
fn check(data: &TaskData) -> Result<(), TrainError> {
    check_labelled(&data.spec.name, &data.train)?;
    let n_classes = data.spec.labels.len();
    if n_classes == 0 && data.spec.kind != TaskKind::Regression {
        return Err(TrainError::Unlabelled { task: data.spec.name.clone(), path: data.train.path.clone() });
    }
    let of_two = |key: &MetricKey| matches!(key, MetricKey::F1 | MetricKey::RocAuc) && n_classes != 2;
    if let Some(metric) = data.spec.metric_keys().into_iter().find(of_two) {
        let source = MetricError::NotBinary { metric, n_classes };
        return Err(TrainError::Score { task: data.spec.name.clone(), source });
    }
    check_scorable(&data.spec, &data.dev)
}

/// Errors if a set that is to be scored has no label, or one class only where a metric compares two.
fn check_scorable(spec: &TaskSpec, set: &ExampleSet) -> Result<(), TrainError> {
    check_labelled(&spec.name, set)?;
    let mut classes = set.targets.iter().filter_map(|target| match target {
        Target::Class(class) => Some(*class),
        _ => None,
    });
    if !spec.metric_keys().contains(&MetricKey::RocAuc) {
        return Ok(());
    }
    let first = classes.next();
    match first.filter(|first| classes.all(|class| class == *first)) {
        Some(only) => Err(TrainError::OneClass {
            task: spec.name.clone(),
            path: set.path.clone(),
            label: spec.labels[only as usize].clone(),
            metric: MetricKey::RocAuc,
        }),
        None => Ok(()),
    }
}

fn check_labelled(task: &str, set: &ExampleSet) -> Result<(), TrainError> {
    let labelled = |target: &Target| match target {
        Target::Missing => false,
        Target::Tags(tags) => tags.iter().any(Option::is_some),
        _ => true,
    };
    if set.targets.iter().any(labelled) {
        return Ok(());
    }
    Err(TrainError::Unlabelled { task: task.to_owned(), path: set.path.clone() })
}
