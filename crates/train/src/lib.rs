#![doc = include_str!("../README.md")]

pub mod compare;
pub mod config;
pub mod demo;
pub mod error;
pub mod evaluate;
pub mod observer;
pub mod options;
pub mod plan;
pub mod predict;
pub mod scores;
pub mod session;

pub use compare::{Arm, CompareOptions, Comparison, compare};
pub use config::Config;
pub use demo::{Demo, DemoOptions, demo};
pub use error::TrainError;
pub use evaluate::{EvaluateOptions, Split, evaluate};
pub use observer::{Observer, Silent, StepReport};
pub use options::Options;
pub use plan::{Plan, plan};
pub use predict::{PredictOptions, predict};
pub use scores::{RunMetrics, Scores, Summary};
pub use session::Session;
