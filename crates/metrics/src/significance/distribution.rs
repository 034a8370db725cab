//! Probabilities of the distributions that the tests refer to.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
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

/// The `t` that `|T|` exceeds with probability `1 - confidence`.
pub(crate) fn t_critical(confidence: f64, degrees_of_freedom: f64) -> f64 {
    let t = StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("degrees of freedom are positive");
    t.inverse_cdf(0.5 + confidence / 2.0)
}

/// `P(X <= successes)` of `trials` fair coins.
pub(crate) fn fair_coins_below(successes: u64, trials: u64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    beta_reg((trials - successes) as f64, successes as f64 + 1.0, 0.5)
}
