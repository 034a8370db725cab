//! Random draws keyed by what they are for: the same key gives the same numbers whatever was drawn before.

use mtl_base::draws::{GAMMA, mix};

/// A stream of draws that depends on its key alone.
///
/// SplitMix64 ([`mtl_base::draws`]): the draw at any place of the stream is found without making those before it.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    stream: mtl_base::Draws,
    drawn: u64,
}

impl Draws {
    /// The stream of this key, for example (seed, step, task).
    pub(crate) fn of(key: &[u64]) -> Self {
        let key = key.iter().fold(0, |state, &part| mix(state ^ mix(part.wrapping_add(GAMMA))));
        Self { stream: mtl_base::Draws::from_key(key), drawn: 0 }
    }

    /// A number in [0, 1): the draw at `place` of the stream.
    pub(crate) fn uniform_at(&self, place: u64) -> f64 {
        self.stream.uniform(place)
    }

    /// The numbers 0 to `n`-1, each once, every order as likely as any other (Fisher & Yates).
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            let pick = self.stream.bits(self.drawn) % (last as u64 + 1);
            self.drawn += 1;
            order.swap(last, pick as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_parts_stay_as_they_are() {
        let stream = Draws::of(&[1, 2, 3]).stream;
        assert_eq!(stream.bits(0), 0x185b_b40c_3c12_cf8d);
        assert_eq!(stream.bits(5), 0x0f4d_a14f_8087_f8df);
        assert_eq!(Draws::of(&[1, 2, 3]).permutation(9), [1, 6, 2, 5, 3, 7, 0, 8, 4]);
        assert_eq!(Draws::of(&[7]).uniform_at(3), 0.06199914425611497);
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
