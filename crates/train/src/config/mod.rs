//! The configuration file: one TOML file that says what is trained, on what, and how.
//!
//! [`Config::load`] reads and checks it. Whatever is wrong becomes one [`ConfigError`] that names file, line, column
//! and the nearest valid name. Every key has its default written out in the value, and [`Config::to_toml`] writes it
//! back as the resolved configuration of a run.
//!
//! Relative paths start from the folder of the file, from the folder that the key `data` names, or from one that the
//! caller names; the last of these that is given holds.

mod benchmark;
mod choice;
mod curriculum;
mod differences;
mod encoder;
mod error;
mod examples;
mod invalid_bio;
mod memory_size;
mod method;
mod metric;
mod places;
mod role;
mod section;
mod sharing;
mod stage;
mod task;
mod training;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mtl_data::{names_beside, nearest_file_of};
use mtl_sharing::TaskLoss;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use toml::de::DeTable;

pub use benchmark::{BenchmarkFiles, HeadlessTask};
pub use curriculum::CurriculumConfig;
pub use encoder::{EncoderConfig, EncoderOrigin, PRESETS};
pub use error::{ConfigError, ConfigProblem, Suggestion};
pub use examples::{Dev, Examples, Format};
pub use invalid_bio::InvalidBio;
pub use memory_size::MemorySize;
pub use method::MethodConfig;
pub use metric::METRICS_BY_KIND;
pub use role::Role;
pub use sharing::{GradientsConfig, SharingConfig};
pub use stage::StageConfig;
pub use task::{TaskConfig, TaskKind};
pub use training::{Keep, Length, Optimizer, OptimizerKind, Precision, Schedule, Select, TrainConfig};

use places::Places;
use section::{Entry, Section, Source};

const KEYS: &[&str] = &["seed", "data", "encoder", "train", "sharing", "curriculum", "tasks"];

/// A configuration that has been checked, with every default filled in.
///
/// | key | default | meaning | range |
/// |---|---|---|---|
/// | `seed` | 0 | the seed of every random choice | at least 0 |
/// | `data` | the folder of the file | the folder that relative paths start from | |
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The seed of every random choice; default 0.
    pub seed: u64,
    /// The absolute folder that relative paths start from.
    pub data: PathBuf,
    /// `[encoder]`.
    pub encoder: EncoderConfig,
    /// `[train]`.
    pub train: TrainConfig,
    /// `[sharing]`.
    pub sharing: SharingConfig,
    /// `[curriculum]`.
    pub curriculum: CurriculumConfig,
    /// `[tasks.NAME]`, in the order of the file; at least one, unless there is a task without a head.
    pub tasks: Vec<TaskConfig>,
    /// Tasks of benchmarks that can be described but not trained, in the order of the file.
    pub headless: Vec<HeadlessTask>,
    /// Where all this stands in the file.
    pub(crate) places: Places,
}

impl Config {
    /// Reads and checks the file at `path`. Relative paths in it start from `data` if that is given.
    ///
    /// Errors if the file cannot be read, is not UTF-8 or TOML, or breaks a rule of a [`ConfigProblem`].
    pub fn load(path: &Path, data: Option<&Path>) -> Result<Self, ConfigError> {
        let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
        let text =
            std::str::from_utf8(&bytes).map_err(|error| not_utf8(path, &bytes, error.valid_up_to()))?;
        Self::parse(text, path, data)
    }

