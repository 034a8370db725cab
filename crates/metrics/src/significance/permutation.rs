//! Paired permutation tests: if two systems were the same, swapping their outputs on any example would change nothing.
//!
//! The statistic is compared with its values over all swaps; with `m` swaps at least as extreme (in absolute value),
//!
//! ```text
//! all 2^n swaps: p = m / 2^n          B drawn swaps: p = (m + 1) / (B + 1)
//! ```
//!
//! Fisher 1935, "The Design of Experiments", section 21 (sign flips of differences). Noreen 1989, "Computer-Intensive Methods
//! for Testing Hypotheses", and Yeh 2000, "More accurate tests for the statistical significance of result differences"
//! (approximate randomization, for metrics that are not means). Phipson & Smyth 2010 for the added 1.

use rayon::prelude::*;

use super::draws::Draws;
use super::resampled::{OwnedOutcomes, resampled};
use crate::check;
use crate::error::MetricError;
use crate::key::MetricKey;
use crate::outcomes::{Outcomes, answered_differently, score};

/// Swaps that one thread takes at a time.
const CHUNK: u64 = 64;

/// Statistics closer than this share of the numbers that they are made of are the same, rounded differently.
const ROUNDING: f64 = 1e-12;

/// How a permutation test is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermutationOptions {
    /// The greatest number of swaps. If there are no more than so many in all, every one is taken.
    pub permutations: u64,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for PermutationOptions {
    /// 10,000 swaps, so all of them up to 13 pairs; seed 1.
    fn default() -> Self {
        Self { permutations: 10_000, seed: 1 }
    }
}

/// What a permutation test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationTest {
    /// The observed statistic: the second less the first.
    pub difference: f64,
    /// The two-sided p value.
    pub p: f64,
    /// Whether every swap was taken, rather than drawn ones.
    pub exact: bool,
}

/// Whether the mean of paired differences is 0, by flipping their signs.
///
/// # Shapes
/// `differences`: (pairs,), second less first
///
/// # Errors
/// Errors if there is no difference, one is not finite, or no permutation is asked for.
pub fn sign_flip_test(
    differences: &[f64],
    options: &PermutationOptions,
) -> Result<PermutationTest, MetricError> {
    check::finite("difference", differences)?;
    let n = differences.len();
    let scale = differences.iter().map(|difference| difference.abs()).sum::<f64>() / n as f64;
    test(n, options, scale, |swapped| {
        let signed = (0..n).map(|i| if swapped(i) { -differences[i] } else { differences[i] });
        signed.sum::<f64>() / n as f64
    })
}

/// The least two-sided p value that any exchange of answers between two systems can give: `2^(1 - d)` for `d` examples that
/// they answer differently, since `2^d` exchanges are equally likely if the systems are the same, and each has its mirror
/// image. At most 1. Several pairs are runs with several seeds; an example counts if any pair differs on it.
///
/// A bootstrap of few examples can fall below it, because no draw of them speaks against a difference that all have.
///
/// # Shapes
/// `pairs`: (pairs,), all of the same number of examples
///
/// # Errors
/// Errors if there is no pair, or their numbers of examples differ.
pub fn least_p_of_swaps(pairs: &[(Outcomes<'_>, Outcomes<'_>)]) -> Result<f64, MetricError> {
    let n_examples = pairs.first().ok_or(MetricError::Empty { what: "pairs" })?.0.n_examples();
    let mut different = vec![false; n_examples];
    for (first, second) in pairs {
        for side in [first, second] {
            if side.n_examples() != n_examples {
                let (first, second) = (n_examples, side.n_examples());
                return Err(MetricError::PairMismatch { what: "examples", first, second });
            }
        }
        let differs = answered_differently(first, second);
        different.iter_mut().zip(differs).for_each(|(any, differs)| *any |= differs);
    }
    let count = different.into_iter().filter(|differs| *differs).count();
    Ok(0.5_f64.powi(count.min(1_000) as i32 - 1).min(1.0))
}

/// Whether two systems' scores under any metric differ, by swapping their outputs example by example.
///
/// # Errors
/// Errors if the systems have different gold labels or numbers of examples, no permutation is asked for, or as
/// [`score`].
pub fn swap_test(
    key: MetricKey,
    first: &Outcomes<'_>,
    second: &Outcomes<'_>,
    options: &PermutationOptions,
) -> Result<PermutationTest, MetricError> {
    first.check_same_gold(second)?;
    let n = first.n_examples();
    // Both systems' examples side by side; a swap takes an example from the one half or from the other.
    let both = OwnedOutcomes::joined(first, second);
    let both = resampled(key, &both.borrow())?;
    let scale = score(key, first)?.abs().max(score(key, second)?.abs());
    test(n, options, scale, |swapped| {
        let takes = |other: bool| -> f64 {
            let first_half = (0..n).map(|i| u32::from(swapped(i) == other));
            let second_half = (0..n).map(|i| u32::from(swapped(i) != other));
            both.score(&first_half.chain(second_half).collect::<Vec<u32>>())
        };
        takes(true) - takes(false)
    })
}

