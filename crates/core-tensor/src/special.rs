//! Branch-free elementary functions for vectorised loops.
//!
//! `exp`: with n = round(x / ln 2) and r = x - n ln 2 (in two parts, so that r is exact), e^x = 2^n e^r and |r| is
//! at most ln 2 / 2, where six terms of a minimax polynomial suffice. `tanh` and `erf` are built on it.

/// `e^x` in `f32`, within 2 units in the last place for x in [-87, 88]; 0 below, infinity above.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer
    let clamped = if x > 88.8 { 88.8 } else { x };
    let clamped = if clamped < -87.4 { -87.4 } else { clamped };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * LN2_HIGH - n * LN2_LOW;
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let series = p * r * r + r + 1.0;
    // 2^n in two factors, so that n = 128 does not overflow the exponent field.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    let scale = |n: i32| f32::from_bits(((n + 127) as u32) << 23);
    let result = series * scale(half) * scale(n - half);
    let result = if x < -87.4 { 0.0 } else { result };
    if x.is_nan() { x } else { result }
}

/// `tanh x` in `f32`: (1 - e) / (1 + e) with e = e^(-2|x|), and its odd series where that cancels.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let a = x.abs();
    let e = exp(-2.0 * a);
    let large = (1.0 - e) / (1.0 + e);
    let s = a * a;
    let small = a * (1.0 + s * (-1.0 / 3.0 + s * (2.0 / 15.0 + s * (-17.0 / 315.0))));
    let magnitude = if a < 0.08 { small } else { large };
    magnitude.copysign(x)
}

/// `1 - erf a` for a >= 0 in `f32`, absolute error at most 2e-7, and the e^(-a^2) that it is made of: the rational
/// approximation 7.1.26 of Abramowitz and Stegun, *Handbook of Mathematical Functions*, 1964.
#[inline(always)]
pub fn erfc(a: f32) -> (f32, f32) {
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152_1;
    let p = p * t + 1.421_413_8;
    let p = p * t - 0.284_496_72;
    let p = p * t + 0.254_829_6;
    let e = exp(-a * a);
    (p * t * e, e)
}

/// `erf x` in `f32`, absolute error at most 2e-7: from [`erfc`], and below 1/2, where that cancels, six terms of the
/// Maclaurin series.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let large = 1.0 - erfc(a).0;
    let s = a * a;
    let series = 1.0 / 216.0 - s / 1320.0;
    let series = 1.0 + s * (-1.0 / 3.0 + s * (0.1 + s * (-1.0 / 42.0 + s * series)));
    let small = std::f32::consts::FRAC_2_SQRT_PI * a * series;
    let magnitude = if a < 0.5 { small } else { large };
    magnitude.copysign(x)
}

/// The standard normal distribution at `u` in `f32`: the probability P(u) of less than `u`, and the density p(u).
///
/// P(-|u|) = erfc(a) / 2 with a = |u| / sqrt 2, which has no cancellation in the tail; absolute error at most 4e-7. The
/// exponential of [`erfc`] is that of the density: p(u) = e^(-a^2) / sqrt(2 pi).
#[inline(always)]
pub fn normal(u: f32) -> (f32, f32) {
    let (twice, e) = erfc(u.abs() * std::f32::consts::FRAC_1_SQRT_2);
    let tail = 0.5 * twice;
    (if u < 0.0 { tail } else { 1.0 - tail }, e * 0.398_942_3)
}

/// `erf x` in `f64`, to about 1e-15: its Maclaurin series below 3, the continued fraction of `erfc` above.
pub fn erf_f64(x: f64) -> f64 {
    let a = x.abs();
    let magnitude = if a < 3.0 { erf_series(a) } else { 1.0 - erfc_fraction(a) };
    if x.is_nan() { x } else { magnitude.copysign(x) }
}

/// erf a = 2/sqrt(pi) e^(-a^2) sum_n 2^n a^(2n+1) / (1 3 5 ... (2n+1)): every term is positive.
fn erf_series(a: f64) -> f64 {
    let (mut term, mut sum, mut n) = (a, a, 0.0);
    while term > sum * 1e-17 {
        n += 1.0;
        term *= 2.0 * a * a / (2.0 * n + 1.0);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-a * a).exp() * sum
}

/// erfc a = e^(-a^2)/sqrt(pi) / (a + (1/2)/(a + 1/(a + (3/2)/(a + ...)))), evaluated from the inside.
fn erfc_fraction(a: f64) -> f64 {
    let inner = (1..=60).rev().fold(a, |tail, k| a + 0.5 * f64::from(k) / tail);
    0.5 * std::f64::consts::FRAC_2_SQRT_PI * (-a * a).exp() / inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> impl Iterator<Item = f32> {
        (-100_000..=100_000).map(|i| i as f32 * 1e-3)
    }

    #[test]
    fn exp_is_within_a_few_units_in_the_last_place() {
        for x in grid().filter(|x| (-87.0..88.0).contains(x)) {
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 3e-7 * exact, "exp({x}) = {} not {exact}", exp(x));
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(100.0).is_infinite() && exp(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_and_erf_are_close() {
        for x in grid().filter(|x| x.abs() < 12.0) {
            assert!((f64::from(tanh(x)) - f64::from(x).tanh()).abs() < 3e-7, "tanh({x})");
            assert!((f64::from(erf(x)) - erf_f64(f64::from(x))).abs() < 4e-7, "erf({x})");
        }
    }

    #[test]
    fn the_normal_distribution_is_close() {
        for u in grid().filter(|u| u.abs() < 12.0) {
            let exact = 0.5 * (1.0 + erf_f64(f64::from(u) / 2f64.sqrt()));
            let density = (-0.5 * f64::from(u).powi(2)).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (p, d) = normal(u);
            assert!((f64::from(p) - exact).abs() < 4e-7, "P({u}) = {p} not {exact}");
            // The exponent is rounded: what that is worth grows with it.
            let tolerance = 3e-7 * (1.0 + f64::from(u).powi(2)) * density;
            assert!((f64::from(d) - density).abs() < tolerance, "p({u}) = {d} not {density}");
        }
        assert!(normal(f32::NAN).0.is_nan());
    }

    #[test]
    fn erf_in_f64_has_its_published_values() {
        let table =
            [(0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (2.0, 0.995_322_265_018_952_7)];
        for (x, value) in table.into_iter().chain([(3.5, 0.999_999_256_901_627_7)]) {
            assert!((erf_f64(x) - value).abs() < 2e-15, "erf({x}) = {}", erf_f64(x));
        }
        assert_eq!(erf_f64(-1.0), -erf_f64(1.0));
    }
}
