//! Random draws of the generator: integers only, the same on every platform.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): the
//! state is a counter with a fixed odd increment, and a draw is a bijective mix of the counter.

const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits (a bijection): the output function of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A hash of a text that never changes between versions and platforms (64-bit FNV-1a, then mixed).
pub(super) fn stable_hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(fnv)
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Rng {
    counter: u64,
}

impl Rng {
    /// The stream called `name` of `seed`: streams of other names or seeds are unrelated.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        Self { counter: mix(seed.wrapping_add(INCREMENT)) ^ stable_hash(name) }
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(INCREMENT);
        mix(self.counter)
    }

    /// A number in `0..n`; the bias of the multiplication is below n / 2^64.
    pub(super) fn below(&mut self, n: usize) -> usize {
        debug_assert!(n > 0, "a draw below 0 has no value");
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// True in `percent` of 100 draws.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draws_of_splitmix64_with_seed_0() {
        let mut rng = Rng { counter: 0 };
        // The published first outputs of the generator for seed 0.
        assert_eq!(rng.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.bits(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(rng.bits(), 0x06c4_5d18_8009_454f);
    }

    #[test]
    fn streams_with_other_names_differ() {
        assert_ne!(Rng::new(1, "a").bits(), Rng::new(1, "b").bits());
        assert_ne!(Rng::new(1, "a").bits(), Rng::new(2, "a").bits());
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut rng = Rng::new(3, "below");
        let mut seen = [0_usize; 5];
        (0..500).for_each(|_| seen[rng.below(5)] += 1);
        assert!(seen.iter().all(|&n| n > 50), "{seen:?}");
    }
}
