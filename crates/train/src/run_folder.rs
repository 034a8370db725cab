//! The files of a run.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | the resolved configuration |
//! | `tasks.json` | labels, scales and limits; hashes of the examples and the draws |
//! | `history.jsonl` | one line a step and one an evaluation |
//! | `checkpoint/` | what a resumed run needs |
//! | `weights.safetensors` | the whole model, by the names of its parameters: what is opened again |
//! | `model/` | the encoder's form and its tokenizer; where tasks share one encoder, a whole Hugging Face folder; a folder for each encoder where there are several |
//! | `outcomes.dev.jsonl`, `outcomes.test.jsonl` | predictions beside labels; the latter from a comparison |
//! | `sharing.json` | what the architecture learned about sharing, where it reports something |
//! | `metrics.json` | the scores and what the run cost; written last |
//! | `.lock` | nothing: whoever runs here holds a lock on it |
//! | `inspect.svg` | the history as a picture, once it was asked for |

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use mtl_core_tensor::element::Float;
use mtl_core_tensor::weights::{self, WeightFile};
use mtl_core_tensor::{Device, Export};
use mtl_data::Tokenizer;
use serde::Serialize;

use crate::build::{self, AnyModel, with_model};
use crate::config::{Config, EncoderOrigin};
use crate::error::TrainError;
use crate::evaluate::Split;
use crate::model::Model;
use crate::scores::RunMetrics;
use crate::spec::TaskFile;

