//! The area under the ROC curve of a resample: one pass over the examples in the order of their scores.

use super::Resampled;
use super::sums::times;
use crate::ranks::order_key;

/// What the area is where a resample has one class only: that of a score that says nothing.
const UNDEFINED: f64 = 0.5;

/// Examples of two classes with a score each.
pub(super) struct Area {
    /// Runs of examples with equal scores, the lowest first: for each example its index and whether it is of
    /// class 1.
    runs: Vec<Vec<(usize, bool)>>,
    examples: usize,
}

impl Area {
    /// # Shapes
    /// `gold`: (examples,), each 0 or 1; `scores`: (examples,), finite, higher for class 1
    pub(super) fn new(gold: &[usize], scores: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..gold.len()).collect();
        order.sort_by_key(|&example| order_key(scores[example]));
        let equal = |a: &usize, b: &usize| order_key(scores[*a]) == order_key(scores[*b]);
        let run = |run: &[usize]| run.iter().map(|&example| (example, gold[example] == 1)).collect();
        Self { runs: order.chunk_by(equal).map(run).collect(), examples: gold.len() }
    }
}

impl Resampled for Area {
    fn n_examples(&self) -> usize {
        self.examples
    }

    fn score(&self, counts: &[u32]) -> f64 {
        // Whole numbers below 2^53, so sums of them are exact: a tie is half a win, and everything is doubled.
        let (mut negatives, mut positives, mut doubled) = (0.0, 0.0, 0.0);
        for run in &self.runs {
            let (mut zeros, mut ones) = (0.0, 0.0);
            for &(example, positive) in run {
                *(if positive { &mut ones } else { &mut zeros }) += times(counts[example]);
            }
            doubled += ones * (2.0 * negatives + zeros);
            negatives += zeros;
            positives += ones;
        }
        let pairs = negatives * positives;
        if pairs == 0.0 { UNDEFINED } else { doubled / (2.0 * pairs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roc_auc;

    #[test]
    fn the_area_is_that_of_the_drawn_examples() {
        let area = Area::new(&[0, 1, 0, 1], &[0.25, 0.25, 0.5, 0.75]);
        assert_eq!(area.score(&[1; 4]), roc_auc(&[0, 1, 0, 1], &[0.25, 0.25, 0.5, 0.75]).unwrap());
        assert_eq!(area.score(&[3, 2, 0, 0]), 0.5);
        assert_eq!(area.score(&[0, 1, 2, 1]), 0.5);
        assert_eq!(area.score(&[1, 0, 0, 5]), 1.0);
    }

    #[test]
    fn one_class_says_nothing() {
        let area = Area::new(&[0, 1], &[0.25, 0.75]);
        assert_eq!((area.score(&[2, 0]), area.score(&[0, 2])), (0.5, 0.5));
    }
}
