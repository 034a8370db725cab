//! What BLEU does where no n-gram of some length matches, which would make the geometric mean zero.

use super::ORDERS;
use crate::error::MetricError;

/// A way to smooth n-gram precisions (Chen & Cherry 2014, "A Systematic Comparison of Smoothing Techniques for
/// Sentence-Level BLEU", whose numbers stand in brackets).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// No smoothing: a length without matches makes the score 0.
    None,
    /// Matches of 0 become this number, between 0 and 1; 0.1 in the paper \[1\].
    Floor(f64),
    /// This number, 0 or more, is added to matches and totals of bigrams and longer; 1 in the paper \[2\].
    AddK(f64),
    /// The first length without matches counts 1/2 match, the next one 1/4, and so on \[3\]; as `mteval-v13a.pl`.
    #[default]
    Exp,
}

impl Smoothing {
    /// Errors if the number is outside its range.
    pub(super) fn check(self) -> Result<(), MetricError> {
        match self {
            Smoothing::Floor(value) if !(0.0..=1.0).contains(&value) => {
                Err(MetricError::Smoothing { name: "floor", range: "between 0 and 1", value })
            }
            Smoothing::AddK(value) if !(0.0..f64::INFINITY).contains(&value) => {
                Err(MetricError::Smoothing { name: "add-k", range: "0 or more", value })
            }
            _ => Ok(()),
        }
    }

    /// The precision for each length of n-gram, and for how many lengths it is defined: up to the first of which the
    /// hypotheses have none.
    pub(super) fn precisions(
        self,
        correct: &[usize; ORDERS],
        total: &[usize; ORDERS],
    ) -> ([f64; ORDERS], usize) {
        let mut precisions = [0.0; ORDERS];
        let mut half = 1.0;
        for index in 0..ORDERS {
            let k = match self {
                Smoothing::AddK(k) if index > 0 => k,
                _ => 0.0,
            };
            let (correct, total) = (correct[index] as f64 + k, total[index] as f64 + k);
            if total == 0.0 {
                return (precisions, index);
            }
            precisions[index] = match self {
                Smoothing::Exp if correct == 0.0 => {
                    half /= 2.0;
                    half / total
                }
                Smoothing::Floor(value) if correct == 0.0 => value / total,
                _ => correct / total,
            };
        }
        (precisions, ORDERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let precisions = |smoothing: Smoothing| smoothing.precisions(&[2, 1, 0, 0], &[4, 3, 2, 1]);
        assert_eq!(precisions(Smoothing::None), ([0.5, 1.0 / 3.0, 0.0, 0.0], 4));
        assert_eq!(precisions(Smoothing::Exp), ([0.5, 1.0 / 3.0, 0.25, 0.25], 4));
        assert_eq!(precisions(Smoothing::Floor(0.1)), ([0.5, 1.0 / 3.0, 0.05, 0.1], 4));
        assert_eq!(precisions(Smoothing::AddK(1.0)), ([0.5, 0.5, 1.0 / 3.0, 0.5], 4));
    }

    #[test]
    fn lengths_that_no_hypothesis_has_end_it() {
        assert_eq!(Smoothing::Exp.precisions(&[2, 1, 0, 0], &[2, 1, 0, 0]), ([1.0, 1.0, 0.0, 0.0], 2));
        let message = |smoothing: Smoothing| smoothing.check().unwrap_err().to_string();
        assert_eq!(message(Smoothing::Floor(1.5)), "smoothing floor must be between 0 and 1, got 1.5");
        assert_eq!(message(Smoothing::AddK(f64::NAN)), "smoothing add-k must be 0 or more, got NaN");
    }
}
