//! Projection onto the cone of the directions that conflict with no gradient.

use super::linear::{dot, matvec};
use super::{Solution, nonnegative_minimum};
use crate::gradient::gram::Cosines;

/// The weights `w` of the vector nearest to `sum over t of u_t g_t` whose product with every `g_t` is at least 0.
///
/// By duality (Quinton & Rey 2024, proposition 1) they minimize `wᵀGw` over `w >= u`. The residual is the largest
/// breach of its conditions, `g_t · d >= 0` and `(w_t - u_t)(g_t · d) = 0`, for unit vectors `g_t/|g_t|` and in units
/// of the largest `|u_t g_t|`. `None` if the cosines are not those of any vectors.
pub(crate) fn project_onto_dual_cone(scaled: &Cosines, u: &[f64]) -> Option<Solution> {
    let n = u.len();
    // With z_t = u_t |g_t| and w_t |g_t| = z_t + x_t: the least of ½ xᵀCx + (Cz)ᵀx over x >= 0.
    let z: Vec<f64> = u.iter().zip(&scaled.norms).map(|(u, norm)| u * norm).collect();
    let largest = z.iter().fold(0.0_f64, |largest, z| largest.max(z.abs()));
    if largest == 0.0 {
        return Some(Solution { values: u.to_vec(), residual: 0.0 });
    }
    let z: Vec<f64> = z.iter().map(|z| z / largest).collect();
    let pull: Vec<f64> = matvec(&scaled.cosines, &z).iter().map(|product| -product).collect();
    let x = nonnegative_minimum(&scaled.cosines, &pull)?;
    let products: Vec<f64> = (0..n).map(|i| dot(&scaled.cosines[i * n..(i + 1) * n], &x) - pull[i]).collect();
    let residual = products.iter().zip(&x).map(|(p, x)| (-p).max((p * x).abs())).fold(0.0, f64::max);
    let values = (0..n)
        .map(|i| if scaled.norms[i] > 0.0 { u[i] + largest * x[i] / scaled.norms[i] } else { u[i] })
        .collect();
    Some(Solution { values, residual })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_conflicts_with_nothing_stays() {
        let scaled = Cosines::new(&[1.0, 0.5, 0.5, 4.0], 2);
        let found = project_onto_dual_cone(&scaled, &[0.5, 0.25]).unwrap();
        assert_eq!(found, Solution { values: vec![0.5, 0.25], residual: 0.0 });
    }

    #[test]
    fn a_conflict_is_projected_away() {
        // (1, 0) and (-1, 1): the first becomes (1, 0) + (-1, 1)/2.
        let scaled = Cosines::new(&[1.0, -1.0, -1.0, 2.0], 2);
        let found = project_onto_dual_cone(&scaled, &[1.0, 0.0]).unwrap();
        assert!((found.values[1] - 0.5).abs() < 1e-11 && found.residual < 1e-11, "{found:?}");
    }
}
