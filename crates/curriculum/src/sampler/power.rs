//! Sampling by a power of the sizes: stream s with probability proportional to `n_s ^ a`; draws are independent.
//!
//! `a = 1` is [`Proportional`](super::Proportional), `a = 0` is [`Uniform`](super::Uniform); 0.75 is what BAM trains
//! with, 0.5 the square root of the sizes.
//!
//! Kevin Clark, Minh-Thang Luong, Urvashi Khandelwal, Christopher D. Manning, Quoc V. Le: *BAM! Born-Again Multi-Task
//! Networks for Natural Language Understanding*, ACL 2019, section 4.1.

use mtl_base::Method;
use mtl_base::registry::{Default, Key, Range, Row};

use super::{Build, Temperature};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "power",
        "independent draws, each task by a power of its number of examples",
        "Clark et al. 2019 (BAM)",
        "crates/curriculum/src/sampler/power.rs",
    )
    .with(&[Key {
        name: "exponent",
        default: Default::Number(0.75),
        range: Range::Share,
        meaning: "the power: 1 is proportional, 0 is uniform",
    }]),
    build: |settings, setup| {
        let exponent = settings.number("exponent");
        Box::new(Temperature::of_weights(setup, |size| (size as f64).powf(exponent)))
    },
};

#[cfg(test)]
mod tests {
    use mtl_base::Value;

    use crate::sampler::{Moment, SamplerConfig, Setup};
    use crate::{Horizon, Open, StreamInfo};

    /// Published counts of a thousand, a hundred and ten examples smoothed by an exponent, rounded down.
    #[test]
    fn smoothed_sizes_are_literal() {
        let streams = StreamInfo::one_per_task(&[1000, 100, 10]);
        let setup = Setup::new(0, 1, &streams, Horizon { steps: 1, per_epoch: 1 }).unwrap();
        let moment = Moment { step: 0, open: &Open::all(3) };
        for (exponent, expected) in
            [(1.0, [1000.0, 100.0, 10.0]), (0.5, [783.7, 247.8, 78.4]), (0.0, [370.0; 3])]
        {
            let given = [("exponent".to_owned(), Value::Number(exponent))].into();
            let sampler = SamplerConfig::new("power", given).unwrap().build(&setup);
            for (expected, probability) in expected.into_iter().zip(sampler.probabilities(&moment)) {
                assert!(
                    (probability * 1110.0 - expected).abs() < 0.1,
                    "{exponent}: {expected} {probability}"
                );
            }
        }
    }
}
