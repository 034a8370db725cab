//! Probabilities of the distributions that the tests refer to.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;

/// `P(Z <= z)` of the standard normal distribution.
pub(crate) fn normal_below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The `z` below which a standard normal variable falls with probability `p`, which is above 0 and below 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// `P(|T| >= |t|)` of Student's distribution.
///
/// `P(|T| >= t) = I_x(v/2, 1/2)` with `x = v / (v + t^2)`: no difference from 1 is taken, so small values keep
/// their digits.
pub(crate) fn t_beyond(t: f64, degrees_of_freedom: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    beta_reg(degrees_of_freedom / 2.0, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t))
}

/// Above so many degrees of freedom the normal expansion is more exact than the incomplete beta function.
const NEARLY_NORMAL: f64 = 1e4;

/// The `t` that `|T|` exceeds with probability `1 - confidence`, which is above 0 and below 1.
///
/// The interval between a `t` that is exceeded too often and one that is not is halved until it has no middle.
/// (Newton's method, as `statrs` has it, does not end for some arguments.) For many degrees of freedom v, with s = z^2
/// of the normal quantile z (Abramowitz and Stegun 26.7.5):
///
/// ```text
/// t = z (1 + (s + 1) / 4v + (5 s^2 + 16 s + 3) / 96v^2 + (3 s^3 + 19 s^2 + 17 s - 15) / 384v^3)
/// ```
pub(crate) fn t_critical(confidence: f64, degrees_of_freedom: f64) -> f64 {
    let (tail, v) = (1.0 - confidence, degrees_of_freedom);
    let z = normal_quantile(0.5 + confidence / 2.0);
    if v > NEARLY_NORMAL {
        let s = z * z;
        let terms = [
            (s + 1.0) / 4.0,
            ((5.0 * s + 16.0) * s + 3.0) / 96.0,
            (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
        ];
        return z * (1.0 + (terms[0] + (terms[1] + terms[2] / v) / v) / v);
    }
    let (mut low, mut high) = (0.0, z.max(1.0));
    while t_beyond(high, v) > tail {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        match t_beyond(middle, v) > tail {
            true => low = middle,
            false => high = middle,
        }
    }
}

/// `P(X <= successes)` of `trials` fair coins.
pub(crate) fn fair_coins_below(successes: u64, trials: u64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    beta_reg((trials - successes) as f64, successes as f64 + 1.0, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_tables() {
        // scipy.stats.t.ppf
        for (confidence, v, t) in [
            (0.95, 1.0, 12.706204736174694),
            (0.95, 2.0, 4.302652729749462),
            (0.99, 10.0, 3.16927267261695),
            (0.5, 4.0, 0.7406970841126829),
            (0.95, 1e6, 1.959966356814107),
        ] {
            let got = t_critical(confidence, v);
            assert!((got / t - 1.0).abs() < 1e-12, "{confidence} {v}: {got}");
        }
    }

    #[test]
    fn every_critical_value_is_found_and_falls_towards_the_normal_one() {
        for tests in 1..=20 {
            let confidence = 1.0 - 0.05 / f64::from(tests);
            let normal = normal_quantile(0.5 + confidence / 2.0);
            let mut last = f64::INFINITY;
            for v in (0..41).map(|power| (1u64 << power) as f64).flat_map(|v| [v, 1.5 * v]) {
                let t = t_critical(confidence, v);
                assert!(normal <= t && t < last, "{confidence} {v}: {t}");
                last = if v < 1e9 { t } else { f64::INFINITY };
            }
        }
    }

    #[test]
    fn both_ways_agree_where_they_meet() {
        let below = t_critical(0.95, NEARLY_NORMAL);
        // scipy.stats.t.ppf(0.975, 1e4)
        assert!((below - 1.960201239890626).abs() < 1e-11, "{below}");
        let above = t_critical(0.95, NEARLY_NORMAL * (1.0 + f64::EPSILON));
        assert!((below - above).abs() < 1e-11, "{below} {above}");
    }
}
