//! Which sequences each step shows: the curriculum's draws, and each stream's shuffled passes.

use mtl_curriculum::{Passes, PassesState, Steps, StepsState};
use serde::{Deserialize, Serialize};

use crate::batch::Drawn;
use crate::config::{Config, Length};
use crate::error::TrainError;

/// Draws the sequences of each step of a run.
#[derive(Debug)]
pub struct Sampling {
    steps: Steps,
    passes: Vec<Passes>,
    limit: Option<u64>,
}

/// Where the draws stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingState {
    steps: StepsState,
    passes: Vec<PassesState>,
}

impl Sampling {
    /// The draws of a configuration from streams of these sizes, ended after `limit` sequences if it is given.
    ///
    /// Errors if a stream is empty, or the batch cannot be divided as the unit asks.
    pub fn new(config: &Config, sizes: &[usize], limit: Option<u64>) -> Result<Sampling, TrainError> {
        let curriculum = &config.curriculum;
        let (batch, seed) = (config.train.batch, config.seed);
        let steps = Steps::new(curriculum.sampler, curriculum.unit, batch, sizes, seed)?;
        let passes = sizes.iter().enumerate().map(|(stream, &size)| Passes::new(seed, stream, size));
        Ok(Sampling { steps, passes: passes.collect::<Result<_, _>>()?, limit })
    }

    /// How many steps a run of this length has.
    pub fn total_steps(&self, length: Length) -> u64 {
        match length {
            Length::Epochs(epochs) => epochs * self.steps.per_epoch(),
            Length::Steps(steps) => steps,
        }
    }

    /// How many steps make an epoch.
    pub fn per_epoch(&self) -> u64 {
        self.steps.per_epoch()
    }

    /// The next step's sequences.
    pub fn next_step(&mut self) -> Vec<Drawn> {
        let mut drawn = Vec::new();
        for draw in self.steps.next_step() {
            let left = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.shown().iter().sum()));
            let count = draw.count.min(usize::try_from(left).unwrap_or(usize::MAX));
            if count > 0 {
                drawn.push((draw.task_idx, self.passes[draw.task_idx].take(count)));
            }
        }
        drawn
    }

    /// How many sequences of each stream were shown so far, repeats counted.
    pub fn shown(&self) -> Vec<u64> {
        self.passes.iter().map(|passes| passes.state().shown).collect()
    }

    /// What to save.
    pub fn state(&self) -> SamplingState {
        let passes = self.passes.iter().map(Passes::state).collect();
        SamplingState { steps: self.steps.state(), passes }
    }

    /// Continues from a saved state of draws made with the same arguments.
    pub fn restore(&mut self, state: &SamplingState) {
        self.steps.restore(state.steps);
        self.passes.iter_mut().zip(&state.passes).for_each(|(passes, state)| passes.restore(*state));
    }
}
