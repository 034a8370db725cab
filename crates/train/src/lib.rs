#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

pub mod answer;
pub mod batch;
pub mod bench;
pub mod benchmark;
pub mod build;
pub mod checkpoint;
pub mod compare;
pub mod config;
pub mod dataset;
pub mod demo;
pub mod describe;
pub mod error;
pub mod evaluate;
pub mod forecast;
mod history;
pub mod inspect;
mod leaks;
mod load;
pub mod machine;
pub mod methods;
pub mod model;
pub mod observer;
pub mod options;
pub mod outcomes;
pub mod plan;
mod plot;
pub mod predict;
pub mod prepare;
pub mod run_folder;
pub mod sampling;
mod score;
pub mod scores;
pub mod session;
pub mod spec;
pub mod step;
pub mod verify;

pub use bench::{Bench, Benched, bench};
pub use benchmark::{
    BenchmarkScore, ScoreOptions, Submission, SubmissionOptions, score_benchmark, submission,
};
pub use compare::{Arm, CompareOptions, Comparison, compare};
pub use config::Config;
pub use demo::{Demo, DemoOptions, demo};
pub use describe::{Description, describe};
pub use error::{Fault, TrainError};
pub use evaluate::{EvaluateOptions, Split, evaluate};
pub use inspect::{Inspection, inspect};
pub use mtl_data::benchmark::{Benchmark, Part};
pub use observer::{Observer, Silent, StepReport};
pub use options::Options;
pub use plan::{Plan, plan};
pub use predict::{PredictOptions, Predictions, predict};
pub use scores::{RunMetrics, Scores, Summary};
pub use session::Session;
pub use verify::{FixedValue, verify};