const JSON: &str = "tokenizer.json";
const VOCABULARY: &str = "vocab.txt";
/// What may lie beside either.
const TOKENIZER_OPTIONS: [&str; 3] =
    ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/// The folder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// The run folder at `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The resolved configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// The scores.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.json")
    }

    /// The labels, scales and limits.
    pub fn tasks(&self) -> PathBuf {
        self.root.join("tasks.json")
    }

    /// The steps and evaluations.
    pub fn history(&self) -> PathBuf {
        self.root.join("history.jsonl")
    }

    /// What the architecture learned about sharing.
    pub fn sharing(&self) -> PathBuf {
        self.root.join("sharing.json")
    }

    /// The steps and evaluations as a picture.
    pub fn picture(&self) -> PathBuf {
        self.root.join("inspect.svg")
    }

    /// The folder of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    /// The encoder and its tokenizer.
    pub fn model(&self) -> PathBuf {
        self.root.join("model")
    }

    /// The weights of the model.
    pub fn weights(&self) -> PathBuf {
        self.root.join("weights.safetensors")
    }

    /// The heads' weights of a run of version 0.1, whose encoder is in [`model`](RunFolder::model).
    pub fn heads(&self) -> PathBuf {
        self.root.join("heads.safetensors")
    }

    /// What was predicted for each example of a set.
    pub fn outcomes(&self, split: Split) -> PathBuf {
        self.root.join(format!("outcomes.{}.jsonl", split.name()))
    }

    /// Errors if something else than a folder is there.
    pub fn check(&self) -> Result<(), TrainError> {
        if self.root.exists() && !self.root.is_dir() {
            return Err(TrainError::Output { path: self.root.clone(), problem: "it is not a folder" });
        }
        Ok(())
    }

    /// Errors if a new run would write over what is not of a run.
    pub fn check_free(&self) -> Result<(), TrainError> {
        // A run that was killed before its first step has left its tasks.
        if TaskFile::read(&self.tasks()).is_ok() {
            return Ok(());
        }
        match self.written().into_iter().find(|path| path.exists()) {
            Some(path) => Err(TrainError::Occupied { path }),
            None => Ok(()),
        }
    }

    /// Makes the folder, and keeps other processes from running in it for as long as the file lives.
    ///
    /// Errors if another process runs in it, or if the folder cannot be made.
    pub fn lock(&self) -> Result<File, TrainError> {
        fs::create_dir_all(&self.root).map_err(TrainError::io("create the folder", &self.root))?;
        let path = self.root.join(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(TrainError::io("open", &path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(TrainError::Busy { folder: self.root.clone() }),
            // Some file systems have no locks: a run there goes on without.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Whether a run was started here.
    pub fn holds_run(&self) -> bool {
        self.config().exists() && self.tasks().exists()
    }

    /// All that a run writes.
    fn written(&self) -> [PathBuf; 12] {
        [
            self.config(),
            self.tasks(),
            self.history(),
            self.checkpoint(),
            self.model(),
            self.weights(),
            self.heads(),
            self.sharing(),
            self.outcomes(Split::Dev),
            self.outcomes(Split::Test),
            self.metrics(),
            self.picture(),
        ]
    }

    /// The configuration that the run was started with.
    ///
    /// Errors if it cannot be read.
    pub fn read_config(&self) -> Result<Config, TrainError> {
        Ok(Config::load(&self.config(), None)?)
    }

    /// The run's scores. Errors if it is not finished.
    pub fn read_metrics(&self) -> Result<RunMetrics, TrainError> {
        let path = self.metrics();
        if !path.exists() {
            return Err(self.unfinished("metrics.json"));
        }
        let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
    }

    /// Makes the folder and writes what is known before the first step.
    pub fn start(&self, config: &Config, tasks: &TaskFile) -> Result<(), TrainError> {
        let folder =
            |path: &Path| fs::create_dir_all(path).map_err(TrainError::io("create the folder", path));
        folder(&self.root)?;
        // The tasks come first: they tell what is begun from what is not of a run.
        write_json(&self.tasks(), tasks)?;
        folder(&self.checkpoint())?;
        let history = self.history();
        fs::write(&history, b"").map_err(TrainError::io("write", &history))?;
        // The configuration comes last: it marks the folder as a run.
        Ok(weights::write_whole(&self.config(), config.to_toml().as_bytes())?)
    }

    /// Removes what a killed run had begun to write: files that end with the number of a process and `.tmp`.
    pub fn sweep(&self) -> Result<(), TrainError> {
        for folder in [self.root.clone(), self.checkpoint(), self.model()] {
            // A folder that is not there yet holds nothing to sweep.
            for entry in fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
                if is_begun(&entry.file_name().to_string_lossy()) {
                    fs::remove_file(entry.path()).map_err(TrainError::io("remove", &entry.path()))?;
                }
            }
        }
        Ok(())
    }

    /// Writes the weights, the encoder's form and its tokenizer, and what others can load of it.
    pub fn write_model<E: Float<Master = f32>, D: Device>(
        &self,
        model: &Model<E, D>,
        config: &Config,
        tokenizer: &Tokenizer,
    ) -> Result<(), TrainError> {
        let folder = self.model();
        fs::create_dir_all(&folder).map_err(TrainError::io("create the folder", &folder))?;
        let encoders = model.architecture.encoders();
        for (name, encoder) in &encoders {
            let Some(export) = encoder.export() else { continue };
            let config = folder.join("config.json");
            weights::write_whole(&config, export.config.as_bytes())?;
            // An encoder that adapters act in is not the whole of what was learned.
            if model.architecture.is_plain() {
                let of_encoder = if encoders.len() == 1 { folder.clone() } else { folder.join(name) };
                write_export(&of_encoder, &export)?;
            }
        }
        self.write_tokenizer(config, tokenizer)?;
        Ok(weights::save(&self.weights(), &weights::tensors_of(model), &[])?)
    }

    /// The files that the tokenizer came from, and `tokenizer.json` in any case.
    fn write_tokenizer(&self, config: &Config, tokenizer: &Tokenizer) -> Result<(), TrainError> {
        let files = tokenizer_files(&tokenizer_path(config));
        for (source, name) in &files {
            let bytes = fs::read(source).map_err(TrainError::io("read", source))?;
            weights::write_whole(&self.model().join(name), &bytes)?;
        }
        if !files.iter().any(|(_, name)| *name == JSON) {
            weights::write_whole(&self.model().join(JSON), tokenizer.to_json().as_bytes())?;
        }
        Ok(())
    }

    /// Writes the scores.
    pub fn write_metrics(&self, metrics: &RunMetrics) -> Result<(), TrainError> {
        write_json(&self.metrics(), metrics)
    }

    /// The finished run's model, with its tokenizer, configuration and tasks.
    ///
    /// Errors if the run is not finished or a file of it is damaged.
    pub fn open(&self) -> Result<FinishedRun, TrainError> {
        for (path, what) in [(self.config(), "config.toml"), (self.tasks(), "tasks.json")] {
            if !path.exists() {
                return Err(self.unfinished(what));
            }
        }
        self.read_metrics()?;
        let (config, tasks) = (self.read_config()?, TaskFile::read(&self.tasks())?);
        let tokenizer = Tokenizer::from_folder(&self.model(), tasks.max_tokens)?;
        let model = build::reopened(&config, &tasks.tasks, &self.model())?;
        with_model!(&model, model => self.load_weights(model))?;
        Ok(FinishedRun { config, tasks, tokenizer, model })
    }

    /// Sets the weights of a model of the run's form. A run of version 0.1 has those of the heads in a file of their own.
    fn load_weights<E: Float<Master = f32>, D: Device>(&self, model: &Model<E, D>) -> Result<(), TrainError> {
        if self.weights().exists() || !self.heads().exists() {
            return Ok(weights::load_into(model, &WeightFile::open(&self.weights())?)?);
        }
        Ok(weights::load_into(&model.heads_alone(), &WeightFile::open(&self.heads())?)?)
    }

    fn unfinished(&self, what: &'static str) -> TrainError {
        TrainError::NoRun { folder: self.root.clone(), what }
    }
}

/// A finished run, read back.
#[derive(Debug)]
pub struct FinishedRun {
    /// The configuration that it was started with.
    pub config: Config,
    /// Its tasks.
    pub tasks: TaskFile,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// Its model, in the precision of the run.
    pub model: AnyModel,
}

/// Writes an encoder as a folder that others load. The weights come last.
fn write_export(folder: &Path, export: &Export) -> Result<(), TrainError> {
    fs::create_dir_all(folder).map_err(TrainError::io("create the folder", folder))?;
    weights::write_whole(&folder.join("config.json"), export.config.as_bytes())?;
    let metadata = [("format", "pt".to_owned())];
    Ok(weights::save(&folder.join("model.safetensors"), &export.tensors, &metadata)?)
}

/// Where a configuration's tokenizer comes from: a folder or a file.
pub(crate) fn tokenizer_path(config: &Config) -> PathBuf {
    match (&config.encoder.tokenizer, &config.encoder.origin) {
        (Some(tokenizer), _) => config.path(tokenizer),
        (None, EncoderOrigin::From(folder)) => config.path(folder),
        (None, EncoderOrigin::Preset(_)) => unreachable!("a preset needs a tokenizer"),
    }
}

/// Whether a file of this name is one that [`weights::write_whole`] has not renamed yet.
fn is_begun(name: &str) -> bool {
    let process =
        name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.')).map(|(_, process)| process);
    process.is_some_and(|process| !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The files of a tokenizer that are copied as they are, with the names that a model's folder has for them.
fn tokenizer_files(path: &Path) -> Vec<(PathBuf, &'static str)> {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    let (named, names): (_, &[&str]) = if !path.is_file() {
        (None, &[JSON, VOCABULARY])
    } else if path.extension().is_some_and(|extension| extension == "json") {
        (Some((path.to_owned(), JSON)), &[])
    } else {
        (Some((path.to_owned(), VOCABULARY)), &[])
    };
    let beside = names.iter().chain(&TOKENIZER_OPTIONS).map(|name| (folder.join(name), *name));
    named.into_iter().chain(beside).filter(|(source, _)| source.is_file()).collect()
}

/// Writes a value as indented JSON, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    let mut text = serde_json::to_string_pretty(value).expect("names and finite numbers are valid json");
    text.push('\n');
    Ok(weights::write_whole(path, text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_were_begun_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::new(folder.path());
        fs::create_dir(run.checkpoint()).unwrap();
        let begun = [run.root().join("config.toml.41.tmp"), run.checkpoint().join("state.json.7.tmp")];
        let kept = [run.root().join("notes.tmp"), run.checkpoint().join("state.json")];
        begun.iter().chain(&kept).for_each(|path| fs::write(path, "").unwrap());
        run.sweep().unwrap();
        assert!(begun.iter().all(|path| !path.exists()) && kept.iter().all(|path| path.exists()));
    }

    #[test]
    fn a_named_tokenizer_file_takes_the_name_that_a_model_folder_has_for_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["vocab.txt", "larger.txt", "tokenizer.json", "tokenizer_config.json"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |named: &str| {
            let files = tokenizer_files(&folder.path().join(named)).into_iter();
            let short = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            files.map(|(source, name)| (short(source), name)).collect::<Vec<_>>()
        };
        let pair = |source: &str, name| (source.to_owned(), name);
        let options = pair("tokenizer_config.json", "tokenizer_config.json");
        assert_eq!(names("larger.txt"), [pair("larger.txt", VOCABULARY), options.clone()]);
        assert_eq!(names(""), [pair("tokenizer.json", JSON), pair("vocab.txt", VOCABULARY), options]);
    }
}
