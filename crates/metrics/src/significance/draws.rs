//! Random draws that are functions of where they are used: no state, so the same on any number of threads.
//!
//! A stream is keyed by (seed, number of the stream); its draw at a position is the output of SplitMix64 at
//! that position.
//!
//! Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators", Fig. 17 (constants of variant 13).

/// The step of SplitMix64: 2^64 over the golden ratio, odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The stream with this number of all those of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: mix(mix(seed.wrapping_add(GAMMA)).wrapping_add(stream.wrapping_mul(GAMMA))) }
    }

    /// 64 random bits at a position.
    pub fn bits(&self, position: u64) -> u64 {
        mix(self.key.wrapping_add(position.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// Two numbers below `n` from the bits at a position; each has the same probability to within `n / 2^32`, so `n` is
    /// far below that.
    pub fn two_below(&self, position: u64, n: u32) -> [usize; 2] {
        let bits = self.bits(position);
        [bits >> 32, bits & u64::from(u32::MAX)].map(|half| ((half * u64::from(n)) >> 32) as usize)
    }

    /// A number below `n` at a position; each has the same probability to within `n / 2^64`.
    pub fn below(&self, position: u64, n: usize) -> usize {
        ((u128::from(self.bits(position)) * n as u128) >> 64) as usize
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs of the published C code with state 1234567.
        let draws = Draws { key: 1_234_567 };
        let outputs = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|position| draws.bits(position)), outputs);
    }

    #[test]
    fn numbers_below_six_are_even() {
        let draws = Draws::new(3, 1);
        let mut counts = [0; 6];
        (0..60_000).for_each(|position| counts[draws.below(position, 6)] += 1);
        // 10,000 each, with a standard deviation of 91.
        assert!(counts.iter().all(|&count| (9_600..10_400).contains(&count)), "{counts:?}");
        assert_ne!(Draws::new(3, 2), draws);
        let (mut highs, mut lows) = ([0; 6], [0; 6]);
        for [high, low] in (0..60_000).map(|position| draws.two_below(position, 6)) {
            highs[high] += 1;
            lows[low] += 1;
        }
        assert!(highs.iter().chain(&lows).all(|count| (9_600..10_400).contains(count)), "{highs:?} {lows:?}");
    }
}
