//! Random draws that are functions of where they are used: no state, so the same on any number of threads.
//!
//! A stream is keyed by (seed, number of the stream); its draw at a position is the output of SplitMix64
//! ([`mtl_base::draws`]) at that position.

use mtl_base::draws::{GAMMA, mix};

/// One stream of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws(mtl_base::Draws);

impl Draws {
    /// The stream with this number of all those of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let key = mix(mix(seed.wrapping_add(GAMMA)).wrapping_add(stream.wrapping_mul(GAMMA)));
        Self(mtl_base::Draws::from_key(key))
    }

    /// 64 random bits at a position.
    pub fn bits(&self, position: u64) -> u64 {
        self.0.bits(position)
    }

    /// Two numbers below `n` from the bits at a position; each has the same probability to within `n / 2^32`, so `n` is
    /// far below that.
    pub fn two_below(&self, position: u64, n: u32) -> [usize; 2] {
        let bits = self.bits(position);
        [bits >> 32, bits & u64::from(u32::MAX)].map(|half| ((half * u64::from(n)) >> 32) as usize)
    }

    /// A number below `n` at a position; each has the same probability to within `n / 2^64`.
    pub fn below(&self, position: u64, n: usize) -> usize {
        self.0.below(position, n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_seeds_and_streams_stay_as_they_are() {
        let draws = Draws::new(3, 1);
        assert_eq!(draws.bits(0), 0x546f_3606_1b6b_1313);
        assert_eq!(draws.bits(5), 0x847c_6426_27a6_7ae0);
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
