//! Which stream comes next.
//!
//! A sampler is a file with a type and its row; [`ROWS`] lists the rows. It draws from the streams that are
//! [`Open`]; what it may know is in its [`Setup`], and what happens in the run it is told as an [`Event`].

pub mod annealed;
pub mod annealed_uniform;
mod independent;
pub mod power;
pub mod proportional;
pub mod round_robin;
pub mod round_robin_random;
pub mod temperature;
pub mod uniform;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use mtl_base::registry::Row;
use mtl_base::{Settings, Value};
use serde::{Deserialize, Serialize};

pub use annealed::Annealed;
pub use proportional::Proportional;
pub use round_robin::RoundRobin;
pub use round_robin_random::RoundRobinRandom;
pub use temperature::Temperature;
pub use uniform::Uniform;

use crate::method::MethodConfig;
use crate::{CurriculumError, Event, Horizon, Open, StreamId, StreamInfo, stream};

/// The samplers, in the order in which an error lists them.
pub static ROWS: &[Row<Build>] = &[
    proportional::ROW,
    uniform::ROW,
    round_robin::ROW,
    round_robin_random::ROW,
    power::ROW,
    temperature::ROW,
    annealed::ROW,
    annealed_uniform::ROW,
];

/// How a sampler is made from its settings and from what it may know.
pub type Build = fn(&Settings, &Setup<'_>) -> Box<dyn Sampler>;

/// A sampler with its settings.
pub type SamplerConfig = MethodConfig<Build>;

/// What one draw of a sampler says: show `count` examples of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The stream.
    pub stream: StreamId,
    /// How many of its examples, at least one.
    pub count: usize,
}

/// What a sampler may know when it is made.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    seed: u64,
    per_draw: usize,
    streams: &'a [StreamInfo],
    horizon: Horizon,
}

impl<'a> Setup<'a> {
    /// `per_draw` is the number of examples that one draw stands for.
    ///
    /// Errors if there is no stream, a stream has no examples, or `per_draw` is zero.
    pub fn new(
        seed: u64,
        per_draw: usize,
        streams: &'a [StreamInfo],
        horizon: Horizon,
    ) -> Result<Self, CurriculumError> {
        stream::check(streams)?;
        if per_draw == 0 {
            return Err(CurriculumError::EmptyBatch);
        }
        Ok(Self { seed, per_draw, streams, horizon })
    }

    /// The seed of its random choices.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of examples that one draw stands for, at least one.
    pub fn per_draw(&self) -> usize {
        self.per_draw
    }

    /// The streams, at least one, each with at least one example.
    pub fn streams(&self) -> &'a [StreamInfo] {
        self.streams
    }

    /// The numbers of examples of the streams. `(streams,)`
    pub fn sizes(&self) -> impl Iterator<Item = usize> + 'a {
        self.streams.iter().map(|stream| stream.size)
    }

    /// The length of the stage.
    pub fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// When a draw is made, and from what.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The step of the stage that it is for, from 0.
    pub step: u64,
    /// The streams that may be drawn, at least one.
    pub open: &'a Open,
}

/// Where a sampler stands: all that has to be saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerState {
    /// Draws made so far.
    pub draws: u64,
    /// What it has learned from events, by name; finite.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub learned: BTreeMap<String, Vec<f64>>,
}

impl SamplerState {
    /// The state of a sampler whose draws are a function of their index.
    pub fn of_draws(draws: u64) -> Self {
        Self { draws, learned: BTreeMap::new() }
    }
}

