//! Benchmarks: what is published of each task of GLUE, SuperGLUE and decaNLP, and how it is read.
//!
//! [`task`] finds a task by its name, `glue/rte`. A [`BenchmarkTask`] is a row of facts: the names of its files as
//! they are published, with the variants that are found in the wild, its labels and the metrics of the benchmark. A
//! [`Source`] with such a task reads its files into examples, whatever variant they are:
//!
//! ```
//! use mtl_data::benchmark::{Part, task};
//! use mtl_data::{Label, Source};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::fs::create_dir(folder.path().join("RTE"))?;
//! # std::fs::write(folder.path().join("RTE/dev.tsv"), "index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tentailment\n")?;
//! let rte = task("glue/rte").expect("a task of GLUE");
//! let file = rte.find(folder.path(), Part::Dev)?;
//! let examples: Vec<_> = rte.source(file)?.read()?.collect::<Result<_, _>>()?;
//! assert_eq!(examples[0].label, Label::Class("entailment".into()));
//! # Ok(())
//! # }
//! ```
//!
//! Tasks that no example of this crate holds (multiple choice, spans, generated text) are read as [`Question`]s, which
//! is enough to describe and to score them; so can every other task be.

mod decanlp;
mod error;
mod glue;
pub(crate) mod layout;
mod prediction;
mod question;
mod questions;
mod squad;
mod superglue;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::example::LabelKind;
use crate::location::Location;
use crate::read::{Format, Source};

pub use error::BenchmarkError;
pub(crate) use layout::Layout;
pub use prediction::Prediction;
pub use question::{Question, UNANSWERABLE};
pub(crate) use questions::Reading;
pub use squad::{SquadQuestions, squad_questions, squad_values};

/// A benchmark of several tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Benchmark {
    /// GLUE (Wang et al. 2018, <https://gluebenchmark.com>).
    Glue,
    /// SuperGLUE (Wang et al. 2019, <https://super.gluebenchmark.com>).
    SuperGlue,
    /// The Natural Language Decathlon (McCann et al. 2018, <https://decanlp.com>).
    DecaNlp,
}

/// Which of a task's published sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The train set.
    Train,
    /// The dev set, which some benchmarks call validation set.
    Dev,
    /// The test set, mostly published without labels.
    Test,
}

/// What a task asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asks {
    /// One of the task's labels.
    Class,
    /// A number from 0 to 5.
    Value,
    /// One of a few texts that come with each question.
    Choice,
    /// A part of the context.
    Span,
    /// A text that is written anew.
    Sequence,
}

/// One task of a benchmark, as it is published.
#[derive(Debug)]
#[non_exhaustive]
pub struct BenchmarkTask {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// The name inside the benchmark, such as `rte`.
    pub name: &'static str,
    /// The name that people call it by.
    pub title: &'static str,
    /// What it asks for.
    pub asks: Asks,
    /// Its labels as the files write them, in sorted order; empty unless it asks for one.
    pub labels: &'static [&'static str],
    /// The metrics by which the benchmark judges it; the first is the one that a run is judged by.
    pub metrics: &'static [&'static str],
    /// The name of its file of predictions in the official layout.
    pub submission: &'static str,
    /// The folders that its files are published in.
    pub folders: &'static [&'static str],
    /// The train set's file, under each name it is found by; empty if there is none.
    pub train: &'static [&'static str],
    /// The dev set's file, likewise.
    pub dev: &'static [&'static str],
    /// The test set's file, likewise.
    pub test: &'static [&'static str],
    /// The forms in which examples are found; empty if its files hold none.
    pub(crate) layouts: &'static [Layout],
    /// How questions are read.
    pub(crate) reading: Reading,
}

impl Benchmark {
    /// All benchmarks.
    pub const ALL: [Self; 3] = [Self::Glue, Self::SuperGlue, Self::DecaNlp];

