//! Pearson's and Spearman's correlation of counted examples.
//!
//! With counts `w` of examples, `n = sum w`: means `sum w x / n`, then moments of the deviations, as the definition says.
//! Ranks in the resample follow from one pass over the sorted values: a value that occurs `w` times after `before`
//! smaller ones has the average rank `before + (w + 1) / 2`.

use super::Resampled;
use super::sums::times;
use crate::correlation::scaled;

/// Pearson's correlation.
pub(super) struct Linear {
    gold: Vec<f64>,
    predicted: Vec<f64>,
}

impl Linear {
    pub(super) fn new(gold: &[f64], predicted: &[f64]) -> Self {
        // r does not change with the unit, and no square can overflow.
        Self { gold: scaled(gold), predicted: scaled(predicted) }
    }
}

impl Resampled for Linear {
    fn n_examples(&self) -> usize {
        self.gold.len()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        correlation(&self.gold, &self.predicted, counts)
    }
}

/// Spearman's correlation.
pub(super) struct Ranked {
    gold: Sorted,
    predicted: Sorted,
}

impl Ranked {
    pub(super) fn new(gold: &[f64], predicted: &[f64]) -> Self {
        Self { gold: Sorted::new(gold), predicted: Sorted::new(predicted) }
    }
}

impl Resampled for Ranked {
    fn n_examples(&self) -> usize {
        self.gold.group_of.len()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        correlation(&self.gold.ranks(counts), &self.predicted.ranks(counts), counts)
    }
}

/// Values reduced to their order.
struct Sorted {
    /// For each example, which of the distinct values it has, from the smallest.
    group_of: Vec<u32>,
    n_groups: usize,
}

impl Sorted {
    fn new(values: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut group_of = vec![0; values.len()];
        let mut n_groups = 0;
        for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
            tied.iter().for_each(|&example| group_of[example] = n_groups);
            n_groups += 1;
        }
        Self { group_of, n_groups: n_groups as usize }
    }

    /// Each example's rank among the drawn ones, less the mean rank (small numbers keep their digits).
    fn ranks(&self, counts: &[u32]) -> Vec<f64> {
        let mut sizes = vec![0_u32; self.n_groups];
        for (&group, &count) in self.group_of.iter().zip(counts) {
            sizes[group as usize] += count;
        }
        let middle = (f64::from(counts.iter().sum::<u32>()) + 1.0) / 2.0;
        let mut before = 0.0;
        let ranks: Vec<f64> = sizes
            .into_iter()
            .map(|size| {
                let size = f64::from(size);
                before += size;
                before - size + (size + 1.0) / 2.0 - middle
            })
            .collect();
        self.group_of.iter().map(|&group| ranks[group as usize]).collect()
    }
}

/// r of counted examples whose largest values are about 1 or more; 0 where one side is constant, to within the
/// rounding of its mean.
fn correlation(left: &[f64], right: &[f64], counts: &[u32]) -> f64 {
    let n: f64 = f64::from(counts.iter().sum::<u32>());
    let [left_sum, right_sum] = sums(counts, |i| [left[i], right[i]]);
    let (left_mean, right_mean) = (left_sum / n, right_sum / n);
    let [ll, rr, lr] = sums(counts, |i| {
        let (l, r) = (left[i] - left_mean, right[i] - right_mean);
        [l * l, r * r, l * r]
    });
    let is_constant = |squares: f64| !(squares > 1e-28 * n);
    if is_constant(ll) || is_constant(rr) {
        return 0.0;
    }
    (lr / (ll * rr).sqrt()).clamp(-1.0, 1.0)
}

/// Sums over the drawn examples, four side by side as in [`Sums`](super::Sums).
fn sums<const K: usize>(counts: &[u32], row: impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let mut lanes = [[0.0; K]; 4];
    for (chunk, counts) in counts.chunks(4).enumerate() {
        for (lane, (place, &count)) in lanes.iter_mut().zip(counts.iter().enumerate()) {
            for (sum, value) in lane.iter_mut().zip(row(4 * chunk + place)) {
                *sum += times(count) * value;
            }
        }
    }
    std::array::from_fn(|k| lanes.iter().map(|lane| lane[k]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pearson, spearman};

    #[test]
    fn counted_examples_are_repeated_ones() {
        let (gold, predicted) = ([1.0, 2.0, 3.0, 5.0], [1.0, 4.0, 4.0, 2.0]);
        let (g, p) = ([1.0, 1.0, 3.0, 5.0, 5.0, 5.0], [1.0, 1.0, 4.0, 2.0, 2.0, 2.0]);
        let counts = [2, 0, 1, 3];
        let linear = Linear::new(&gold, &predicted).score(&counts);
        assert!((linear - pearson(&g, &p).unwrap()).abs() < 1e-12);
        let ranked = Ranked::new(&gold, &predicted).score(&counts);
        assert!((ranked - spearman(&g, &p).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn one_example_drawn_alone_has_no_correlation() {
        assert_eq!(Linear::new(&[0.1, 0.7], &[0.3, 0.9]).score(&[0, 2]), 0.0);
        assert_eq!(Ranked::new(&[0.1, 0.7], &[0.3, 0.9]).score(&[0, 2]), 0.0);
    }
}
