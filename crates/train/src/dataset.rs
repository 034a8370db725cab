//! The examples of all tasks: read, split, labelled by number and tokenized.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mtl_base::hex;
use mtl_curriculum::{StreamInfo, TaskId};
use mtl_data::{Duplicates, Encoded, TokenCache, Tokenizer};
use sha2::{Digest, Sha256};

use crate::config::{Config, Dev, TaskConfig, TaskKind};
use crate::error::TrainError;
use crate::load::Loader;
pub use crate::load::Repaired;
use crate::observer::Observer;
use crate::spec::{DataFile, TaskSpec};

/// A label by number.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// There is none.
    Missing,
    /// A class.
    Class(u32),
    /// The labels that hold, each once.
    Labels(Vec<u32>),
    /// A value in the file's scale.
    Value(f64),
    /// A class a word; `None` for a word that nobody labelled.
    Tags(Vec<Option<u32>>),
}

/// Examples of one file, tokenized.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExampleSet {
    /// The file.
    pub path: PathBuf,
    /// The line of each example, from 1.
    pub lines: Vec<usize>,
    /// The tokens of each example.
    pub encoded: Vec<Encoded>,
    /// The label of each example.
    pub targets: Vec<Target>,
    /// Tags of the file that were no valid BIO and were put right.
    pub repaired: Option<Repaired>,
}

/// One task's examples.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskData {
    /// What the task is.
    pub spec: TaskSpec,
    /// What it is trained on.
    pub train: ExampleSet,
    /// What it is judged on while it is trained.
    pub dev: ExampleSet,
    /// Texts that stand in both.
    pub duplicates: Duplicates,
}

/// Examples that are drawn together: those of one task, or of several that label the same ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The tasks that label them, ascending.
    pub tasks: Vec<usize>,
    /// The task whose tokens are used: the first token task, else the first.
    pub tokens_of: usize,
    /// The train examples that at least one of the tasks labels.
    pub examples: Vec<usize>,
}

/// The examples of all tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The tasks, in the order of the configuration.
    pub tasks: Vec<Arc<TaskData>>,
    /// What is drawn from, in the order of each one's first task.
    pub streams: Vec<Stream>,
}

impl ExampleSet {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The indices of the examples that have a label.
    pub fn labelled(&self) -> Vec<usize> {
        (0..self.len()).filter(|&i| self.targets[i] != Target::Missing).collect()
    }

    /// The number of tokens of these examples.
    pub fn tokens(&self, examples: &[usize]) -> u64 {
        examples.iter().map(|&i| self.encoded[i].ids.len() as u64).sum()
    }

    /// Where an example stands, as `file:line`.
    pub fn place(&self, example: usize) -> String {
        format!("{}:{}", self.path.display(), self.lines[example])
    }

    /// The file and a hash of its examples.
    pub(crate) fn file(&self) -> DataFile {
        let mut hash = Sha256::new();
        for (encoded, target) in self.encoded.iter().zip(&self.targets) {
            for numbers in [&encoded.ids, &encoded.segments] {
                hash.update((numbers.len() as u64).to_le_bytes());
                numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
            }
            // The text of a label names its variant and all its numbers.
            hash.update(format!("{:?} {target:?}\n", encoded.first_subword));
        }
        let sha256 = hex(hash.finalize());
        DataFile { path: self.path.clone(), sha256 }
    }

    pub(crate) fn select(&self, indices: &[usize]) -> ExampleSet {
        ExampleSet {
            path: self.path.clone(),
            lines: indices.iter().map(|&i| self.lines[i]).collect(),
            encoded: indices.iter().map(|&i| self.encoded[i].clone()).collect(),
            targets: indices.iter().map(|&i| self.targets[i].clone()).collect(),
            repaired: self.repaired.clone(),
        }
    }
}

