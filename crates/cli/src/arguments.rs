//! Arguments that several verbs take.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use mtl_train::{Config, TrainError};

/// A configuration and what stands in for parts of it.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// The configuration file, in TOML
    pub config: PathBuf,
    /// Folder that relative paths in the configuration start from [default: the configuration's own]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of every random choice, in place of the configuration's
    #[arg(long, value_name = "N", value_parser = seed_parser())]
    pub seed: Option<u64>,
}

impl ConfigArguments {
    /// Reads and checks the configuration.
    ///
    /// Errors if it is refused.
    pub fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(&self.config, self.data.as_deref()).map_err(TrainError::from)?;
        config.seed = self.seed.unwrap_or(config.seed);
        Ok(config)
    }
}

/// How much of the machine is used.
#[derive(Debug, Args)]
pub struct ThreadArguments {
    /// Threads to run on; they change no bit of the result [default: RAYON_NUM_THREADS, or all cores]
    #[arg(long, value_name = "N", value_parser = threads_parser())]
    pub threads: Option<usize>,
}

/// Seeds are written into TOML files, whose integers are signed.
pub fn seed_parser() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(0..=i64::MAX as u64)
}

/// At least one thread, and no more than any machine has.
fn threads_parser() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=4096)
}

/// At least one seed.
pub fn seeds_parser() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=1000)
}
