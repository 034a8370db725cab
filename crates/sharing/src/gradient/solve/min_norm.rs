//! The shortest vector of the convex hull of a few vectors, given their products.

use super::linear::{dot, matvec};
use super::{Solution, nonnegative_minimum};
use crate::gradient::gram::Cosines;

/// The weights `w` on the simplex with the smallest `|sum over t of w_t g_t|`, from the products `g_s · g_t`.
///
/// The conditions of optimality are `g_t · d >= |d|²` for all t. The residual is the largest breach, of the products
/// with the unit vectors `g_t/|g_t|`, in units of the shortest g: at most 1, and 1e-12 is exact but for rounding.
///
/// `None` if the products are not those of any vectors.
pub(crate) fn min_norm(products: &[f64], n: usize) -> Option<Solution> {
    let scaled = Cosines::of_vectors(products, n, 0.0)?;
    let shortest = scaled.norms.iter().copied().fold(f64::INFINITY, f64::min);
    if shortest == 0.0 {
        return Some(share_among_zeros(&scaled.norms));
    }
    // With v_t = w_t |g_t| and a_t = shortest/|g_t|, which is at most 1, the problem is
    //     min vᵀCv  with  aᵀv = 1, v >= 0                         (C: the cosines)
    // The minimum over v >= 0 of  vᵀCv + (aᵀv - 1)²  has the conditions  Cv + a(aᵀv - 1) >= 0, equal where v > 0:
    // those of the problem above with |d|² = (1 - aᵀv)/aᵀv, up to a factor of v.
    let a: Vec<f64> = scaled.norms.iter().map(|norm| shortest / norm).collect();
    let mut matrix = scaled.cosines.clone();
    for i in 0..n {
        for j in 0..n {
            matrix[i * n + j] += a[i] * a[j];
        }
    }
    let mut v = nonnegative_minimum(&matrix, &a)?;
    let total = dot(&a, &v);
    v.iter_mut().for_each(|v| *v /= total);
    let along = matvec(&scaled.cosines, &v);
    let squared = dot(&v, &along);
    // A negative square belongs to no vector.
    let residual = (0..n).map(|i| squared * a[i] - along[i]).fold((-squared).max(0.0), f64::max);
    Some(Solution { values: v.iter().zip(&a).map(|(v, a)| v * a).collect(), residual })
}

/// The hull holds the zero vector itself: those that are zero share the weight.
fn share_among_zeros(norms: &[f64]) -> Solution {
    let zeros = norms.iter().filter(|norm| **norm == 0.0).count();
    let values = norms.iter().map(|norm| if *norm == 0.0 { 1.0 / zeros as f64 } else { 0.0 }).collect();
    Solution { values, residual: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foot_of_the_perpendicular() {
        let found = min_norm(&[18.0, -22.0, -22.0, 38.0], 2).unwrap();
        assert!((found.values[0] - 0.6).abs() < 1e-11 && found.residual < 1e-11, "{found:?}");
    }

    #[test]
    fn the_end_of_the_segment() {
        let found = min_norm(&[1.0, 2.0, 2.0, 9.0], 2).unwrap();
        assert_eq!(found.values, [1.0, 0.0]);
    }

    #[test]
    fn vectors_of_very_different_length_that_oppose_cancel() {
        // -1e20 and 1e-20 on a line
        let found = min_norm(&[1e40, -1.0, -1.0, 1e-40], 2).unwrap();
        assert!((found.values[0] / 1e-40 - 1.0).abs() < 1e-10, "{found:?}");
        assert!(found.residual < 1e-10);
    }
}
