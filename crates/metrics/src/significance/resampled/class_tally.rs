//! Metrics of counts per class: gold, predicted and correct.

use std::collections::BTreeMap;

use super::Resampled;
use crate::f1::ClassCounts;

/// What one example adds to the counts: the classes that it touches, with their counts.
type Row = Vec<(usize, ClassCounts)>;

/// A formula over counts per class, which each example adds to.
///
/// Examples that add the same (all of one gold and one predicted class) are counted together first.
pub(super) struct ClassTally {
    n_classes: usize,
    row_of: Vec<u32>,
    rows: Vec<Row>,
    finish: fn(&[ClassCounts]) -> f64,
}

impl ClassTally {
    /// The score of examples that have counts for each of `n_classes` classes.
    pub(super) fn new(
        n_classes: usize,
        examples: impl Iterator<Item = Vec<ClassCounts>>,
        finish: fn(&[ClassCounts]) -> f64,
    ) -> Self {
        let mut numbers: BTreeMap<Row, u32> = BTreeMap::new();
        let number = |example: Vec<ClassCounts>| {
            let touched = example.into_iter().enumerate().filter(|(_, counts)| counts.occurs());
            let next = numbers.len() as u32;
            *numbers.entry(touched.collect()).or_insert(next)
        };
        let row_of = examples.map(number).collect();
        let mut rows = vec![Row::new(); numbers.len()];
        numbers.into_iter().for_each(|(row, number)| rows[number as usize] = row);
        Self { n_classes, row_of, rows, finish }
    }
}

impl Resampled for ClassTally {
    fn n_examples(&self) -> usize {
        self.row_of.len()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        let mut times = vec![0_u32; self.rows.len()];
        for (&row, &count) in self.row_of.iter().zip(counts) {
            times[row as usize] += count;
        }
        let mut tally = vec![ClassCounts::default(); self.n_classes];
        for (row, &times) in self.rows.iter().zip(&times) {
            for (class, counts) in row {
                tally[*class].add(*counts, times as usize);
            }
        }
        let score = (self.finish)(&tally);
        // Nothing occurs in the resample: 0/0.
        if score.is_nan() { 0.0 } else { score }
    }
}
