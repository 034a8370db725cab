//! Pearson's and Spearman's correlation of predicted with gold values.
//!
//! ```text
//! r = sum_i (x_i - mean x)(y_i - mean y) / (|x - mean x| |y - mean y|)
//! ```
//!
//! Pearson 1895. Spearman 1904: the same of the ranks, equal values sharing their average rank.
//! Numbers as `scipy.stats.pearsonr` and `spearmanr`.
//!
//! Undefined (0/0) where one side is constant, as it is for a single example or a model that predicts one
//! number for everything. Both functions then return 0: no relation can be seen, and model selection goes on.
//! (scipy returns NaN there.)

use crate::check;
use crate::error::MetricError;
use crate::ranks::average_ranks;

/// Pearson's linear correlation, in `[-1, 1]`; 0 where one side is constant.
///
/// # Shapes
/// `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a value is not finite.
pub fn pearson(gold: &[f64], predicted: &[f64]) -> Result<f64, MetricError> {
    check::paired("values", gold.len(), predicted.len())?;
    Ok(match Moments::of(gold, predicted).correlation() {
        Some(r) if !(is_constant(gold) || is_constant(predicted)) => r,
        // Some value is not finite, or so large or small that products of it are not.
        _ => {
            check_finite(gold, predicted)?;
            correlation(gold, predicted)
        }
    })
}

/// Spearman's rank correlation, in `[-1, 1]`; 0 where one side is constant.
///
/// # Shapes
/// `gold`, `predicted`: (examples,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a value is not finite.
pub fn spearman(gold: &[f64], predicted: &[f64]) -> Result<f64, MetricError> {
    check::paired("values", gold.len(), predicted.len())?;
    check_finite(gold, predicted)?;
    let (gold, predicted) = rayon::join(|| average_ranks(gold), || average_ranks(predicted));
    Ok(correlation(&gold, &predicted))
}

fn check_finite(gold: &[f64], predicted: &[f64]) -> Result<(), MetricError> {
    check::finite("gold value", gold)?;
    check::finite("predicted value", predicted)
}

/// Means and sums of products of deviations from them, gathered block by block: memory is read once, and a block fits the
/// first cache. Chan, Golub & LeVeque 1983, "Algorithms for Computing the Sample Variance", eq. 2.1.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    means: [f64; 2],
    /// Of x², y² and xy.
    products: [f64; 3],
}

impl Moments {
    fn of(left: &[f64], right: &[f64]) -> Self {
        const BLOCK: usize = 1024;
        let blocks = left.chunks(BLOCK).zip(right.chunks(BLOCK));
        blocks.fold(Self::default(), |all, (left, right)| all.and(Self::of_block(left, right)))
    }

    fn of_block(left: &[f64], right: &[f64]) -> Self {
        let n = left.len() as f64;
        let means = sums(left, right, |x, y| [x, y]).map(|sum| sum / n);
        let products = sums(left, right, |x, y| {
            let (x, y) = (x - means[0], y - means[1]);
            [x * x, y * y, x * y]
        });
        Self { n, means, products }
    }

    /// Those of both.
    fn and(self, other: Self) -> Self {
        let n = self.n + other.n;
        let [x, y] = [0, 1].map(|side| other.means[side] - self.means[side]);
        let share = other.n / n;
        let between = [x * x, y * y, x * y].map(|product| product * self.n * share);
        Self {
            n,
            means: [self.means[0] + x * share, self.means[1] + y * share],
            products: std::array::from_fn(|k| self.products[k] + other.products[k] + between[k]),
        }
    }

