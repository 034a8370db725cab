//! Annealed sampling: stream s with probability proportional to `n_s ^ a`, where the power a falls from epoch to epoch:
//! in epoch e of E, counted from 0, `a = 1 - 0.8 e / (E - 1)`. Draws are independent.
//!
//! Training begins in proportion to the sizes and ends, at `a = 0.2`, nearly uniform: by then the tasks with few examples
//! must not be forgotten. A run of one epoch has `a = 1`. This is what the paper writes and its released code does;
//! [`annealed_uniform`](super::annealed_uniform) goes on to `a = 0`. The paper calls a fixed number of steps an epoch;
//! here it is as many sequences as all streams have examples.
//!
//! Asa Cooper Stickland, Iain Murray: *BERT and PALs: Projected Attention Layers for Efficient Adaptation in Multi-Task
//! Learning*, ICML 2019, section 4.1.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::independent::{Independent, normalised};
use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::{CurriculumError, Horizon};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "annealed",
        "independent draws, by a power of the sizes that falls to 0.2",
        "Stickland & Murray 2019",
        "crates/curriculum/src/sampler/annealed.rs",
    ),
    build: |_, setup| Box::new(Annealed::new(setup, FALL)),
};

/// By how much the power falls.
const FALL: f64 = 0.8;

/// Independent draws by a power of the sizes that falls from 1 over the epochs of the stage.
#[derive(Debug, Clone)]
pub struct Annealed {
    sizes: Vec<f64>,
    fall: f64,
    horizon: Horizon,
    draws: Independent,
}

impl Annealed {
    /// The sampler before its first draw; in the last epoch the power is `1 - fall`.
    pub fn new(setup: &Setup<'_>, fall: f64) -> Self {
        let sizes = setup.sizes().map(|size| size as f64).collect();
        Self { sizes, fall, horizon: setup.horizon(), draws: Independent::new(setup) }
    }

    /// The power in a step of the stage; beyond the last epoch it stays.
    fn power(&self, step: u64) -> f64 {
        let last = self.horizon.epochs().saturating_sub(1);
        let epoch = (step / self.horizon.per_epoch).min(last);
        1.0 - self.fall * epoch as f64 / last.max(1) as f64
    }
}

impl Sampler for Annealed {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        self.draws.by_probabilities(&self.probabilities(moment))
    }

    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        let power = self.power(moment.step);
        let weights: Vec<f64> = self.sizes.iter().map(|size| size.powf(power)).collect();
        normalised(&weights, moment.open)
    }

    fn state(&self) -> SamplerState {
        self.draws.state()
    }

    fn restore(&mut self, state: &SamplerState) -> Result<(), CurriculumError> {
        self.draws.restore(state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamInfo;

    fn powers(fall: f64, steps: u64) -> Vec<f64> {
        let streams = StreamInfo::one_per_task(&[5, 7]);
        let horizon = Horizon { steps, per_epoch: 4 };
        let sampler = Annealed::new(&Setup::new(0, 1, &streams, horizon).unwrap(), fall);
        [0, 3, 4, 8, 100].map(|step| sampler.power(step)).to_vec()
    }

    #[test]
    fn the_power_falls_with_the_epochs() {
        assert_eq!(powers(FALL, 12), [1.0, 1.0, 0.6, 1.0 - FALL, 1.0 - FALL]);
        assert_eq!(powers(1.0, 10), [1.0, 1.0, 0.5, 0.0, 0.0]);
        assert_eq!(powers(1.0, 4), [1.0; 5]);
    }
}
