//! Metrics of counts per class: gold, predicted and correct.

use super::Resampled;
use crate::f1::ClassCounts;

/// A formula over counts per class, which each example adds to; only the classes that it touches are kept.
pub(super) struct ClassTally {
    n_classes: usize,
    /// Where each example's entries end.
    ends: Vec<usize>,
    entries: Vec<(usize, ClassCounts)>,
    finish: fn(&[ClassCounts]) -> f64,
}

impl ClassTally {
    /// The score of examples that have counts for each of `n_classes` classes.
    pub(super) fn new(
        n_classes: usize,
        examples: impl Iterator<Item = Vec<ClassCounts>>,
        finish: fn(&[ClassCounts]) -> f64,
    ) -> Self {
        let mut tally = Self { n_classes, ends: Vec::new(), entries: Vec::new(), finish };
        for example in examples {
            let touched = example.into_iter().enumerate().filter(|(_, counts)| counts.occurs());
            tally.entries.extend(touched);
            tally.ends.push(tally.entries.len());
        }
        tally
    }
}

impl Resampled for ClassTally {
    fn n_examples(&self) -> usize {
        self.ends.len()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        let mut tally = vec![ClassCounts::default(); self.n_classes];
        let mut start = 0;
        for (&end, &count) in self.ends.iter().zip(counts) {
            if count > 0 {
                for (class, entry) in &self.entries[start..end] {
                    tally[*class].add(*entry, count as usize);
                }
            }
            start = end;
        }
        let score = (self.finish)(&tally);
        // Nothing occurs in the resample: 0/0.
        if score.is_nan() { 0.0 } else { score }
    }
}
