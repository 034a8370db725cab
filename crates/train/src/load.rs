//! Reading one task's files: examples, label set, split, tokens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtl_data::{
    Duplicates, Encoded, Example, Format, Label, LabelKind, LabelSet, Source, Split, TokenCache, Tokenizer,
};
use mtl_metrics::{MetricError, MetricKey};

use crate::config::{Config, Dev, TaskConfig, TaskKind};
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
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        config: &'a Config,
        tokenizer: &'a Tokenizer,
        cache: &'a TokenCache,
        observer: &'a mut dyn Observer,
        total: usize,
    ) -> Self {
        Loader { config, tokenizer, cache, observer, splits: BTreeMap::new(), done: 0, total }
    }

    /// One task's train and dev examples.
    pub(crate) fn task(&mut self, task: &TaskConfig) -> Result<TaskData, TrainError> {
        let source = source_of(task, self.config.path(&task.examples.train));
        let (examples, encoded) = self.read(&source, None)?;
        let (train, dev, indices) = match &task.examples.dev {
            Dev::Fraction(share) => {
                let split = self.split(task, &examples, *share)?;
                let all = (&examples[..], &encoded[..]);
                (pick(all, &split.train), pick(all, &split.dev), Some(split.dev))
            }
            Dev::File(_) => ((examples, encoded), (Vec::new(), Vec::new()), None),
        };
        let labels = label_set(task, &train.0);
        let dev_source = match &task.examples.dev {
            Dev::File(file) => source_of(task, self.config.path(file)),
            Dev::Fraction(_) => source.clone(),
        };
        let dev = if indices.is_some() { dev } else { self.read(&dev_source, Some(&labels))? };
        let spec = spec_of(task, &labels, &train.0, indices);
        let duplicates = Duplicates::between(&train.0, &dev.0);
        let train = example_set(&source, train, &labels)?;
        let dev = example_set(&dev_source, dev, &labels)?;
        let data = TaskData { spec, train, dev, duplicates };
        check(&data)?;
        Ok(data)
    }

    fn read(
        &mut self,
        source: &Source,
        known: Option<&LabelSet>,
    ) -> Result<(Vec<Example>, Vec<Encoded>), TrainError> {
        self.observer.tokenizing(&source.path, self.done, self.total);
        let labelled = matches!(source.kind, LabelKind::Class | LabelKind::Classes | LabelKind::Tags);
        let examples = read(source, known.filter(|_| labelled))?;
        let encoded = self.cache.encode(source, &examples, self.tokenizer)?;
        self.done += 1;
        Ok((examples, encoded))
    }

    /// How the examples of a task are split: as those of the task that it shares them with.
    fn split(&mut self, task: &TaskConfig, examples: &[Example], share: f64) -> Result<Split, TrainError> {
        let base = task.same_examples_as.as_ref().unwrap_or(&task.name);
        if let Some(split) = self.splits.get(base) {
            return Ok(split.clone());
        }
        let failed = |source| TrainError::Split {
            task: task.name.clone(),
            path: self.config.path(&task.examples.train),
            source: Box::new(source),
        };
        let split = match self.config.tasks.iter().find(|other| other.name == *base) {
            Some(other) if other.name != task.name => {
                let source = source_of(other, self.config.path(&other.examples.train));
                Split::by_fraction(&read(&source, None)?, share, self.config.seed)
            }
            _ => Split::by_fraction(examples, share, self.config.seed),
        }
        .map_err(failed)?;
        self.splits.insert(base.clone(), split.clone());
        Ok(split)
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
    Source {
        format: Format::from_name(examples.format.name()),
        header: examples.header,
        columns: examples.columns.clone(),
        separator: task.separator.clone(),
        missing: task.missing.clone(),
        scale: task.scale.map(|[min, max]| (min, max)),
        benchmark: task.benchmark.as_ref().map(|files| files.task),
        ..Source::new(path, kind).text(examples.text.clone()).label(task.label.clone())
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

/// A labelled file of a task whose labels are known.
///
/// Errors as reading does, or if no example has a label.
pub(crate) fn labelled_file(
    task: &TaskConfig,
    spec: &TaskSpec,
    path: &Path,
    tokenizer: &Tokenizer,
) -> Result<ExampleSet, TrainError> {
    let source = source_of(task, path.to_owned());
    let labels = LabelSet::new(spec.labels.iter().cloned());
    let known = Some(&labels).filter(|_| task.kind != TaskKind::Regression);
    let examples = read(&source, known)?;
    let encoded = tokenizer.encode_all(&examples)?;
    let set = example_set(&source, (examples, encoded), &labels)?;
    check_labelled(&spec.name, &set)?;
    Ok(set)
}

/// The examples of a train file that a run held out.
pub(crate) fn held_out(
    task: &TaskConfig,
    spec: &TaskSpec,
    (path, indices): (&Path, &[usize]),
    tokenizer: &Tokenizer,
) -> Result<ExampleSet, TrainError> {
    let set = labelled_file(task, spec, path, tokenizer)?;
    match indices.iter().find(|&&index| index >= set.len()) {
        None => Ok(set.select(indices)),
        Some(index) => Err(TrainError::Damaged {
            path: path.to_owned(),
            reason: format!("the run held out example {index} of it, but it has {}", set.len()),
        }),
    }
}

fn pick((examples, encoded): (&[Example], &[Encoded]), indices: &[usize]) -> (Vec<Example>, Vec<Encoded>) {
    let examples = indices.iter().map(|&i| examples[i].clone()).collect();
    (examples, indices.iter().map(|&i| encoded[i].clone()).collect())
}

/// The labels of the train set, or those that a benchmark publishes.
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
    (examples, encoded): (Vec<Example>, Vec<Encoded>),
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
    })
}

/// Errors if a set has no label, or the labels are too many for the metric.
fn check(data: &TaskData) -> Result<(), TrainError> {
    check_labelled(&data.spec.name, &data.train)?;
    check_labelled(&data.spec.name, &data.dev)?;
    let n_classes = data.spec.labels.len();
    if data.spec.metric_keys().contains(&MetricKey::F1) && n_classes != 2 {
        let source = MetricError::NotBinary { metric: MetricKey::F1, n_classes };
        return Err(TrainError::Score { task: data.spec.name.clone(), source });
    }
    Ok(())
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