    /// The name: `glue`, `superglue`, `decanlp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glue => "glue",
            Self::SuperGlue => "superglue",
            Self::DecaNlp => "decanlp",
        }
    }

    /// Where people get its data.
    pub fn homepage(self) -> &'static str {
        match self {
            Self::Glue => "https://gluebenchmark.com/tasks",
            Self::SuperGlue => "https://super.gluebenchmark.com/tasks",
            Self::DecaNlp => "https://decanlp.com",
        }
    }

    /// Its tasks, in the order in which the benchmark lists them.
    pub fn tasks(self) -> &'static [BenchmarkTask] {
        match self {
            Self::Glue => glue::TASKS,
            Self::SuperGlue => superglue::TASKS,
            Self::DecaNlp => decanlp::TASKS,
        }
    }
}

/// The task called `BENCHMARK/NAME`, such as `superglue/boolq`.
pub fn task(name: &str) -> Option<&'static BenchmarkTask> {
    tasks().find(|task| name.split_once('/') == Some((task.benchmark.name(), task.name)))
}

/// Every task of every benchmark.
pub fn tasks() -> impl Iterator<Item = &'static BenchmarkTask> {
    Benchmark::ALL.into_iter().flat_map(|benchmark| benchmark.tasks())
}

impl Part {
    /// The name: `train`, `dev`, `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }
}

impl Asks {
    /// The kind of label that its examples have, if it has examples.
    pub fn label_kind(self) -> Option<LabelKind> {
        match self {
            Self::Class => Some(LabelKind::Class),
            Self::Value => Some(LabelKind::Value),
            Self::Choice | Self::Span | Self::Sequence => None,
        }
    }

    /// In words, as the head of a model that answers it.
    pub fn head(self) -> &'static str {
        match self {
            Self::Class => "classification",
            Self::Value => "regression",
            Self::Choice => "multiple choice",
            Self::Span => "span extraction",
            Self::Sequence => "sequence to sequence",
        }
    }
}

impl BenchmarkTask {
    /// The name with its benchmark, such as `glue/rte`.
    pub fn full_name(&self) -> String {
        self.to_string()
    }

    /// How many texts an example has: one, or the two of a pair; 0 if the task has no examples.
    pub fn text_count(&self) -> usize {
        match self.layouts.first() {
            Some(layout) if matches!(layout.format, Format::Wic | Format::Wsc | Format::MultiRc) => 2,
            first => first.map_or(0, |layout| layout.text.len()),
        }
    }

    /// The names that the file of a part is found by.
    pub fn files(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::Train => self.train,
            Part::Dev => self.dev,
            Part::Test => self.test,
        }
    }

    /// The file of a part below `folder`, which is the task's own or holds it: `RTE`, or the folder of `RTE`.
    ///
    /// Errors if there is no such file, naming every file that was looked for and where people get them.
    pub fn find(&self, folder: &Path, part: Part) -> Result<PathBuf, DataError> {
        self.look(folder, part).ok_or_else(|| self.not_found(folder, part))
    }

    /// As [`find`](Self::find), without a reason.
    pub fn look(&self, folder: &Path, part: Part) -> Option<PathBuf> {
        let places = self.places(part);
        let ends = ["", ".gz", ".zst"];
        let paths = places.iter().flat_map(|place| ends.map(|end| folder.join(format!("{place}{end}"))));
        paths.into_iter().find(|path| path.is_file())
    }

    /// How a file of the task is read into examples: in the form that its first line shows, with labels if it has some.
    ///
    /// Errors if the file cannot be read, if no form of the task begins like it, or if the task has no examples.
    pub fn source(&'static self, path: impl Into<PathBuf>) -> Result<Source, DataError> {
        let kind = self.asks.label_kind().unwrap_or(LabelKind::Class);
        let source = Source { benchmark: Some(self), ..Source::new(path, kind).label("label") };
        Ok(source.resolved()?.into_owned())
    }

    /// Every question of a file of the task.
    ///
    /// A task of classes or numbers has its first text as context, its second as question, and its label as answer.
    /// `part` matters only where one file holds all parts, as that of decaNLP's Winograd schemas does.
    /// Errors if the file cannot be read or is not the task's.
    pub fn questions(&'static self, path: &Path, part: Part) -> Result<Vec<Question>, DataError> {
        questions::read(self, path, part)
    }

    /// The file of a part below the folder of the whole benchmark: in the task's own folder, or beside those of other
    /// tasks if no other task has a file of this name.
    pub fn look_among(&self, folder: &Path, part: Part) -> Option<PathBuf> {
        let others = || self.benchmark.tasks().iter().filter(|task| *task != self);
        let alone = |file: &&&str| others().all(|task| !task.files(part).contains(*file));
        let own = self.files(part).iter().filter(alone).map(|file| folder.join(file));
        let below = self.folders.iter().map(|own| folder.join(own)).filter(|own| own.is_dir());
        let itself = self.folders.iter().any(|own| folder.ends_with(own)).then(|| folder.to_owned());
        below
            .chain(itself)
            .find_map(|place| self.look(&place, part))
            .or_else(|| own.into_iter().find(|path| path.is_file()))
    }

    /// Each place that a part is looked for, below the folder that the user names.
    fn places(&self, part: Part) -> Vec<String> {
        let files = self.files(part);
        let own = files.iter().map(|file| file.to_string());
        let below =
            self.folders.iter().flat_map(|folder| files.iter().map(move |file| format!("{folder}/{file}")));
        own.chain(below).collect()
    }

    pub(crate) fn not_found(&self, folder: &Path, part: Part) -> DataError {
        let looked = self.places(part);
        let (task, part, homepage) = (self.full_name(), part.name(), self.benchmark.homepage());
        match looked.first() {
            Some(first) => {
                let at = Location::from(folder.join(first));
                BenchmarkError::File { at, task, part, folder: folder.to_owned(), looked, homepage }.into()
            }
            None => BenchmarkError::Part { task, part }.into(),
        }
    }
}

