//! Random draws of the generator: integers only, the same on every platform.
//!
//! SplitMix64 ([`mtl_base::draws`]), each stream keyed by the hash of its name.

use mtl_base::draws::{Draws, GAMMA, InOrder, mix};

/// A hash of a text that never changes between versions and platforms (64-bit FNV-1a, then mixed).
pub(super) fn stable_hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(fnv)
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Rng(InOrder);

impl Rng {
    /// The stream called `name` of `seed`: streams of other names or seeds are unrelated.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        Self(Draws::from_key(mix(seed.wrapping_add(GAMMA)) ^ stable_hash(name)).in_order())
    }

    /// A number in `0..n`; the bias of the multiplication is below n / 2^64.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
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
    fn keys_of_seeds_and_names_stay_as_they_are() {
        let mut rng = Rng::new(1, "a");
        let first = [0x6b8f_3230_8a49_b10f, 0x5532_68be_d214_ba07, 0xb090_11f0_d5c8_c694];
        assert_eq!([(); 3].map(|()| rng.0.bits()), first);
        assert_eq!(stable_hash("a"), 0x02c0_bdbf_4814_20f8);
    }

    #[test]
    fn streams_with_other_names_differ() {
        assert_ne!(Rng::new(1, "a").0.bits(), Rng::new(1, "b").0.bits());
        assert_ne!(Rng::new(1, "a").0.bits(), Rng::new(2, "a").0.bits());
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut rng = Rng::new(3, "below");
        let mut seen = [0_usize; 5];
        (0..500).for_each(|_| seen[rng.below(5)] += 1);
        assert!(seen.iter().all(|&n| n > 50), "{seen:?}");
    }
}
