//! Random draws keyed by what they are for: the same key gives the same numbers whatever was drawn before.

/// A stream of draws that depends on its key alone.
///
/// SplitMix64 (Steele, Lea & Flood 2014): the state steps by a constant, and each output is a mix of the state, so the
/// draw at any place of the stream is found without making those before it.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    start: u64,
    drawn: u64,
}

/// 2^64 over the golden ratio: the step of the state.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    /// The stream of this key, for example (seed, step, task).
    pub(crate) fn of(key: &[u64]) -> Self {
        let start = key.iter().fold(0, |state, &part| mix(state ^ mix(part.wrapping_add(STEP))));
        Self { start, drawn: 0 }
    }

    /// A number in [0, 1): the draw at `place` of the stream.
    pub(crate) fn uniform_at(&self, place: u64) -> f64 {
        // The upper 53 bits fill the significand of an f64.
        (self.bits_at(place) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The numbers 0 to `n`-1, each once, every order as likely as any other (Fisher & Yates).
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            let pick = self.bits_at(self.drawn) % (last as u64 + 1);
            self.drawn += 1;
            order.swap(last, pick as usize);
        }
        order
    }

    fn bits_at(&self, place: u64) -> u64 {
        mix(self.start.wrapping_add(place.wrapping_add(1).wrapping_mul(STEP)))
    }
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_splitmix64() {
        // First outputs of the reference generator for seed 1234567.
        let stream = Draws { start: 1_234_567, drawn: 0 };
        assert_eq!(stream.bits_at(0), 6_457_827_717_110_365_317);
        assert_eq!(stream.bits_at(1), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_permutation_holds_each_index_once_and_depends_on_the_key() {
        let order = Draws::of(&[1, 2, 3]).permutation(9);
        assert_eq!(order, Draws::of(&[1, 2, 3]).permutation(9));
        assert_ne!(order, Draws::of(&[1, 2, 4]).permutation(9));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn uniform_draws_fill_the_unit_interval() {
        let stream = Draws::of(&[7]);
        let draws: Vec<f64> = (0..4096).map(|place| stream.uniform_at(place)).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert!((draws.iter().sum::<f64>() / 4096.0 - 0.5).abs() < 0.02);
    }
}