impl fmt::Display for BenchmarkTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.benchmark.name(), self.name)
    }
}

/// Two tasks are the same if their names are.
impl PartialEq for BenchmarkTask {
    fn eq(&self, other: &Self) -> bool {
        (self.benchmark, self.name) == (other.benchmark, other.name)
    }
}

impl Eq for BenchmarkTask {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_found_by_its_name_and_by_no_other() {
        let names: Vec<String> = tasks().map(BenchmarkTask::full_name).collect();
        assert_eq!(names.len(), 11 + 10 + 10);
        for (place, name) in names.iter().enumerate() {
            assert_eq!(task(name).unwrap().full_name(), *name);
            assert!(!names[..place].contains(name), "{name} stands twice");
        }
        assert_eq!((task("rte"), task("glue/"), task("glue/boolq")), (None, None, None));
    }

    #[test]
    fn facts_are_whole() {
        for task in tasks() {
            let sorted = task.labels.is_sorted();
            assert!(
                sorted && task.labels.is_empty() == (task.asks != Asks::Class),
                "{task}: {:?}",
                task.labels
            );
            assert_eq!(task.layouts.is_empty(), task.asks.label_kind().is_none(), "{task}");
            assert!(
                !task.metrics.is_empty() && !task.dev.is_empty() && !task.submission.is_empty(),
                "{task}"
            );
        }
    }

    #[test]
    fn a_missing_file_says_what_was_looked_for_and_where_people_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = task("glue/rte").unwrap().find(folder.path(), Part::Train).unwrap_err().to_string();
        let place = folder.path().display();
        let expected = format!(
            "{place}/train.tsv:1:1: no such file; looked in {place} for the train set of glue/rte: train.tsv, \
             train.jsonl, RTE/train.tsv, RTE/train.jsonl; it is published at https://gluebenchmark.com/tasks"
        );
        assert_eq!(error, expected);
        let error = task("glue/ax").unwrap().find(folder.path(), Part::Train).unwrap_err();
        assert_eq!(error.to_string(), "glue/ax is published without a train set");
    }

    #[test]
    fn a_file_is_found_in_its_folder_or_below_and_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let rte = task("glue/rte").unwrap();
        std::fs::create_dir(folder.path().join("RTE")).unwrap();
        std::fs::write(folder.path().join("RTE/dev.tsv.gz"), "").unwrap();
        let found = folder.path().join("RTE/dev.tsv.gz");
        assert_eq!(rte.find(folder.path(), Part::Dev).unwrap(), found);
        assert_eq!(rte.find(&folder.path().join("RTE"), Part::Dev).unwrap(), found);
    }
}
