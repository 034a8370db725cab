//! Proportional sampling: each draw falls on stream s with probability `n_s / N`, where `n_s` is the number of its
//! examples and `N` that of all streams; draws are independent.
//!
//! Over an epoch of `N` examples each stream is shown about once in full.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::independent::{Independent, normalised};
use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::CurriculumError;

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "proportional",
        "independent draws, each task by its share of all examples",
        "",
        "crates/curriculum/src/sampler/proportional.rs",
    ),
    build: |_, setup| Box::new(Proportional::new(setup)),
};

/// Independent draws in proportion to the sizes of the streams.
#[derive(Debug, Clone)]
pub struct Proportional {
    sizes: Vec<u64>,
    draws: Independent,
}

impl Proportional {
    /// The sampler before its first draw.
    pub fn new(setup: &Setup<'_>) -> Self {
        Self { sizes: setup.sizes().map(|size| size as u64).collect(), draws: Independent::new(setup) }
    }
}

impl Sampler for Proportional {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        self.draws.by_shares(&self.sizes, moment)
    }

    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        let sizes: Vec<f64> = self.sizes.iter().map(|&size| size as f64).collect();
        normalised(&sizes, moment.open)
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
    use crate::{Horizon, Open, StreamId, StreamInfo};

    const HORIZON: Horizon = Horizon { steps: 1, per_epoch: 1 };

    #[test]
    fn probabilities_are_literal() {
        let streams = StreamInfo::one_per_task(&[1, 3, 4]);
        let sampler = Proportional::new(&Setup::new(0, 8, &streams, HORIZON).unwrap());
        let moment = Moment { step: 0, open: &Open::all(3) };
        assert_eq!(sampler.probabilities(&moment), [0.125, 0.375, 0.5]);
    }

    #[test]
    fn one_stream_is_always_drawn() {
        let streams = StreamInfo::one_per_task(&[5]);
        let mut sampler = Proportional::new(&Setup::new(9, 4, &streams, HORIZON).unwrap());
        let moment = Moment { step: 0, open: &Open::all(1) };
        for _ in 0..10 {
            assert_eq!(sampler.draw(&moment), Draw { stream: StreamId(0), count: 4 });
        }
    }
}
