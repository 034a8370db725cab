//! The files of a run.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | the resolved configuration |
//! | `tasks.json` | labels, scales and limits; hashes of the examples and the draws |
//! | `history.jsonl` | one line a step and one an evaluation |
//! | `checkpoint/` | what a resumed run needs |
//! | `model/` | the encoder and its tokenizer as a Hugging Face folder |
//! | `heads.safetensors` | the heads |
//! | `outcomes.dev.jsonl`, `outcomes.test.jsonl` | predictions beside labels; the latter from a comparison |
//! | `metrics.json` | the scores and what the run cost; written last |
//! | `.lock` | nothing: whoever runs here holds a lock on it |
//! | `inspect.svg` | the history as a picture, once it was asked for |

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use mtl_core_tensor::Cpu;
use mtl_core_tensor::weights::{self, WeightFile};
use mtl_data::Tokenizer;
use serde::Serialize;

use crate::config::{Config, EncoderOrigin};
use crate::error::TrainError;
use crate::evaluate::Split;
use crate::model::{Heads, Model, SharedEncoder};
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

    /// The heads' weights.
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
    fn written(&self) -> [PathBuf; 10] {
        [
            self.config(),
            self.tasks(),
            self.history(),
            self.checkpoint(),
            self.model(),
            self.heads(),
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

    /// Writes the model, its tokenizer and the heads.
    pub fn write_model(
        &self,
        model: &mut Model,
        config: &Config,
        tokenizer: &Tokenizer,
    ) -> Result<(), TrainError> {
        model.encoder.save_folder(&self.model())?;
        self.write_tokenizer(config, tokenizer)?;
        let heads = weights::tensors_of(&mut Heads(&mut model.heads));
        Ok(weights::save(&self.heads(), &heads, &[])?)
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
        let encoder = SharedEncoder::from_folder(&self.model(), &Cpu)?;
        let mut model = Model::new(encoder, &tasks.tasks, 0.0, config.seed)?;
        weights::load_into(&mut Heads(&mut model.heads), &WeightFile::open(&self.heads())?)?;
        Ok(FinishedRun { config, tasks, tokenizer, model })
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
    /// Its model.
    pub model: Model,
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