    /// r, if no number on the way to it came near the ends of what floats can hold.
    fn correlation(&self) -> Option<f64> {
        const SAFE: std::ops::Range<f64> = 1e-100..1e100;
        let [xx, yy, xy] = self.products;
        let safe = SAFE.contains(&xx) && SAFE.contains(&yy);
        safe.then(|| (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
    }
}

/// The correlation of any finite values.
fn correlation(left: &[f64], right: &[f64]) -> f64 {
    if is_constant(left) || is_constant(right) {
        return 0.0;
    }
    let units = [unit(left), unit(right)];
    let n = left.len() as f64;
    let means = sums(left, right, |x, y| [x * units[0], y * units[1]]).map(|sum| sum / n);
    // The means are rounded: what remains of the sums corrects the products (Chan, Golub & LeVeque 1983, eq. 1.7).
    let [x, y, xx, yy, xy] = sums(left, right, |x, y| {
        let (x, y) = (x * units[0] - means[0], y * units[1] - means[1]);
        [x, y, x * x, y * y, x * y]
    });
    let [xx, yy, xy] = [(xx - x * x / n).max(0.0), (yy - y * y / n).max(0.0), xy - x * y / n];
    let norm = (xx * yy).sqrt();
    if norm == 0.0 {
        return 0.0;
    }
    (xy / norm).clamp(-1.0, 1.0)
}

/// Asked of the values themselves: the mean of equal numbers may differ from them by rounding.
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|&value| value == values[0])
}

/// Sums of terms over pairs, in eight lanes that are added in order: the lanes become vectors, and the order is fixed.
fn sums<const N: usize>(left: &[f64], right: &[f64], terms: impl Fn(f64, f64) -> [f64; N]) -> [f64; N] {
    const LANES: usize = 8;
    let mut lanes = [[0.0; LANES]; N];
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    for (x, y) in left.iter().zip(right) {
        for lane in 0..LANES {
            let terms = terms(x[lane], y[lane]);
            for n in 0..N {
                lanes[n][lane] += terms[n];
            }
        }
    }
    for (lane, (x, y)) in left_rest.iter().zip(right_rest).enumerate() {
        let terms = terms(*x, *y);
        for n in 0..N {
            lanes[n][lane] += terms[n];
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}

/// The values in units in which the largest lies between 1 and 2.
pub(crate) fn scaled(values: &[f64]) -> Vec<f64> {
    let unit = unit(values);
    values.iter().map(|value| value * unit).collect()
}

/// The factor by which the largest of the values comes to lie between 1 and 2.
///
/// r does not change with the unit. A power of two as the factor keeps every value exact and keeps sums and
/// squares of very large or very small values in range.
fn unit(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut largest = [0.0_f64; 16];
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            *largest = largest.max(value.abs());
        }
    }
    let largest = largest.iter().chain(rest).fold(0.0_f64, |max, value| max.max(value.abs()));
    2.0_f64.powi(-exponent(largest))
}

/// The binary exponent of a finite value; -1023 for zero and subnormal ones.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pearson_by_hand() {
        // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / 2.
        let r = pearson(&[1.0, 2.0, 3.0], &[0.0, 2.0, 1.0]).unwrap();
        assert!((r - 0.5).abs() < 1e-15);
    }

    #[test]
    fn spearman_sees_only_the_order() {
        let r = spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 1e9]).unwrap();
        assert!((r - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_side_is_zero() {
        assert_eq!(pearson(&[0.1, 0.2, 0.4], &[0.1, 0.1, 0.1]), Ok(0.0));
        assert_eq!(spearman(&[7.0, 7.0], &[1.0, 2.0]), Ok(0.0));
        assert_eq!(pearson(&[1.0], &[1.0]), Ok(0.0));
    }

    #[test]
    fn blocks_add_up() {
        let mut state = 1u64;
        let mut value = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let gold: Vec<f64> = (0..5001).map(|_| value() + 3.0).collect();
        let predicted: Vec<f64> = gold.iter().map(|gold| gold + value()).collect();
        let whole = correlation(&gold, &predicted);
        let blocks = Moments::of(&gold, &predicted).correlation().unwrap();
        assert!((blocks - whole).abs() < 1e-14, "{blocks} {whole}");
    }

    #[test]
    fn extremes_stay_in_range() {
        let r = pearson(&[-1.7e308, 0.0, 1.7e308], &[-5e-324, 0.0, 5e-324]).unwrap();
        assert!((r - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_value_that_is_not_finite_is_named() {
        let error = pearson(&[1.0, 2.0], &[1.0, f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "predicted value 1 is not finite: NaN");
    }
}