/// The test of a statistic, a difference of numbers of about `scale`, that depends on which of `n` pairs are swapped.
fn test(
    n: usize,
    options: &PermutationOptions,
    scale: f64,
    statistic: impl Fn(&dyn Fn(usize) -> bool) -> f64 + Sync,
) -> Result<PermutationTest, MetricError> {
    if n == 0 {
        return Err(MetricError::Empty { what: "pairs" });
    }
    if options.permutations == 0 {
        return Err(MetricError::TooFew { what: "a permutation test", needed: 1, got: 0 });
    }
    let difference = statistic(&|_| false);
    let threshold = difference.abs() - ROUNDING * scale;
    let is_extreme = |number: u64, exact: bool| {
        let draws = Draws::new(options.seed, number);
        let by_number = |pair: usize| number >> pair & 1 == 1;
        let drawn = |pair: usize| draws.bits(pair as u64 / 64) >> (pair % 64) & 1 == 1;
        let value = if exact { statistic(&by_number) } else { statistic(&drawn) };
        value.abs() >= threshold
    };
    let all =
        u32::try_from(n).ok().and_then(|n| 1_u64.checked_shl(n)).filter(|&all| all <= options.permutations);
    let exact = all.is_some();
    let extreme = count(all.unwrap_or(options.permutations), |number| is_extreme(number, exact));
    let p = match all {
        Some(all) => extreme as f64 / all as f64,
        None => (extreme + 1) as f64 / (options.permutations + 1) as f64,
    };
    Ok(PermutationTest { difference, p, exact })
}

/// How many of the numbers below `n` the test holds for.
fn count(n: u64, holds: impl Fn(u64) -> bool + Sync) -> u64 {
    let of_chunk = |chunk: u64| {
        let numbers = chunk * CHUNK..n.min((chunk + 1) * CHUNK);
        numbers.filter(|&number| holds(number)).count() as u64
    };
    (0..n.div_ceil(CHUNK)).into_par_iter().map(of_chunk).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_pairs_by_hand() {
        // Of eight sign patterns only +++ and --- reach 6.
        let test = sign_flip_test(&[1.0, 2.0, 3.0], &PermutationOptions::default()).unwrap();
        assert_eq!(test, PermutationTest { difference: 2.0, p: 0.25, exact: true });
    }

    #[test]
    fn no_exchange_says_more_than_mcnemars_test_where_all_differences_agree() {
        for d in 0..6 {
            let classes = |right: usize| OwnedOutcomes::Classes {
                gold: vec![1; 9],
                predicted: (0..9).map(|example| usize::from(example < right)).collect(),
                n_classes: 2,
            };
            let (first, second) = (classes(2), classes(2 + d));
            let least = least_p_of_swaps(&[(first.borrow(), second.borrow())]).unwrap();
            let exact = crate::significance::Mcnemar::of_counts(0, d as u64).exact_p;
            assert!((least - exact).abs() < 1e-12, "{d} examples: {least} against {exact}");
        }
    }

    #[test]
    fn an_example_differs_if_any_seed_differs_on_it_whatever_is_predicted() {
        let tags = |tag| OwnedOutcomes::Tags {
            gold: vec![vec![Some(0)], vec![Some(0)], vec![Some(0)]],
            predicted: vec![vec![Some(0)], vec![tag], vec![Some(0)]],
            labels: vec!["O".into(), "B-X".into()],
        };
        let shares = |p: f64| OwnedOutcomes::Probabilities {
            gold: vec![0, 1, 0],
            probabilities: vec![p, 1.0 - p, 0.5, 0.5, 0.5, 0.5],
            n_classes: 2,
        };
        let (a, b, c, d) = (tags(Some(0)), tags(None), shares(0.5), shares(0.25));
        assert_eq!(least_p_of_swaps(&[(a.borrow(), b.borrow())]).unwrap(), 1.0);
        // The second example in one seed, the first in the other.
        assert_eq!(least_p_of_swaps(&[(a.borrow(), b.borrow()), (c.borrow(), d.borrow())]).unwrap(), 0.5);
        let error = least_p_of_swaps(&[]).unwrap_err().to_string();
        assert_eq!(error, "nothing to score: no pairs");
    }

    #[test]
    fn drawn_swaps_come_near_all_of_them() {
        let differences = [0.3, -0.1, 0.4, 0.2, 0.5, -0.2, 0.1, 0.6, -0.3, 0.2, 0.25, 0.15];
        let all = sign_flip_test(&differences, &PermutationOptions::default()).unwrap();
        let few = PermutationOptions { permutations: 4_000, seed: 7 };
        let drawn = sign_flip_test(&differences, &few).unwrap();
        assert!(all.exact && !drawn.exact);
        assert!((all.p - drawn.p).abs() < 0.01, "{} against {}", all.p, drawn.p);
    }

    #[test]
    fn swapped_accuracy_is_flipped_signs() {
        let gold = [1, 1, 0, 0, 1, 0, 1, 1];
        let (first, second) = ([1, 0, 0, 1, 0, 0, 1, 0], [1, 1, 0, 0, 1, 1, 1, 1]);
        let outcomes = |predicted| Outcomes::Classes { gold: &gold, predicted, n_classes: 2 };
        let options = PermutationOptions::default();
        let swap = swap_test(MetricKey::Accuracy, &outcomes(&first), &outcomes(&second), &options).unwrap();
        let right = |predicted: &[usize; 8], i: usize| f64::from(predicted[i] == gold[i]);
        let differences: Vec<f64> = (0..8).map(|i| right(&second, i) - right(&first, i)).collect();
        let flip = sign_flip_test(&differences, &options).unwrap();
        assert_eq!((swap.p, swap.exact), (flip.p, true));
        assert!((swap.difference - flip.difference).abs() < 1e-12);
    }

    #[test]
    fn other_gold_labels_are_refused() {
        let outcomes = |gold| Outcomes::Classes { gold, predicted: &[0, 0], n_classes: 2 };
        let error = swap_test(
            MetricKey::Accuracy,
            &outcomes(&[0, 1]),
            &outcomes(&[0, 0]),
            &PermutationOptions::default(),
        );
        let expected = "the systems have different gold labels, first at example 1";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
