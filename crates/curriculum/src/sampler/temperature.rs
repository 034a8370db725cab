//! Temperature sampling, as T5 trains: stream s with probability proportional to `min(n_s, cap) ^ (1 / T)`; draws are
//! independent.
//!
//! `T = 1` without a cap is [`Proportional`](super::Proportional); as T grows it nears [`Uniform`](super::Uniform), and so
//! it does with a cap below every size. The rates are divided by the largest before they are raised to the power, which
//! changes no probability and keeps every rate at most 1.
//!
//! Colin Raffel, Noam Shazeer, Adam Roberts, Katherine Lee, Sharan Narang, Michael Matena, Yanqi Zhou, Wei Li, Peter J.
//! Liu: *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer*, JMLR 2020, section 3.5.2.

use mtl_base::Method;
use mtl_base::registry::{Default, Key, Range, Row};

use super::independent::{Independent, normalised};
use super::{Build, Draw, Moment, Sampler, SamplerState, Setup};
use crate::CurriculumError;

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "temperature",
        "independent draws, each task by its number of examples, capped, at a temperature",
        "Raffel et al. 2020 (T5)",
        "crates/curriculum/src/sampler/temperature.rs",
    )
    .with(&[
        Key {
            name: "temperature",
            default: Default::Number(2.0),
            range: Range::Positive,
            meaning: "1 is proportional, large is uniform",
        },
        Key {
            name: "cap",
            default: Default::None,
            range: Range::WholeFrom(1),
            meaning: "the most examples that count for a task",
        },
    ]),
    build: |settings, setup| {
        let (temperature, cap) = (settings.number("temperature"), settings.number_if_given("cap"));
        Box::new(Temperature::new(setup, temperature, cap))
    },
};

/// Independent draws by the sizes of the streams, capped, at a temperature.
#[derive(Debug, Clone)]
pub struct Temperature {
    /// `(streams,)`; positive or, at temperatures near 0, too small to be told from it.
    weights: Vec<f64>,
    draws: Independent,
}

impl Temperature {
    /// The sampler before its first draw; `temperature` and `cap` are positive.
    pub fn new(setup: &Setup<'_>, temperature: f64, cap: Option<f64>) -> Self {
        let counted = |size: usize| cap.map_or(size as f64, |cap| cap.min(size as f64));
        let largest = setup.sizes().map(counted).fold(0.0, f64::max);
        Self::of_weights(setup, |size| rate(size as f64 / largest, temperature, cap.map(|cap| cap / largest)))
    }

    /// Independent draws by any weight of a size, at least 0.
    pub(super) fn of_weights(setup: &Setup<'_>, weight: impl Fn(usize) -> f64) -> Self {
        Self { weights: setup.sizes().map(weight).collect(), draws: Independent::new(setup) }
    }
}

/// The rate of a stream: `min(examples, cap) ^ (1 / temperature)`.
pub fn rate(examples: f64, temperature: f64, cap: Option<f64>) -> f64 {
    cap.map_or(examples, |cap| cap.min(examples)).powf(1.0 / temperature)
}

impl Sampler for Temperature {
    fn draw(&mut self, moment: &Moment<'_>) -> Draw {
        self.draws.by_probabilities(&self.probabilities(moment))
    }

    fn probabilities(&self, moment: &Moment<'_>) -> Vec<f64> {
        normalised(&self.weights, moment.open)
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
    fn rates_are_literal() {
        assert_eq!(rate(81.0, 1.0, None), 81.0);
        assert_eq!(rate(81.0, 2.0, None), 9.0);
        assert_eq!(rate(81.0, 0.5, Some(50.5)), 2550.25);
    }

    #[test]
    fn probabilities_are_literal_even_where_rates_would_overflow() {
        let streams = StreamInfo::one_per_task(&[100, 900]);
        let setup = Setup::new(0, 1, &streams, Horizon { steps: 1, per_epoch: 1 }).unwrap();
        let moment = Moment { step: 0, open: &Open::all(2) };
        let of = |temperature, cap| Temperature::new(&setup, temperature, cap).probabilities(&moment);
        let near = |got: Vec<f64>, expected: [f64; 2]| {
            assert!(
                got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12),
                "{got:?}"
            );
        };
        near(of(2.0, None), [0.25, 0.75]);
        near(of(1.0, Some(300.0)), [0.25, 0.75]);
        near(of(1e-3, None), [0.0, 1.0]);
    }
}