/// A rule that says which stream comes next.
///
/// Every draw stands for as many examples as its [`Setup`] says; only the last mini-batch that [`RoundRobinRandom`]
/// makes of a stream in an epoch holds fewer.
pub trait Sampler: Debug + Send {
    /// The next draw; it falls on a stream that is open.
    fn draw(&mut self, moment: &Moment<'_>) -> Draw;

    /// The probability that the next draw falls on each stream, before it is made.
    ///
    /// # Shapes
    ///
    /// `(streams,)`; sums to 1, and is 0 for streams that are not open.
    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64>;

    /// Whether its draws are the same whatever the run learns, as long as no task stops.
    fn known_ahead(&self) -> bool {
        true
    }

    /// Is told what happened. Samplers whose draws are known ahead need not listen.
    fn event(&mut self, event: &Event<'_>) {
        let _ = event;
    }

    /// After how many draws it has gone through every example of the open streams once; `None` if it keeps no such
    /// account.
    fn draws_per_epoch(&self, open: &Open) -> Option<u64> {
        let _ = open;
        None
    }

    /// What to save.
    fn state(&self) -> SamplerState;

    /// Continues from a saved state of a sampler made with the same arguments.
    ///
    /// Errors if the state is another sampler's.
    fn restore(&mut self, state: &SamplerState) -> Result<(), CurriculumError>;
}

impl SamplerConfig {
    /// The sampler `name` with these settings.
    ///
    /// Errors if there is no such sampler, or a setting is refused.
    pub fn new(name: &str, given: BTreeMap<String, Value>) -> Result<Self, CurriculumError> {
        Self::find(ROWS, name, given)
    }

    /// Makes the sampler.
    pub fn build(&self, setup: &Setup<'_>) -> Box<dyn Sampler> {
        self.build_fn()(self.settings(), setup)
    }
}

/// The sampler of a name, with the defaults of its settings.
impl FromStr for SamplerConfig {
    type Err = CurriculumError;

    fn from_str(name: &str) -> Result<Self, CurriculumError> {
        SamplerConfig::new(name, BTreeMap::new())
    }
}

impl Default for SamplerConfig {
    fn default() -> Self {
        proportional::ROW.method.name.parse().expect("it has no settings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Horizon = Horizon { steps: 4, per_epoch: 2 };

    #[test]
    fn every_row_is_a_sampler_of_its_own_name_in_a_file_that_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for row in ROWS {
            assert_eq!(row.method.group, "sampler");
            assert!(root.join(row.method.file).is_file(), "{}", row.method.file);
            let config: SamplerConfig = row.method.name.parse().unwrap();
            assert_eq!(config.name(), row.method.name);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "random".parse::<SamplerConfig>().unwrap_err();
        let known: Vec<&str> = ROWS.iter().map(|row| row.method.name).collect();
        assert_eq!(
            error.to_string(),
            format!("unknown sampler `random`, expected one of {}", known.join(", "))
        );
    }

    #[test]
    fn impossible_streams_are_errors() {
        let of = |sizes: &[usize], per_draw| {
            Setup::new(0, per_draw, &StreamInfo::one_per_task(sizes), HORIZON).unwrap_err()
        };
        assert_eq!(of(&[], 1), CurriculumError::NoTasks);
        assert_eq!(of(&[3, 0], 1), CurriculumError::EmptyTask { task_idx: 1 });
        assert_eq!(of(&[3], 0), CurriculumError::EmptyBatch);
    }

    #[test]
    fn a_config_is_written_as_its_name_or_as_a_table() {
        let written = |config: &SamplerConfig| serde_json::to_string(config).unwrap();
        assert_eq!(written(&SamplerConfig::default()), "\"proportional\"");
        let given = [("cap".to_owned(), Value::Number(1000.0))].into();
        let config = SamplerConfig::new("temperature", given).unwrap();
        assert_eq!(written(&config), "{\"name\":\"temperature\",\"cap\":1000,\"temperature\":2.0}");
    }

    #[test]
    fn a_state_of_version_0_1_is_read_and_written_alike() {
        let text = "{\"draws\":17}";
        let state: SamplerState = serde_json::from_str(text).unwrap();
        assert_eq!(state, SamplerState::of_draws(17));
        assert_eq!(serde_json::to_string(&state).unwrap(), text);
    }
}
