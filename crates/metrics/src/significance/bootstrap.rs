//! The bootstrap over examples: how far a score, or a difference of two systems, depends on which examples were drawn.
//!
//! A resample draws as many examples as there are, with replacement; in the paired form both systems are scored on the same
//! draw. Over `B` resamples of the difference `d*`,
//!
//! ```text
//! interval: from the a/2 to the 1 - a/2 quantile of d*, a = 1 - confidence   (between order statistics, linear)
//! p = 2 min(#{d* <= 0} + 1, #{d* >= 0} + 1) / (B + 1), at most 1
//! ```
//!
//! Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentile interval); p is that interval turned
//! round: the a at which it begins to touch 0, with the observed sample counted among the resamples so that it is never 0.
//! Difference from Berg-Kirkpatrick et al. 2012, "An Empirical Investigation of Statistical Significance in NLP", who
//! shift d* by its mean instead: the two agree where d* is symmetric, and only this one agrees with the interval.
//!
//! What it covers is the choice of examples, and nothing else: not the seed of the training, unless pairs of several
//! seeds are given, and then their mean only.

use rayon::prelude::*;

use super::draws::Draws;
use super::interval::Interval;
use super::resampled::Resampled;
use crate::check;
use crate::error::MetricError;
use crate::summary::standard_deviation;

/// Resamples that one thread takes at a time; they are independent, so no bit depends on it.
const CHUNK: usize = 32;

/// Up to so many examples, two are drawn from 64 bits: the probabilities are then even to within 2^-16 of each.
const FEW: usize = 1 << 16;

/// How a bootstrap is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How many resamples, at least 2.
    pub resamples: usize,
    /// The confidence of the interval, above 0 and below 1.
    pub confidence: f64,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 10,000 resamples, 95 %, seed 1.
    fn default() -> Self {
        Self { resamples: 10_000, confidence: 0.95, seed: 1 }
    }
}

/// One score with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The score of the examples as they are.
    pub score: f64,
    /// The standard deviation over resamples.
    pub standard_error: f64,
    /// The percentile interval.
    pub interval: Interval,
}

/// Two systems on the same examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedBootstrap {
    /// The score of the first; over several pairs, the mean.
    pub first: f64,
    /// The score of the second; over several pairs, the mean.
    pub second: f64,
    /// The second less the first.
    pub difference: f64,
    /// The standard deviation of the difference over resamples.
    pub standard_error: f64,
    /// The percentile interval of the difference.
    pub interval: Interval,
    /// The two-sided p value of no difference.
    pub p: f64,
}

/// A score with the uncertainty that comes from the choice of examples.
///
/// # Errors
/// Errors if there is no example, fewer than two resamples, or a confidence that is not above 0 and below 1.
pub fn bootstrap_interval(system: &dyn Resampled, how: &Bootstrap) -> Result<Estimate, MetricError> {
    let of = |counts: &[u32]| system.score(counts);
    let spread = Spread::of(system.n_examples(), how, of)?;
    let Spread { standard_error, interval, .. } = spread;
    Ok(Estimate { score: system.score(&vec![1; system.n_examples()]), standard_error, interval })
}

/// Whether the second system of each pair scores differently from the first on the same examples.
///
/// Several pairs are runs with several seeds: each resample scores every pair on one draw of examples and takes the
/// mean of the differences. Scores where lower is better need no change of sign: a difference is a difference.
///
/// # Shapes
/// `pairs`: (pairs,), at least one, all of the same number of examples
///
/// # Errors
/// Errors if there is no pair or no example, the systems' numbers of examples differ, there are fewer than two
/// resamples, the confidence is not above 0 and below 1, or a score of a resample is not a number.
pub fn paired_bootstrap(
    pairs: &[(&dyn Resampled, &dyn Resampled)],
    how: &Bootstrap,
) -> Result<PairedBootstrap, MetricError> {
    let (n_examples, n_pairs) = (check_pairs(pairs)?, pairs.len() as f64);
    let mean =
        |of: &dyn Fn(&(&dyn Resampled, &dyn Resampled)) -> f64| pairs.iter().map(of).sum::<f64>() / n_pairs;
    let difference = |counts: &[u32]| mean(&|(first, second)| second.score(counts) - first.score(counts));
    let spread = Spread::of(n_examples, how, difference)?;
    let once = vec![1; n_examples];
    Ok(PairedBootstrap {
        first: mean(&|(first, _)| first.score(&once)),
        second: mean(&|(_, second)| second.score(&once)),
        difference: difference(&once),
        standard_error: spread.standard_error,
        interval: spread.interval,
        p: spread.p,
    })
}

