//! What happened while a run trained: losses, weights, gradient norms and conflicts of its tasks over time.
//!
//! | file | what |
//! |---|---|
//! | `read` | `history.jsonl`, as a series a task and a pair of tasks |
//! | `summary` | means, and which tasks conflict |
//! | `picture` | the same over the steps, as SVG |
//! | `shared` | what the architecture learned about sharing |

mod picture;
mod read;
pub(crate) mod shared;
mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mtl_core_tensor::weights;

use crate::error::TrainError;
use crate::run_folder::RunFolder;

pub use picture::svg;
pub use read::{HistoryProblem, Points, TaskTrace, Trace};
pub use shared::SharedTable;
pub use summary::{Inspection, PairInspection, TaskInspection, Unmeasured};

/// Sums up what the run in a folder has written so far, be it finished or under way, and draws it into an SVG file.
///
/// Errors if there is no run, if its history or configuration was damaged, or if the picture cannot be written.
pub fn inspect(folder: &Path, picture: &Path) -> Result<Inspection, TrainError> {
    let trace = Trace::read(folder)?;
    let run = RunFolder::new(folder);
    let judged_by = if run.holds_run() { judged_by(&run)? } else { BTreeMap::new() };
    let inspection = Inspection { shared: shared::read(&run)?, ..Inspection::of(&trace) };
    let svg = svg(&trace, &inspection, &name(folder), &judged_by);
    weights::write_whole(picture, svg.as_bytes())?;
    Ok(inspection)
}

/// The metric by which each task of a run is judged.
fn judged_by(run: &RunFolder) -> Result<BTreeMap<String, String>, TrainError> {
    let tasks = run.read_config()?.tasks.into_iter();
    Ok(tasks.map(|task| (task.name, task.metric)).collect())
}

/// The last part of a folder's path that is a name.
fn name(folder: &Path) -> String {
    let whole: PathBuf = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}
