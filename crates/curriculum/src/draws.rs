//! Random draws by index, so that nothing but an index has to be saved.
//!
//! SplitMix64: the i-th output is `mix(key + (i + 1) * GAMMA)`, where `mix` is a 64-bit finalizer. The generator
//! has no state besides its counter, so any draw can be repeated, skipped or made first.
//!
//! Guy L. Steele Jr., Doug Lea, Christine H. Flood: *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014,
//! Figure 16, with the mixing constants of Vigna's `splitmix64.c`.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream of draws is for. Streams with different purposes are independent, even with the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Which task comes next.
    Task,
    /// The order of the mini-batches of all tasks within an epoch.
    Epoch,
    /// The order of a task's examples within a pass.
    Pass,
    /// Which texts stand for a task where two tasks are compared.
    Sample,
    /// The answers of a guesser that knows only how frequent labels are.
    Guess,
    /// The seed of a stage after the first.
    Stage,
}

impl Purpose {
    fn code(self) -> u64 {
        match self {
            Purpose::Task => 1,
            Purpose::Epoch => 2,
            Purpose::Pass => 3,
            Purpose::Sample => 4,
            Purpose::Guess => 5,
            Purpose::Stage => 6,
        }
    }
}

/// An endless sequence of random numbers, read by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The stream of a seed for a purpose. `lanes` tells apart streams of one purpose, e.g. the task and the pass.
    pub fn new(seed: u64, purpose: Purpose, lanes: &[u64]) -> Self {
        let start = mix(seed.wrapping_add(GAMMA));
        let key = std::iter::once(purpose.code())
            .chain(lanes.iter().copied())
            .fold(start, |key, lane| mix((key ^ mix(lane.wrapping_add(GAMMA))).wrapping_add(GAMMA)));
        Self { key }
    }

    /// The draw at `index`, uniform over all 64-bit numbers.
    pub fn bits(&self, index: u64) -> u64 {
        mix(self.key.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// The draw at `index`, uniform over `0..bound`.
    ///
    /// The high half of `bits * bound`: no division, no rejection, so one index is one draw. A value's probability
    /// differs from `1 / bound` by less than `2^-64`.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    pub fn below(&self, index: u64, bound: u64) -> u64 {
        assert!(bound > 0, "a draw below zero has no value");
        ((u128::from(self.bits(index)) * u128::from(bound)) >> 64) as u64
    }

    /// The draw at `index`, uniform over the multiples of `2^-53` from 0 to below 1.
    pub fn unit(&self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Shuffles `items`, every order equally likely (Fisher-Yates from the back).
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u64, last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of `splitmix64.c` (Sebastiano Vigna, public domain) for the seed 1234567.
    #[test]
    fn bits_are_those_of_splitmix64() {
        let draws = Draws { key: 1_234_567 };
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        let drawn: Vec<u64> = (0..5).map(|index| draws.bits(index)).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_lane() {
        let streams = [
            Draws::new(1, Purpose::Pass, &[0, 0]),
            Draws::new(2, Purpose::Pass, &[0, 0]),
            Draws::new(1, Purpose::Epoch, &[0, 0]),
            Draws::new(1, Purpose::Pass, &[1, 0]),
            Draws::new(1, Purpose::Pass, &[0, 1]),
        ];
        for (i, first) in streams.iter().enumerate() {
            for second in &streams[i + 1..] {
                assert_ne!(first.bits(0), second.bits(0));
            }
        }
    }

    #[test]
    fn below_one_is_zero() {
        assert_eq!(Draws::new(7, Purpose::Task, &[]).below(3, 1), 0);
    }

    #[test]
    fn shuffle_reaches_every_order_about_equally() {
        let mut counts = std::collections::BTreeMap::new();
        for lane in 0..6000 {
            let mut items = [0, 1, 2];
            Draws::new(5, Purpose::Pass, &[lane]).shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Chi-square with 5 degrees of freedom exceeds 20.5 with probability 0.001.
        let chi_square: f64 =
            counts.values().map(|&count| f64::powi(f64::from(count) - 1000.0, 2) / 1000.0).sum();
        assert!(chi_square < 20.5, "chi-square {chi_square}");
    }
}
