//! Power: how many seeds or examples a difference needs before a test can be expected to see it.
//!
//! *Seeds* (paired t test): with differences of mean `d` and standard deviation `s` over `n` seeds, t follows the noncentral t
//! distribution of `n - 1` degrees of freedom and noncentrality `d sqrt(n) / s`; power is the probability that it
//! exceeds the critical value on either side, computed without approximation beyond quadrature.
//!
//! *Examples*, for two systems' right and wrong answers (McNemar), with shares `p01` and `p10` of examples that one of
//! them alone has right (Connor 1987, "Sample size for testing differences in proportions for the paired-sample design",
//! equation 3):
//!
//! ```text
//! n = (z_{1-a/2} sqrt(p01 + p10) + z_power sqrt(p01 + p10 - (p10 - p01)²))² / (p10 - p01)²
//! ```
//!
//! *Examples*, for any metric whose standard error on `n0` examples is known (from a bootstrap): normal approximation, the
//! error falling as `1 / sqrt(n)`:
//!
//! ```text
//! n = n0 ((z_{1-a/2} + z_power) se / d)²
//! ```

use super::distribution::{normal_below, normal_quantile, t_critical};
use crate::check;
use crate::error::MetricError;

/// Level and power of a planned test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The p value below which a difference counts, above 0 and below 1.
    pub level: f64,
    /// The probability to see the difference if it is there, above 0 and below 1.
    pub power: f64,
}

impl Default for Plan {
    /// Level .05, power .8.
    fn default() -> Self {
        Self { level: 0.05, power: 0.8 }
    }
}

impl Plan {
    fn check(&self) -> Result<(), MetricError> {
        check::share("the level", self.level)?;
        check::share("the power", self.power)
    }

    /// The normal quantiles of level and power.
    fn quantiles(&self) -> (f64, f64) {
        (normal_quantile(1.0 - self.level / 2.0), normal_quantile(self.power))
    }
}

/// No more pairs than this are counted: `None` stands for more.
const MOST: u64 = 1 << 40;

/// The probability that a paired t test over `n` pairs sees a mean difference of `effect` standard deviations.
///
/// # Errors
/// Errors if there are fewer than two pairs, the effect is not finite, or the level is not above 0 and below 1.
pub fn paired_t_power(effect: f64, n: u64, level: f64) -> Result<f64, MetricError> {
    check::share("the level", level)?;
    check::finite("effect", &[effect])?;
    if n < 2 {
        return Err(MetricError::TooFew { what: "a paired t test", needed: 2, got: n as usize });
    }
    let degrees = (n - 1) as f64;
    let critical = t_critical(1.0 - level, degrees);
    Ok(noncentral_t_outside(critical, degrees, effect * (n as f64).sqrt()))
}

/// The fewest pairs (seeds) with which a paired t test sees `difference` with the planned power, where single
/// differences have the standard deviation `sd`; `None` if the difference is 0 or it takes more than 2^40.
///
/// # Errors
/// Errors if a number is not finite, `sd` is negative, or a share of the plan is not above 0 and below 1.
pub fn pairs_needed(difference: f64, sd: f64, plan: &Plan) -> Result<Option<u64>, MetricError> {
    plan.check()?;
    check_difference(difference, sd, "the standard deviation")?;
    if difference == 0.0 {
        return Ok(None);
    }
    let effect = difference.abs() / sd;
    // Without spread two pairs show everything.
    if effect > 1e6 {
        return Ok(Some(2));
    }
    let enough = |n: u64| paired_t_power(effect, n, plan.level).map(|power| power >= plan.power);
    let mut high = 2;
    while !enough(high)? {
        if high >= MOST {
            return Ok(None);
        }
        high *= 2;
    }
    let mut low = high / 2;
    // Power grows with n: `low` is too few (or 1), `high` is enough.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match enough(middle)? {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(Some(high))
}

/// The fewest examples with which McNemar's test sees that one system is right alone on a share `only_first` of them
/// and the other on `only_second`; `None` if the shares are equal or it takes more than 2^40.
///
/// # Errors
/// Errors if a share is not in `[0, 1]`, or they sum to more than 1, or the plan is not above 0 and below 1.
pub fn mcnemar_examples_needed(
    only_first: f64,
    only_second: f64,
    plan: &Plan,
) -> Result<Option<u64>, MetricError> {
    plan.check()?;
    for share in [only_first, only_second, only_first + only_second] {
        check::probability("a share of examples", share)?;
    }
    let (z_level, z_power) = plan.quantiles();
    let (apart, difference) = (only_first + only_second, only_second - only_first);
    let root = z_level * apart.sqrt() + z_power * (apart - difference * difference).max(0.0).sqrt();
    Ok(whole((root / difference).powi(2)))
}

