//! First values of parameters, drawn by (seed, name of the parameter, index).
//!
//! No generator is shared, so adding a layer or a task does not change how another one starts. The counter of a
//! draw is (index, hash of the name, a word that no dropout uses) and its Philox key is the seed.

use crate::element::Real;
use crate::kernels::random::philox;

/// Sets these draws apart from those of dropout, whose last word is the high half of a step.
const PURPOSE: u32 = u32::from_be_bytes(*b"init");

/// Draws first values for the parameters of one part of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    seed: u64,
    prefix: String,
}

impl Init {
    /// Draws under a seed, for the model as a whole.
    pub fn new(seed: u64) -> Init {
        Init { seed, prefix: String::new() }
    }

    /// Draws for a part of this part: the names of its parameters begin with `part` and a dot.
    pub fn part(&self, part: &str) -> Init {
        Init { seed: self.seed, prefix: format!("{}{part}.", self.prefix) }
    }

    /// The dotted name of this part, with the dot; empty for the model as a whole.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `count` draws from the normal distribution of mean 0, by Box and Muller (1958): of two uniforms u and v,
    /// r = sqrt(-2 ln u), and r cos(2 pi v) and r sin(2 pi v) are normal and independent.
    pub fn normal<M: Real>(&self, name: &str, count: usize, standard_deviation: f64) -> Vec<M> {
        let hash = self.hash(name);
        let draw = |index: usize| {
            let [a, b, c, d] = self.words(hash, index / 2);
            let (u, v) = (open_unit(a, b), open_unit(c, d));
            let (radius, angle) = ((-2.0 * u.ln()).sqrt(), std::f64::consts::TAU * v);
            radius * if index.is_multiple_of(2) { angle.cos() } else { angle.sin() }
        };
        (0..count).map(|index| M::from_f64(standard_deviation * draw(index))).collect()
    }

    /// `count` draws from the uniform distribution over (-bound, bound).
    pub fn uniform<M: Real>(&self, name: &str, count: usize, bound: f64) -> Vec<M> {
        let hash = self.hash(name);
        let draw = |index| {
            let [a, b, _, _] = self.words(hash, index);
            2.0 * open_unit(a, b) - 1.0
        };
        (0..count).map(|index| M::from_f64(bound * draw(index))).collect()
    }

    fn words(&self, hash: u64, index: usize) -> [u32; 4] {
        let seed = [self.seed as u32, (self.seed >> 32) as u32];
        philox([index as u32, hash as u32, (hash >> 32) as u32, PURPOSE], seed)
    }

    /// FNV-1a of the whole name.
    fn hash(&self, name: &str) -> u64 {
        fnv1a(self.prefix.bytes().chain(name.bytes()))
    }
}

/// The hash of Fowler, Noll and Vo, variant 1a, of 64 bits.
pub(crate) fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A number in (0, 1) from 52 of 64 random bits: the middle of one of 2^52 equal parts.
fn open_unit(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 12;
    (bits as f64 + 0.5) / (1u64 << 52) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(x: &[f64]) -> (f64, f64) {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64)
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let (count, init) = (40_000, Init::new(3));
        // The standard error of a mean of n draws is sd / sqrt(n); of a normal variance, var sqrt(2 / n).
        let (mean, variance) = moments(&init.normal::<f64>("w", count, 2.0));
        assert!(mean.abs() < 0.05 && (variance - 4.0).abs() < 0.15, "{mean} {variance}");
        let uniform = init.uniform::<f64>("w", count, 3.0);
        let (mean, variance) = moments(&uniform);
        assert!(mean.abs() < 0.05 && (variance - 3.0).abs() < 0.1, "{mean} {variance}");
        assert!(uniform.iter().all(|x| x.abs() < 3.0));
    }

    #[test]
    fn a_name_and_a_seed_decide_the_draws_and_nothing_else() {
        let draw = |init: Init, name: &str, count| init.normal::<f64>(name, count, 1.0);
        let init = || Init::new(1 << 40);
        assert_eq!(draw(init().part("a"), "b", 5)[..3], draw(init(), "a.b", 3));
        assert_ne!(draw(init(), "a", 3), draw(init(), "b", 3));
        assert_ne!(draw(init(), "a", 3), draw(Init::new(1 << 41), "a", 3));
    }
}
