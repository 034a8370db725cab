//! Metrics that are a formula over sums of per-example statistics.

use super::Resampled;

/// A formula over `K` sums, each over the examples: means, ratios, span F1.
#[derive(Clone)]
pub struct Sums<const K: usize> {
    rows: Vec<[f64; K]>,
    finish: fn([f64; K]) -> f64,
}

impl<const K: usize> Sums<K> {
    /// The score `finish(sum of the drawn rows)`.
    ///
    /// # Shapes
    /// `rows`: (examples,), each (K,)
    pub fn new(rows: Vec<[f64; K]>, finish: fn([f64; K]) -> f64) -> Self {
        Self { rows, finish }
    }
}

impl Sums<2> {
    /// The mean of one number per example; 0 without any.
    ///
    /// # Shapes
    /// `values`: (examples,)
    pub fn mean(values: &[f64]) -> Self {
        Self::ratio(values.iter().map(|&value| [value, 1.0]).collect())
    }

    /// The sum of first numbers over the sum of second ones; 0 where the latter is 0.
    ///
    /// # Shapes
    /// `rows`: (examples,), each (part, whole)
    pub fn ratio(rows: Vec<[f64; 2]>) -> Self {
        Self::new(rows, |[part, whole]| if whole == 0.0 { 0.0 } else { part / whole })
    }
}

impl<const K: usize> Resampled for Sums<K> {
    fn n_examples(&self) -> usize {
        self.rows.len()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        // Four sums side by side: one alone waits for each addition to end before the next begins.
        let mut lanes = [[0.0; K]; 4];
        let (rows, counts) = (self.rows.chunks(4), counts.chunks(4));
        for (rows, counts) in rows.zip(counts) {
            for (lane, (row, &count)) in lanes.iter_mut().zip(rows.iter().zip(counts)) {
                for (sum, value) in lane.iter_mut().zip(row) {
                    *sum += times(count) * value;
                }
            }
        }
        (self.finish)(std::array::from_fn(|k| lanes.iter().map(|lane| lane[k]).sum()))
    }
}

/// A count as a factor: every processor turns signed integers into floats several at a time, unsigned ones few do.
pub(super) fn times(count: u32) -> f64 {
    f64::from(count as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_rows_are_summed() {
        let mean = Sums::mean(&[1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!(mean.score(&[1; 5]), 6.2);
        assert_eq!(mean.score(&[0, 3, 0, 0, 1]), 5.5);
        assert_eq!(mean.score(&[0; 5]), 0.0);
    }
}