/// The fewest examples with which a difference is seen, where its standard error on `n_examples` is `standard_error`;
/// `None` if the difference is 0 or it takes more than 2^40.
///
/// # Errors
/// Errors if a number is not finite, the standard error is negative, or the plan is not above 0 and below 1.
pub fn examples_needed(
    difference: f64,
    standard_error: f64,
    n_examples: u64,
    plan: &Plan,
) -> Result<Option<u64>, MetricError> {
    plan.check()?;
    check_difference(difference, standard_error, "the standard error")?;
    let (z_level, z_power) = plan.quantiles();
    Ok(whole(n_examples as f64 * ((z_level + z_power) * standard_error / difference).powi(2)))
}

/// The next whole number; `None` for what no one can count.
fn whole(n: f64) -> Option<u64> {
    (n <= MOST as f64).then(|| (n.ceil() as u64).max(1))
}

fn check_difference(difference: f64, spread: f64, what: &'static str) -> Result<(), MetricError> {
    check::finite("difference", &[difference])?;
    match spread.is_finite() && spread >= 0.0 {
        true => Ok(()),
        false => Err(MetricError::OutOfRange { what, rule: "a number that is not negative", value: spread }),
    }
}

/// `P(|T| > t)` of a noncentral t variable, `t > 0`.
///
/// `T = (Z + shift) / S` with `S² v` chi-squared of `v` degrees of freedom, so `P(T > t) = ∫ P(Z > t s - shift) f(s) ds`.
/// The density `f(s) ∝ s^(v-1) exp(-v s²/2)` is small beyond ten of its standard deviations, about `1 / sqrt(2v)`;
/// Simpson's rule, with the same points for its integral, needs no gamma function. With few degrees of freedom the
/// integrand is steepest near 0, so points are laid as `s = low + (high - low) u²`.
fn noncentral_t_outside(t: f64, degrees: f64, shift: f64) -> f64 {
    const INTERVALS: usize = 2_000;
    let reach = 10.0 / (2.0 * degrees).sqrt();
    let (low, high) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let log_density = |s: f64| match degrees == 1.0 {
        true => -s * s / 2.0,
        false => (degrees - 1.0) * s.ln() - degrees * s * s / 2.0 + degrees / 2.0,
    };
    let (mut outside, mut whole) = (0.0, 0.0);
    for point in 0..=INTERVALS {
        let u = point as f64 / INTERVALS as f64;
        let s = low + (high - low) * u * u;
        let simpson = match point {
            0 | INTERVALS => 1.0,
            _ if point % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let weight = simpson * u * log_density(s).exp();
        outside += weight * (normal_below(shift - t * s) + normal_below(-t * s - shift));
        whole += weight;
    }
    outside / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_effect_power_is_the_level() {
        for n in [2, 3, 10, 1_000] {
            let power = paired_t_power(0.0, n, 0.05).unwrap();
            assert!((power - 0.05).abs() < 1e-8, "{n}: {power}");
        }
    }

    #[test]
    fn textbook_sample_sizes() {
        // Cohen 1988: an effect of half a standard deviation needs 34 pairs.
        assert_eq!(pairs_needed(0.5, 1.0, &Plan::default()), Ok(Some(34)));
        assert_eq!(pairs_needed(-1.0, 2.0, &Plan::default()), Ok(Some(34)));
        // (1.95996 + .84162)² 100 at a difference of a tenth of the standard deviation.
        assert_eq!(examples_needed(0.1, 0.1, 100, &Plan::default()), Ok(Some(785)));
    }

    #[test]
    fn nothing_to_see_takes_forever() {
        let plan = Plan::default();
        assert_eq!(pairs_needed(0.0, 1.0, &plan), Ok(None));
        assert_eq!(examples_needed(0.0, 1.0, 10, &plan), Ok(None));
        assert_eq!(mcnemar_examples_needed(0.1, 0.1, &plan), Ok(None));
        assert_eq!(pairs_needed(1.0, 0.0, &plan), Ok(Some(2)));
    }

    #[test]
    fn wrong_numbers_are_named() {
        let error = mcnemar_examples_needed(0.7, 0.5, &Plan::default()).unwrap_err();
        assert_eq!(error.to_string(), "a share of examples must be from 0 to 1, got 1.2");
        let error = pairs_needed(1.0, -1.0, &Plan::default()).unwrap_err();
        assert_eq!(error.to_string(), "the standard deviation must be a number that is not negative, got -1");
    }
}
