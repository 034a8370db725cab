//! What is asked of a run beside its configuration: where it writes, and on how many threads it runs.

use std::path::PathBuf;

use mtl_core_tensor::kernels::isa::Isa;

use crate::error::TrainError;

/// Where and how a run is made. None of this changes a bit of its weights.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The run's folder. It must not hold a run yet, unless `resume` is set.
    pub out: PathBuf,
    /// Whether to continue the run in `out`.
    pub resume: bool,
    /// Threads to run on; `None` leaves it to the global pool (`RAYON_NUM_THREADS`, else all cores).
    pub threads: Option<usize>,
    /// The folder of tokenized texts; `.mtl-cache` beside `out` if it is not given.
    pub cache: Option<PathBuf>,
}

impl Options {
    /// A new run in `out`.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), ..Self::default() }
    }

    /// The folder of tokenized texts.
    pub fn cache_folder(&self) -> PathBuf {
        let beside = || self.out.parent().unwrap_or(std::path::Path::new("")).join(".mtl-cache");
        self.cache.clone().unwrap_or_else(beside)
    }
}

/// Errors if a variable of the environment says something that no run can follow: `MTL_ISA` with a name that is
/// no instruction-set path. A program that runs sessions asks once, before the first.
pub fn check_environment() -> Result<(), TrainError> {
    Isa::asked().map(|_| ()).map_err(TrainError::from)
}

/// Runs `work` on so many threads, or on those of the global pool; on one of them, so that it need not wait to be told
/// that the others are done.
///
/// Errors if the threads cannot be started.
pub(crate) fn on_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R, TrainError> + Send,
) -> Result<R, TrainError> {
    let Some(threads) = threads else { return rayon::scope(|_| work()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| TrainError::Threads { threads, reason: error.to_string() })?;
    pool.install(work)
}