fn check_pairs(pairs: &[(&dyn Resampled, &dyn Resampled)]) -> Result<usize, MetricError> {
    let first = pairs.first().ok_or(MetricError::Empty { what: "pairs" })?.0.n_examples();
    for second in pairs.iter().flat_map(|(a, b)| [a.n_examples(), b.n_examples()]) {
        if first != second {
            return Err(MetricError::PairMismatch { what: "examples", first, second });
        }
    }
    Ok(first)
}

/// A statistic over resamples.
struct Spread {
    standard_error: f64,
    interval: Interval,
    p: f64,
}

impl Spread {
    fn of(
        n_examples: usize,
        how: &Bootstrap,
        statistic: impl Fn(&[u32]) -> f64 + Sync,
    ) -> Result<Self, MetricError> {
        check::share("confidence", how.confidence)?;
        if n_examples == 0 {
            return Err(MetricError::Empty { what: "examples" });
        }
        if how.resamples < 2 {
            return Err(MetricError::TooFew { what: "a bootstrap", needed: 2, got: how.resamples });
        }
        let mut values = resample(n_examples, how, statistic);
        check::finite("the score of resample", &values)?;
        let standard_error = standard_deviation(&values)?;
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - how.confidence) / 2.0;
        let interval = Interval { low: quantile(&values, tail), high: quantile(&values, 1.0 - tail) };
        Ok(Self { standard_error, interval, p: p_of_zero(&values) })
    }
}

/// The statistic of each resample, in the order of their numbers.
fn resample(n_examples: usize, how: &Bootstrap, statistic: impl Fn(&[u32]) -> f64 + Sync) -> Vec<f64> {
    let mut values = vec![0.0; how.resamples];
    values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
        let mut counts = vec![0; n_examples];
        for (place, value) in values.iter_mut().enumerate() {
            draw(&mut counts, how.seed, (chunk * CHUNK + place) as u64);
            *value = statistic(&counts);
        }
    });
    values
}

/// How often each example occurs in a resample: as many draws below the number of examples as there are.
fn draw(counts: &mut [u32], seed: u64, resample: u64) {
    counts.fill(0);
    let (draws, n) = (Draws::new(seed, resample), counts.len());
    if n > FEW {
        (0..n as u64).for_each(|position| counts[draws.below(position, n)] += 1);
        return;
    }
    for position in 0..(n / 2) as u64 {
        draws.two_below(position, n as u32).into_iter().for_each(|example| counts[example] += 1);
    }
    if n % 2 == 1 {
        counts[draws.below(n as u64, n)] += 1;
    }
}

/// The quantile of sorted values: between the two nearest, in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

fn p_of_zero(sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|&value| value <= 0.0);
    let above = sorted.len() - sorted.partition_point(|&value| value < 0.0);
    (2.0 * (below.min(above) + 1) as f64 / (sorted.len() + 1) as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::resampled::Sums;
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        let values = [1.0, 2.0, 4.0];
        assert_eq!([0.0, 0.25, 0.75, 1.0].map(|share| quantile(&values, share)), [1.0, 1.5, 3.0, 4.0]);
    }

    #[test]
    fn p_by_hand() {
        assert_eq!(p_of_zero(&[-1.0, 1.0, 2.0, 3.0]), 0.8);
        assert_eq!(p_of_zero(&[0.0, 0.0, 0.0]), 1.0);
        assert_eq!(p_of_zero(&[1.0, 2.0, 3.0]), 0.5);
    }

    #[test]
    fn the_mean_has_its_standard_error() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let estimate = bootstrap_interval(&Sums::mean(&values), &Bootstrap::default()).unwrap();
        // sqrt((100² - 1) / 12 / 100)
        assert!((estimate.standard_error - 2.8866).abs() < 0.06, "{estimate:?}");
        assert_eq!(estimate.score, 49.5);
        assert!((estimate.interval.low - (49.5 - 1.96 * 2.8866)).abs() < 0.2, "{estimate:?}");
    }

    #[test]
    fn wrong_input_is_named() {
        let (short, long) = (Sums::mean(&[1.0]), Sums::mean(&[1.0, 2.0]));
        let text = |pairs: &[(&dyn Resampled, &dyn Resampled)], how: Bootstrap| {
            paired_bootstrap(pairs, &how).unwrap_err().to_string()
        };
        let mismatch = text(&[(&short, &long)], Bootstrap::default());
        assert_eq!(mismatch, "1 examples of the first against 2 of the second");
        assert_eq!(text(&[], Bootstrap::default()), "nothing to score: no pairs");
        let few = Bootstrap { resamples: 1, ..Bootstrap::default() };
        assert_eq!(text(&[(&long, &long)], few), "a bootstrap needs at least 2 values, got 1");
    }
}
