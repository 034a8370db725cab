//! Any other metric: computed anew on the drawn examples.

use super::{OwnedOutcomes, Resampled};
use crate::key::MetricKey;
use crate::outcomes::{Outcomes, score};

/// A metric with no sums to add up.
pub(super) struct Recomputed {
    key: MetricKey,
    outcomes: OwnedOutcomes,
}

impl Recomputed {
    pub(super) fn new(key: MetricKey, outcomes: &Outcomes<'_>) -> Self {
        Self { key, outcomes: OwnedOutcomes::pick(outcomes, 0..outcomes.n_examples()) }
    }
}

impl Resampled for Recomputed {
    fn n_examples(&self) -> usize {
        self.outcomes.n_examples()
    }

    fn score(&self, counts: &[u32]) -> f64 {
        let drawn = counts.iter().enumerate().flat_map(|(i, &count)| std::iter::repeat_n(i, count as usize));
        let outcomes = OwnedOutcomes::pick(&self.outcomes.borrow(), drawn);
        score(self.key, &outcomes.borrow()).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_is_that_of_the_drawn_examples() {
        let outcomes = Outcomes::Classes { gold: &[0, 1, 1], predicted: &[0, 0, 1], n_classes: 2 };
        let accuracy = Recomputed::new(MetricKey::Accuracy, &outcomes);
        assert_eq!(accuracy.score(&[1, 1, 1]), 2.0 / 3.0);
        assert_eq!(accuracy.score(&[0, 3, 1]), 0.25);
        assert!(accuracy.score(&[0, 0, 0]).is_nan());
    }
}
