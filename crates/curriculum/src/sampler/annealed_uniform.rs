//! Annealed sampling that ends uniform: as [`annealed`](super::annealed), with the power `a = 1 - e / (E - 1)` in epoch
//! e of E, counted from 0.
//!
//! This is what surveys of multi-task learning say of Stickland and Murray's method; their own ends at the power 0.2.

use mtl_base::Method;
use mtl_base::registry::Row;

use super::{Annealed, Build};

/// The sampler's row.
pub const ROW: Row<Build> = Row {
    method: Method::new(
        "sampler",
        "annealed-uniform",
        "independent draws, by a power of the sizes that falls to 0",
        "Stickland & Murray 2019, as surveys word it",
        "crates/curriculum/src/sampler/annealed_uniform.rs",
    ),
    build: |_, setup| Box::new(Annealed::new(setup, 1.0)),
};

#[cfg(test)]
mod tests {
    use crate::sampler::{Moment, SamplerConfig, Setup};
    use crate::{Horizon, Open, StreamInfo};

    #[test]
    fn the_last_epoch_is_uniform() {
        let streams = StreamInfo::one_per_task(&[1, 9]);
        let setup = Setup::new(0, 1, &streams, Horizon { steps: 6, per_epoch: 2 }).unwrap();
        let sampler = "annealed-uniform".parse::<SamplerConfig>().unwrap().build(&setup);
        let at = |step| sampler.probabilities(&Moment { step, open: &Open::all(2) });
        assert_eq!(at(0), [0.1, 0.9]);
        assert_eq!(at(2), [0.25, 0.75]);
        assert_eq!(at(4), [0.5, 0.5]);
    }
}
