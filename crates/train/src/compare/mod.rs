//! Should these tasks be trained together? Each task alone, all together, and on request all but one.
//!
//! | file | content |
//! |---|---|
//! | `arms` | the runs, each in a folder of its own; finished ones are reused |
//! | `report` | what `compare.json` holds |
//! | `evidence` | the tests of one difference, and the verdict |
//! | `who_hurts` | which task helps or hurts which |
//! | `matrix` | the same as text and as SVG |
//! | `better` | the configuration that the evidence speaks for |

mod arms;
pub mod better;
pub mod evidence;
pub mod matrix;
mod report;
mod who_hurts;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use mtl_core_tensor::weights::write_whole;

pub use evidence::{Evidence, Needs, OverExamples, OverSeeds, Verdict};
pub use report::{Arm, Comparison, Overall, RunScore, TaskSummary};
pub use who_hurts::{Effect, LeftOut, WhoHurts};

use crate::config::Config;
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::Options;
use crate::prepare::Text;
use crate::run_folder::{RunFolder, write_json};
use crate::session::tell_of_precision;

use arms::Arms;

/// Where and how a comparison is made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareOptions {
    /// The folder: one folder a run, and `compare.json`.
    pub out: PathBuf,
    /// How many seeds: the configuration's, and those that follow it.
    pub seeds: u64,
    /// Whether to leave out one task at a time as well, to see which helps or hurts which.
    pub who_hurts: bool,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
    /// The folder of tokenized texts; `.mtl-cache` in `out` if it is not given.
    pub cache: Option<PathBuf>,
}

impl CompareOptions {
    /// The options of one run, which continues what is there.
    fn of_run(&self, name: &str) -> Options {
        let cache = self.cache.clone().unwrap_or_else(|| self.out.join(".mtl-cache"));
        Options { out: self.out.join(name), resume: true, threads: self.threads, cache: Some(cache) }
    }
}

/// Trains each task alone and all together with each seed, and writes `compare.json`, `better.toml` and, if it is asked
/// who hurts, `who-hurts.svg`.
///
/// Both arms show a task the same number of its own examples: the joint run's draws are counted first. Each run has
/// a folder of its own below `options.out`; one that was finished with the same configuration is used as it is, and
/// one that was interrupted is resumed. A task with a labelled `test` file is scored on it, every other on its dev set.
///
/// Errors as a run does, if `seeds` is 0, if a folder holds a run of another configuration or of other draws,
/// or if the runs on a task were not all scored on the same examples.
pub fn compare(
    config: &Config,
    options: &CompareOptions,
    observer: &mut dyn Observer,
    interrupt: &AtomicBool,
) -> Result<Comparison, TrainError> {
    if options.seeds == 0 {
        return Err(TrainError::NoSeeds);
    }
    RunFolder::new(&options.out).check()?;
    let _lock = RunFolder::new(&options.out).lock()?;
    tell_of_precision(config, observer);
    let text = Text::load(config, &options.of_run(""), observer)?;
    let arms = Arms::run(config, options, &text, observer, interrupt)?;
    arms.check_gold(config)?;
    let comparison = report::of(config, options, &arms).map_err(TrainError::Summary)?;
    let better = better::text(config, &comparison, &text)?;
    write_whole(&options.out.join("better.toml"), better.as_bytes())?;
    if let Some(who_hurts) = &comparison.who_hurts {
        write_whole(&options.out.join("who-hurts.svg"), matrix::svg(who_hurts).as_bytes())?;
    }
    write_json(&options.out.join("compare.json"), &comparison)?;
    Ok(comparison)
}
