//! Uniform sampling: each draw falls on each of the `S` streams with probability `1 / S`; draws are independent.
//!
//! Small streams are repeated and large ones cut short: over an epoch of `N` examples a stream of `n_s` is shown
//! `N / (S n_s)` times.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::independent::{Independent, normalised};
use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::CurriculumError;

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "uniform",
        "independent draws, each task as likely as any other",
        "",
        "crates/curriculum/src/sampler/uniform.rs",
    ),
    build: |_, setup| Box::new(Uniform::new(setup)),
};

/// Independent draws, every stream equally likely.
#[derive(Debug, Clone)]
pub struct Uniform {
    ones: Vec<u64>,
    draws: Independent,
}

impl Uniform {
    /// The sampler before its first draw.
    pub fn new(setup: &Setup<'_>) -> Self {
        Self { ones: vec![1; setup.streams().len()], draws: Independent::new(setup) }
    }
}

impl Sampler for Uniform {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        self.draws.by_shares(&self.ones, moment)
    }

    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        normalised(&vec![1.0; self.ones.len()], moment.open)
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
    use crate::{Horizon, Open, StreamInfo};

    #[test]
    fn probabilities_are_literal() {
        let streams = StreamInfo::one_per_task(&[1, 3, 4]);
        let horizon = Horizon { steps: 1, per_epoch: 1 };
        let sampler = Uniform::new(&Setup::new(0, 8, &streams, horizon).unwrap());
        let moment = Moment { step: 0, open: &Open::all(3) };
        assert_eq!(sampler.probabilities(&moment), [1.0 / 3.0; 3]);
        let open = Open::those(&streams, |stream| stream.size > 1);
        assert_eq!(sampler.probabilities(&Moment { step: 0, open: &open }), [0.0, 0.5, 0.5]);
    }
}
