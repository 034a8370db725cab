//! Arguments that several verbs take.

use std::env;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use mtl_train::{Benchmark, Config, Part, TrainError};

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

/// No machine has more.
const MOST_THREADS: u64 = 4096;

/// At least one thread, and no more than any machine has.
fn threads_parser() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=MOST_THREADS)
}

/// What is wrong with `RAYON_NUM_THREADS`, which the pool of threads would pass over in silence. 0 and an empty value
/// mean all cores.
pub fn wrong_thread_variable() -> Option<String> {
    let value = env::var_os("RAYON_NUM_THREADS")?;
    let threads = value.to_str().map(|text| if text.is_empty() { Ok(0) } else { text.parse::<u64>() });
    match threads {
        Some(Ok(0..=MOST_THREADS)) => None,
        _ => Some(format!(
            "RAYON_NUM_THREADS must be a whole number from 0 (all cores) to {MOST_THREADS}, got {}",
            value.display()
        )),
    }
}

/// At least one seed.
pub fn seeds_parser() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=1000)
}

/// A benchmark, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BenchmarkName {
    /// GLUE
    Glue,
    /// SuperGLUE
    #[value(name = "superglue")]
    SuperGlue,
    /// The Natural Language Decathlon
    #[value(name = "decanlp")]
    DecaNlp,
}

impl From<BenchmarkName> for Benchmark {
    fn from(name: BenchmarkName) -> Self {
        match name {
            BenchmarkName::Glue => Benchmark::Glue,
            BenchmarkName::SuperGlue => Benchmark::SuperGlue,
            BenchmarkName::DecaNlp => Benchmark::DecaNlp,
        }
    }
}

/// A set of a benchmark, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PartName {
    /// The train sets
    Train,
    /// The dev sets
    Dev,
    /// The test sets
    Test,
}

impl From<PartName> for Part {
    fn from(name: PartName) -> Self {
        match name {
            PartName::Train => Part::Train,
            PartName::Dev => Part::Dev,
            PartName::Test => Part::Test,
        }
    }
}
