//! The files of a run.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | the resolved configuration |
//! | `tasks.json` | labels, scales and limits: what predictions need beside weights |
//! | `history.jsonl` | one line a step and one an evaluation |
//! | `checkpoint/` | what a resumed run needs |
//! | `model/` | the encoder and its tokenizer as a Hugging Face folder |
//! | `heads.safetensors` | the heads |
//! | `metrics.json` | the scores and what the run cost; written last |

use std::fs;
use std::path::{Path, PathBuf};

use mtl_core_tensor::Cpu;
use mtl_core_tensor::weights::{self, WeightFile};
use mtl_data::Tokenizer;
use serde::Serialize;

use crate::config::{Config, EncoderOrigin};
use crate::error::TrainError;
use crate::model::{Heads, Model, SharedEncoder};
use crate::scores::RunMetrics;
use crate::spec::TaskFile;

/// The tokenizer's files that are copied from a pretrained folder as they are.
const TOKENIZER_FILES: [&str; 5] =
    ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

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

    /// Whether a run was started here.
    pub fn holds_run(&self) -> bool {
        self.config().exists()
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
        let checkpoint = self.checkpoint();
        fs::create_dir_all(&checkpoint).map_err(TrainError::io("create the folder", &checkpoint))?;
        write_json(&self.tasks(), tasks)?;
        let history = self.history();
        fs::write(&history, b"").map_err(TrainError::io("write", &history))?;
        // The configuration comes last: it marks the folder as a run.
        Ok(weights::write_whole(&self.config(), config.to_toml().as_bytes())?)
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

    /// The files of the folder that the tokenizer came from, and `tokenizer.json` in any case.
    fn write_tokenizer(&self, config: &Config, tokenizer: &Tokenizer) -> Result<(), TrainError> {
        let from = tokenizer_folder(config);
        for name in TOKENIZER_FILES {
            let (source, target) = (from.join(name), self.model().join(name));
            if source.is_file() {
                let bytes = fs::read(&source).map_err(TrainError::io("read", &source))?;
                weights::write_whole(&target, &bytes)?;
            }
        }
        if !from.join("tokenizer.json").is_file() {
            weights::write_whole(&self.model().join("tokenizer.json"), tokenizer.to_json().as_bytes())?;
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

/// Where a configuration's tokenizer comes from: a folder, or the folder of the file that is named.
pub(crate) fn tokenizer_folder(config: &Config) -> PathBuf {
    let named = match (&config.encoder.tokenizer, &config.encoder.origin) {
        (Some(tokenizer), _) => config.path(tokenizer),
        (None, EncoderOrigin::From(folder)) => config.path(folder),
        (None, EncoderOrigin::Preset(_)) => unreachable!("a preset needs a tokenizer"),
    };
    match named.parent() {
        Some(parent) if named.is_file() => parent.to_owned(),
        _ => named,
    }
}

/// Writes a value as indented JSON, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    let mut text = serde_json::to_string_pretty(value).expect("names and finite numbers are valid json");
    text.push('\n');
    Ok(weights::write_whole(path, text.as_bytes())?)
}