impl Dataset {
    /// Reads and tokenizes what a configuration names.
    ///
    /// Errors if a task has no head, a file is refused, a label of a dev set is unknown, a set has no label at all, or tasks that label
    /// the same examples read different numbers of them.
    pub fn load(
        config: &Config,
        tokenizer: &Tokenizer,
        cache: &TokenCache,
        observer: &mut dyn Observer,
    ) -> Result<Dataset, TrainError> {
        if let Some(headless) = config.headless.first() {
            let (task, benchmark) = (headless.name.clone(), headless.files.task);
            let (benchmark, head) = (benchmark.full_name(), benchmark.asks.head());
            return Err(TrainError::MissingHead { task, benchmark, head });
        }
        let files = |task: &TaskConfig| 1 + usize::from(matches!(task.examples.dev, Dev::File(_)));
        let total = config.tasks.iter().map(files).sum();
        let mut loader = Loader::new(config, tokenizer, cache, observer, total);
        let tasks: Result<_, TrainError> =
            config.tasks.iter().map(|task| loader.task(task).map(Arc::new)).collect();
        Dataset::of(config, tasks?)
    }

    fn of(config: &Config, tasks: Vec<Arc<TaskData>>) -> Result<Dataset, TrainError> {
        let mut by_base: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (task_idx, task) in config.tasks.iter().enumerate() {
            by_base.entry(base_of(task)).or_default().push(task_idx);
        }
        let streams: Result<Vec<Stream>, TrainError> =
            by_base.into_values().map(|together| Stream::of(together, &tasks)).collect();
        let mut streams = streams?;
        streams.sort_by_key(|stream| stream.tasks[0]);
        Ok(Dataset { tasks, streams })
    }

    /// The train and dev set of each task, each with a hash of its examples.
    pub fn files(&self) -> Vec<DataFile> {
        self.tasks.iter().flat_map(|task| [task.train.file(), task.dev.file()]).collect()
    }

    /// One task's examples alone.
    pub fn only(&self, task_idx: usize) -> Dataset {
        let tasks = vec![self.tasks[task_idx].clone()];
        let stream = Stream::of(vec![0], &tasks).expect("a task has as many examples as itself");
        Dataset { tasks, streams: vec![stream] }
    }

    /// The examples of all tasks but one; `config` is the configuration without it.
    pub(crate) fn without(&self, config: &Config, task_idx: usize) -> Dataset {
        let mut tasks = self.tasks.clone();
        tasks.remove(task_idx);
        Dataset::of(config, tasks).expect("tasks that share examples did so before")
    }

    /// What a curriculum knows of the streams.
    pub fn stream_infos(&self) -> Vec<StreamInfo> {
        let of = |stream: &Stream| StreamInfo {
            size: stream.examples.len(),
            tasks: stream.tasks.iter().map(|&task_idx| TaskId(task_idx)).collect(),
        };
        self.streams.iter().map(of).collect()
    }

    /// What the tasks are.
    pub fn specs(&self) -> Vec<TaskSpec> {
        self.tasks.iter().map(|task| task.spec.clone()).collect()
    }
}

impl Stream {
    /// Whether it is read for this task and no other.
    pub(crate) fn is_of(&self, task_idx: usize) -> bool {
        self.tasks == [task_idx]
    }

    fn of(together: Vec<usize>, tasks: &[Arc<TaskData>]) -> Result<Stream, TrainError> {
        let first = &tasks[together[0]];
        for &task_idx in &together[1..] {
            let (got, other) = (tasks[task_idx].train.len(), first.train.len());
            if got != other {
                let (path, second) = (first.train.path.clone(), first.spec.name.clone());
                let first = tasks[task_idx].spec.name.clone();
                return Err(TrainError::OtherExamples { first, second, path, got, other });
            }
        }
        let of_words = |&&task_idx: &&usize| tasks[task_idx].spec.kind == TaskKind::TokenClassification;
        let tokens_of = *together.iter().find(of_words).unwrap_or(&together[0]);
        let labelled =
            |i: &usize| together.iter().any(|&task_idx| tasks[task_idx].train.targets[*i] != Target::Missing);
        let examples = (0..first.train.len()).filter(labelled).collect();
        Ok(Stream { tokens_of, examples, tasks: together })
    }
}

/// The task whose examples a task labels: itself, or the one that it names.
fn base_of(task: &TaskConfig) -> &str {
    task.same_examples_as.as_deref().unwrap_or(&task.name)
}
