//! From a configuration to what a run needs beside its model: tokenizer, examples, optimizer, schedule.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mtl_core_tensor::Device;
use mtl_core_tensor::optim::{
    AdamW, AdamWConfig, Groups, Optimizer, Schedule, ScheduleShape, Sgd, SgdConfig,
};
use mtl_data::{DataError, TokenCache, Tokenizer};
use sha2::{Digest, Sha256};

use crate::config::{self, Config, EncoderOrigin};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::Options;
use crate::run_folder::tokenizer_path;
use crate::spec::TaskFile;

/// The most tokens of a pack where the configuration does not say.
pub const PACK_TOKENS: usize = 8192;

/// Text, read and tokenized.
#[derive(Debug, Clone)]
pub struct Text {
    /// The tokenizer.
    pub tokenizer: Arc<Tokenizer>,
    /// The examples.
    pub dataset: Dataset,
    /// A hash of the pretrained encoder's form and weights; there is none of a preset.
    pub encoder: Option<Arc<str>>,
}

impl Text {
    /// Reads and tokenizes what a configuration names.
    ///
    /// Errors if the tokenizer or the data is refused.
    pub fn load(config: &Config, options: &Options, observer: &mut dyn Observer) -> Result<Text, TrainError> {
        let tokenizer = Tokenizer::open(&tokenizer_path(config), config.encoder.max_tokens);
        let tokenizer = tokenizer.map_err(|error| match error {
            DataError::MaxTokens { .. } => config.error_at("encoder.max_tokens", error),
            other => other.into(),
        })?;
        let cache = TokenCache::new(options.cache_folder());
        let dataset = Dataset::load(config, &tokenizer, &cache, observer)?;
        let encoder = match &config.encoder.origin {
            EncoderOrigin::From(folder) => identity(&config.path(folder)).ok().map(Arc::from),
            EncoderOrigin::Preset(_) => None,
        };
        Ok(Text { tokenizer: Arc::new(tokenizer), dataset, encoder })
    }

    /// The same text for one task alone.
    pub fn only(&self, task_idx: usize) -> Text {
        Text { dataset: self.dataset.only(task_idx), ..self.clone() }
    }

    /// The same text without one task; `config` is the configuration without it.
    pub(crate) fn without(&self, config: &Config, task_idx: usize) -> Text {
        Text { dataset: self.dataset.without(config, task_idx), ..self.clone() }
    }

    /// What predictions need beside weights.
    pub fn task_file(&self, config: &Config) -> TaskFile {
        TaskFile {
            max_tokens: config.encoder.max_tokens,
            pack_tokens: pack_tokens(config),
            tasks: self.dataset.specs(),
            data: self.dataset.files(),
            encoder: self.encoder.as_deref().map(str::to_owned),
            draws: None,
        }
    }
}

/// A hash of what an encoder's folder says of its form, and of its weights. What cannot be read is for the encoder's own
/// reader to name.
fn identity(folder: &Path) -> io::Result<String> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|path| {
        path.file_name().is_some_and(|name| name == "config.json")
            || path.extension().is_some_and(|extension| extension == "safetensors")
    });
    files.sort();
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    for path in files {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => hash.update(&buffer[..read]),
            }
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The most tokens of a pack.
pub fn pack_tokens(config: &Config) -> usize {
    config.train.pack_tokens.unwrap_or(PACK_TOKENS.max(config.encoder.max_tokens))
}

/// The optimizer of a configuration, before its first step.
pub fn optimizer<D: Device>(config: &Config) -> Result<Box<dyn Optimizer<f32, D> + Send>, TrainError> {
    let decay = config.train.weight_decay;
    Ok(match config.train.optimizer {
        config::Optimizer::AdamW { beta1, beta2, epsilon } => {
            Box::new(AdamW::new(AdamWConfig { beta1, beta2, epsilon, ..AdamWConfig::new(decay) })?)
        }
        config::Optimizer::Sgd { momentum } => {
            Box::new(Sgd::new(SgdConfig { momentum, nesterov: false, groups: Groups::new(decay) })?)
        }
    })
}

/// The learning-rate schedule of a run of `total` steps; the warm-up is rounded down to whole steps.
pub fn schedule(config: &Config, total: u64) -> Schedule {
    let shape = match config.train.schedule {
        config::Schedule::Linear => ScheduleShape::Linear,
        config::Schedule::Constant => ScheduleShape::Constant,
        config::Schedule::Cosine => ScheduleShape::Cosine,
    };
    Schedule { shape, warmup: (config.train.warmup * total as f64) as u64, total }
}
