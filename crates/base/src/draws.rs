//! Random draws by index: a draw is a function of a key and of its place, so nothing but the place has to be saved.
//!
//! SplitMix64: the draw at index i is `mix(key + (i + 1) * GAMMA)`, where `mix` is a 64-bit finalizer. The generator has
//! no state besides its counter, so any draw can be repeated, skipped or made first, on any number of threads.
//!
//! Guy L. Steele Jr., Doug Lea, Christine H. Flood: *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014,
//! Figure 17 (constants of variant 13, as in Vigna's `splitmix64.c`).

/// The step of the counter: 2^64 over the golden ratio, odd.
pub const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits, a bijection: the output function of SplitMix64.
pub const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// An endless sequence of random numbers, read by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The stream of a seed for a purpose. `lanes` tells apart streams of one purpose, such as the task and the pass.
    ///
    /// A purpose is a number that its crate gives to one use of random numbers: streams of different purposes are
    /// independent, even with the same seed.
    pub fn new(seed: u64, purpose: impl Into<u64>, lanes: &[u64]) -> Self {
        let start = mix(seed.wrapping_add(GAMMA));
        let key = std::iter::once(purpose.into())
            .chain(lanes.iter().copied())
            .fold(start, |key, lane| mix((key ^ mix(lane.wrapping_add(GAMMA))).wrapping_add(GAMMA)));
        Self { key }
    }

    /// The stream that SplitMix64 gives from this state. States that lie a multiple of [`GAMMA`] apart give one
    /// stream at different indices, so a state should itself be mixed.
    pub const fn from_key(key: u64) -> Self {
        Self { key }
    }

    /// The draw at `index`, uniform over all 64-bit numbers.
    pub const fn bits(&self, index: u64) -> u64 {
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
    pub const fn below(&self, index: u64, bound: u64) -> u64 {
        assert!(bound > 0, "a draw below zero has no value");
        ((self.bits(index) as u128 * bound as u128) >> 64) as u64
    }

    /// The draw at `index`, uniform over `[0, 1)`, with the 53 bits of a double's significand.
    pub const fn uniform(&self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Shuffles `items`, every order equally likely (Fisher-Yates from the back).
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u64, last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }

    /// The same stream, read from its first draw on.
    pub const fn in_order(self) -> InOrder {
        InOrder { draws: self, next: 0 }
    }
}

/// A stream whose draws are read one after the other.
#[derive(Debug, Clone)]
pub struct InOrder {
    draws: Draws,
    next: u64,
}

impl InOrder {
    /// The next draw, uniform over all 64-bit numbers.
    pub fn bits(&mut self) -> u64 {
        let index = self.advance();
        self.draws.bits(index)
    }

    /// The next draw, uniform over `0..bound`.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        let index = self.advance();
        self.draws.below(index, bound)
    }

    /// The next draw, uniform over `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        let index = self.advance();
        self.draws.uniform(index)
    }

    fn advance(&mut self) -> u64 {
        let index = self.next;
        self.next = index.wrapping_add(1);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of `splitmix64.c` (Sebastiano Vigna, public domain) for the seed 1234567.
    const PUBLISHED: [u64; 5] = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];

    #[test]
    fn bits_are_those_of_splitmix64() {
        let draws = Draws::from_key(1_234_567);
        assert_eq!([0, 1, 2, 3, 4].map(|index| draws.bits(index)), PUBLISHED);
        let mut in_order = draws.in_order();
        assert_eq!([(); 5].map(|()| in_order.bits()), PUBLISHED);
    }

    #[test]
    fn keys_of_purposes_and_lanes_stay_as_they_are() {
        assert_eq!(Draws::new(1, 1_u64, &[]).bits(0), 0xa706_dd2f_4d19_7e6f);
        assert_eq!(Draws::new(7, 3_u64, &[2, 5]).bits(4), 0x887c_51d9_0ec8_0a15);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_lane() {
        let streams = [(1, 3_u64, [0, 0]), (2, 3, [0, 0]), (1, 2, [0, 0]), (1, 3, [1, 0]), (1, 3, [0, 1])]
            .map(|(seed, purpose, lanes)| Draws::new(seed, purpose, &lanes));
        for (i, first) in streams.iter().enumerate() {
            for second in &streams[i + 1..] {
                assert_ne!(first.bits(0), second.bits(0));
            }
        }
    }

    #[test]
    fn a_bounded_draw_reaches_every_value_and_no_other() {
        let (draws, mut in_order) = (Draws::from_key(3), Draws::from_key(3).in_order());
        let mut counts = [0; 6];
        for index in 0..60_000 {
            let drawn = draws.below(index, 6);
            assert_eq!(in_order.below(6), drawn);
            counts[drawn as usize] += 1;
        }
        // 10,000 each, with a standard deviation of 91.
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        assert_eq!(draws.below(3, 1), 0);
    }

    #[test]
    fn uniform_draws_fill_the_unit_interval() {
        let (draws, mut in_order) = (Draws::from_key(7), Draws::from_key(7).in_order());
        let drawn: Vec<f64> = (0..4096).map(|index| draws.uniform(index)).collect();
        assert!(drawn.iter().all(|draw| (0.0..1.0).contains(draw) && *draw == in_order.uniform()));
        assert!((drawn.iter().sum::<f64>() / 4096.0 - 0.5).abs() < 0.02);
    }

    #[test]
    fn shuffle_reaches_every_order_about_equally() {
        let mut counts = std::collections::BTreeMap::new();
        for lane in 0..6000 {
            let mut items = [0, 1, 2];
            Draws::new(5, 3_u64, &[lane]).shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Chi-square with 5 degrees of freedom exceeds 20.5 with probability 0.001.
        let chi_square: f64 =
            counts.values().map(|&count| f64::powi(f64::from(count) - 1000.0, 2) / 1000.0).sum();
        assert!(chi_square < 20.5, "chi-square {chi_square}");
    }
}
