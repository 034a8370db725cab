//! The demonstration: one small model learns the tasks of the embedded synthetic corpus, beside its baselines.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::compare::Comparison;
use crate::error::TrainError;
use crate::observer::Observer;

/// Where and how the demonstration runs.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoOptions {
    /// The first seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u64,
    /// The folder that keeps corpus and runs; a temporary one if it is not given.
    pub out: Option<PathBuf>,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
}

/// What the demonstration shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Demo {
    /// What the data is: the word "synthetic" stands in it.
    pub data: String,
    /// Each task, in the order of the corpus: what it asks, and how many labels it has.
    pub tasks: Vec<DemoTask>,
    /// The runs and their summary, in the same order.
    pub comparison: Comparison,
}

/// One task of the demonstration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DemoTask {
    /// The name.
    pub name: String,
    /// What it asks, in one plain sentence.
    pub about: String,
    /// Train examples.
    pub train_examples: usize,
}

/// Generates the synthetic corpus and compares each of its tasks alone with all together.
///
/// Errors as [`compare`](fn@crate::compare) does, or if the folder cannot be written.
pub fn demo(
    options: &DemoOptions,
    observer: &mut dyn Observer,
    interrupt: &AtomicBool,
) -> Result<Demo, TrainError> {
    unimplemented!("{options:?} {interrupt:?} {}", std::mem::size_of_val(observer))
}