    /// Checks `text`, the content of the file at `path`. Relative paths in it start from `data` if that is given.
    ///
    /// Errors as [`load`](Config::load) does.
    pub fn parse(text: &str, path: &Path, data: Option<&Path>) -> Result<Self, ConfigError> {
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|error| syntax(source, &error))?.into_inner();
        let file = Section::file(source, &table, KEYS)?;
        let encoder =
            file.required("encoder", |entry| EncoderConfig::read(&entry.table(Some(encoder::KEYS))?))?;
        let train = read_train(&file, encoder.max_tokens)?;
        let folder = data_folder(&file, path, data)?;
        let (mut tasks, headless) = file.get("tasks").map_or_else(
            || Err(file.missing("a table [tasks.NAME] for each task")),
            |entry| TaskConfig::read_all(&entry, &folder),
        )?;
        if !tasks.is_empty() && !tasks.iter().any(TaskConfig::is_target) {
            let entry = file.get("tasks").expect("it was just read");
            return Err(entry.key_error(ConfigProblem::NoTarget));
        }
        if let (Some(select), Some(entry)) = (train.select, file.get("train")) {
            training::check_select(&entry.table(Some(training::KEYS))?, select, &tasks)?;
        }
        let sharing = file.option("sharing", |entry| entry.table(None))?;
        let curriculum = file.option("curriculum", |entry| entry.table(Some(curriculum::CURRICULUM_KEYS)))?;
        let n_tasks = tasks.len() + headless.len();
        let curriculum = CurriculumConfig::read(curriculum.as_ref(), &train, &tasks, n_tasks)?;
        Ok(Self {
            seed: file.or("seed", 0, |entry| entry.integer(0))?,
            data: folder,
            sharing: SharingConfig::read(
                sharing.as_ref(),
                &mut tasks,
                curriculum.narrowest_unit(),
                train.batch,
            )?,
            curriculum,
            encoder,
            train,
            tasks,
            headless,
            places: Places::of(path, &file),
        })
    }

    /// The resolved configuration: every key with its value, paths as they were given, and the absolute folder that
    /// they start from. It reads back as the same configuration.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a checked configuration holds only strings and numbers")
    }

    /// Where a file of the configuration is: `given` itself if it is absolute, else below [`data`](Config::data).
    pub fn path(&self, given: &Path) -> PathBuf {
        self.data.join(given)
    }

    /// The tasks' names, in the order of the file.
    pub fn task_names(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().map(|task| task.name.as_str())
    }

    /// What a loss weighting knows of each task.
    ///
    /// # Shapes
    ///
    /// `(tasks,)`.
    pub fn task_losses(&self) -> Vec<TaskLoss> {
        let of = |task: &TaskConfig| match task.kind {
            TaskKind::Regression => TaskLoss::regression(task.weight),
            _ => TaskLoss::classification(task.weight),
        };
        self.tasks.iter().map(of).collect()
    }

    /// The same configuration with one task only, and nothing that looks at several: its single-task baseline.
    ///
    /// # Panics
    ///
    /// If there is no task `task_idx`.
    pub fn single_task(&self, task_idx: usize) -> Self {
        let task = TaskConfig { same_examples_as: None, ..self.tasks[task_idx].clone() };
        let curriculum = self.curriculum.without_stages();
        Self { tasks: vec![task], sharing: self.sharing.plain(), curriculum, ..self.clone() }
    }

    /// The same configuration without one task. Tasks that label its examples go on labelling them.
    ///
    /// # Panics
    ///
    /// If there is no task `task_idx`, or no other.
    pub fn without_task(&self, task_idx: usize) -> Self {
        assert!(self.tasks.len() > 1, "a configuration has at least one task");
        let mut tasks = self.tasks.clone();
        let left_out = tasks.remove(task_idx).name;
        // The first of those that follow it takes its place.
        let mut heir: Option<String> = None;
        for task in tasks.iter_mut().filter(|task| task.same_examples_as.as_ref() == Some(&left_out)) {
            task.same_examples_as = heir.clone();
            heir.get_or_insert_with(|| task.name.clone());
        }
        let curriculum = self.curriculum.without_task(&left_out);
        Self { tasks, curriculum, ..self.clone() }
    }
}

fn read_train(file: &Section<'_>, max_tokens: usize) -> Result<TrainConfig, ConfigError> {
    match file.get("train") {
        Some(entry) => TrainConfig::read(&entry.table(Some(training::KEYS))?, max_tokens),
        None => Ok(TrainConfig::default()),
    }
}

fn data_folder(file: &Section<'_>, path: &Path, data: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let beside = path.parent().unwrap_or(Path::new(""));
    let named = file.option("data", Entry::word)?.map(|folder| beside.join(folder));
    let folder = data.map(Path::to_owned).or(named).unwrap_or_else(|| beside.to_owned());
    // An empty path means the folder that the program runs in.
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let folder = std::path::absolute(folder).map_err(|error| unreadable(path, error))?;
    if folder.to_str().is_none() {
        return Err(ConfigError::NotUnicode { path: folder });
    }
    Ok(folder)
}

fn unreadable(path: &Path, error: io::Error) -> ConfigError {
    let mut there = if error.kind() == io::ErrorKind::NotFound { names_beside(path) } else { Vec::new() };
    there.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "toml"));
    let nearest = nearest_file_of(path, there.clone());
    ConfigError::Unreadable { path: path.to_owned(), error, nearest, there }
}

fn not_utf8(path: &Path, bytes: &[u8], at: usize) -> ConfigError {
    let text = std::str::from_utf8(&bytes[..at]).expect("valid up to here");
    Source { path, text }.error(at, ConfigProblem::NotUtf8 { byte: bytes[at] })
}

fn syntax(source: Source<'_>, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(source.text.len()..source.text.len());
    let problem = if error.message().starts_with("duplicate key") {
        ConfigProblem::GivenTwice { key: source.text[span.clone()].to_owned() }
    } else {
        ConfigProblem::Syntax { message: error.message().to_owned() }
    };
    source.error(span.start, problem)
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut file = serializer.serialize_struct("Config", KEYS.len())?;
        file.serialize_field("seed", &self.seed)?;
        file.serialize_field("data", &self.data)?;
        file.serialize_field("encoder", &self.encoder)?;
        file.serialize_field("train", &self.train)?;
        file.serialize_field("sharing", &self.sharing)?;
        file.serialize_field("curriculum", &self.curriculum)?;
        file.serialize_field("tasks", &Tasks(self))?;
        file.end()
    }
}

/// The tables of all tasks by name.
struct Tasks<'a>(&'a Config);

impl Serialize for Tasks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let trained = self.0.tasks.iter().map(|task| (&task.name, benchmark::Table::Trained(task)));
        let headless = self.0.headless.iter().map(|task| (&task.name, benchmark::Table::Headless(task)));
        serializer.collect_map(trained.chain(headless))
    }
}
