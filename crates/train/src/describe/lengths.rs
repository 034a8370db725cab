//! How long texts are.

use serde::Serialize;

/// Lengths of a set of texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
#[non_exhaustive]
pub struct Lengths {
    /// The mean.
    pub mean: f64,
    /// The median: of an even number of texts, the mean of the two in the middle.
    pub median: f64,
    /// The length that 95 % of the texts do not exceed (nearest rank).
    pub p95: usize,
    /// The greatest.
    pub max: usize,
    /// The sum.
    pub total: u64,
}

impl Lengths {
    /// The statistics of these lengths; all zero if there are none.
    pub(super) fn of(mut lengths: Vec<usize>) -> Lengths {
        lengths.sort_unstable();
        let Some(&max) = lengths.last() else { return Lengths::default() };
        let n = lengths.len();
        let total: u64 = lengths.iter().map(|&length| length as u64).sum();
        Lengths {
            mean: total as f64 / n as f64,
            median: (lengths[(n - 1) / 2] + lengths[n / 2]) as f64 / 2.0,
            p95: lengths[(n * 95).div_ceil(100) - 1],
            max,
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_by_hand() {
        let lengths = Lengths::of((1..=20).rev().collect());
        assert_eq!((lengths.mean, lengths.median, lengths.p95), (10.5, 10.5, 19));
        assert_eq!((lengths.max, lengths.total), (20, 210));
        let odd = Lengths::of(vec![9, 1, 2]);
        assert_eq!((odd.median, odd.p95), (2.0, 9));
        assert_eq!(Lengths::of(vec![]), Lengths::default());
    }
}
