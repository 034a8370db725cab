#![doc = include_str!("../README.md")]

mod curriculum;
mod draws;
mod error;
mod event;
mod length;
mod method;
mod name;
mod passes;
pub mod relatedness;
pub mod sampler;
mod stage;
mod steps;
pub mod stopping;
mod stream;
mod unit;
mod verify;

pub use curriculum::{Curriculum, CurriculumState, Step};
pub use draws::{Draws, Purpose};
pub use error::CurriculumError;
pub use event::{Event, Score};
pub use length::{Horizon, Length};
pub use method::MethodConfig;
pub use passes::{Passes, PassesState};
pub use sampler::{Draw, Sampler, SamplerConfig, SamplerState};
pub use stage::Stage;
pub use stopping::{Action, Freed, Stopping, StoppingConfig, StoppingState};
pub use stream::{Open, StreamId, StreamInfo, TaskId};
pub use unit::Unit;
pub use verify::verify;
