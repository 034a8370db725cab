//! The positive solution of `G w = w^(-1/alpha)`, entry by entry.

use super::Solution;
use super::linear::{dot, matvec, solve_positive_definite};
use crate::gradient::gram::Cosines;

/// Newton steps before giving up; from the start below a few dozen are enough where there is a solution.
const MAX_STEPS: usize = 300;

/// The `w > 0` with `(G w)_t = w_t^(-1/alpha)` for every t whose gradient is not zero; a zero gradient, for which no
/// weight would do, gets 0. The residual is the largest `|(G w)_t w_t^(1/alpha) - 1|`.
///
/// The unknown is the minimum of `½ wᵀGw` plus a convex barrier, so there is at most one. There is none if some
/// `w > 0` has `G w = 0`: then the last point is handed back with its residual, near 1 or above.
pub(crate) fn fair_point(gram: &[f64], n: usize, alpha: f64) -> Solution {
    let scaled = Cosines::new(gram, n);
    let active: Vec<usize> = (0..n).filter(|&i| scaled.norms[i] > 0.0).collect();
    let problem = Problem::new(&scaled, &active, alpha);
    let (v, residual) = problem.solve();
    // G is largest² times what was solved, which multiplies w by largest^(-2 alpha/(1 + alpha)).
    let unit = scaled.largest.powf(-2.0 * alpha / (1.0 + alpha));
    let mut values = vec![0.0; n];
    for (&i, v) in active.iter().zip(&v) {
        values[i] = unit * v / scaled.norms[i];
    }
    Solution { values, residual }
}

/// With `v_t = w_t |g_t|` the equations are `(C v)_t = r_t v_t^(-1/alpha)`, `r_t = |g_t|^(1/alpha - 1)`: for alpha 1
/// the norms are gone.
struct Problem {
    cosines: Vec<f64>,
    r: Vec<f64>,
    power: f64,
}

impl Problem {
    fn new(scaled: &Cosines, active: &[usize], alpha: f64) -> Self {
        let n = scaled.norms.len();
        let power = 1.0 / alpha;
        Self {
            cosines: active
                .iter()
                .flat_map(|&i| active.iter().map(move |&j| (i, j)))
                .map(|(i, j)| scaled.cosines[i * n + j])
                .collect(),
            r: active.iter().map(|&i| scaled.norms[i].powf(power - 1.0)).collect(),
            power,
        }
    }

    fn solve(&self) -> (Vec<f64>, f64) {
        // The solution for orthogonal gradients.
        let mut v: Vec<f64> = self.r.iter().map(|r| r.powf(1.0 / (1.0 + self.power))).collect();
        let mut best = (v.clone(), self.residual(&v));
        for _ in 0..MAX_STEPS {
            if best.1 < 1e-13 {
                break;
            }
            let Some(next) = self.newton(&v) else { break };
            v = next;
            let residual = self.residual(&v);
            if residual < best.1 {
                best = (v.clone(), residual);
            }
        }
        best
    }

    fn residual(&self, v: &[f64]) -> f64 {
        let along = matvec(&self.cosines, v);
        let breach = |i: usize| (along[i] * v[i].powf(self.power) / self.r[i] - 1.0).abs();
        (0..v.len()).map(breach).fold(0.0, |worst, breach| if breach > worst { breach } else { worst })
    }

    /// A step of Newton's method on the value, shortened so that v stays positive and the value falls enough.
    fn newton(&self, v: &[f64]) -> Option<Vec<f64>> {
        let n = v.len();
        let pull: Vec<f64> = (0..n).map(|i| self.r[i] * v[i].powf(-self.power)).collect();
        let slope: Vec<f64> = matvec(&self.cosines, v).iter().zip(&pull).map(|(c, pull)| c - pull).collect();
        // Unknowns as shares of v: the matrix is then scaled alike for every task.
        let mut curvature = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                curvature[i * n + j] = v[i] * self.cosines[i * n + j] * v[j];
            }
            curvature[i * n + i] += self.power * pull[i] * v[i];
        }
        let downhill: Vec<f64> = slope.iter().zip(v).map(|(slope, v)| -slope * v).collect();
        let share = solve_positive_definite(&curvature, &downhill)?;
        let fall = dot(&downhill, &share);
        let shrink = share.iter().fold(0.0_f64, |shrink, share| shrink.max(-share));
        let mut length = if shrink > 0.9 { 0.9 / shrink } else { 1.0 };
        let start = self.value(v);
        for _ in 0..60 {
            let next: Vec<f64> = v.iter().zip(&share).map(|(v, share)| v * (1.0 + length * share)).collect();
            // Near the end rounding hides the fall; a full step is then right.
            if fall < 1e-12 * start.abs().max(1.0) || self.value(&next) <= start - 1e-4 * length * fall {
                return next.iter().all(|v| *v > 0.0 && v.is_finite()).then_some(next);
            }
            length *= 0.5;
        }
        None
    }

    fn value(&self, v: &[f64]) -> f64 {
        let barrier = |v: f64, r: f64| {
            if self.power == 1.0 { -r * v.ln() } else { -r * v.powf(1.0 - self.power) / (1.0 - self.power) }
        };
        0.5 * dot(v, &matvec(&self.cosines, v))
            + v.iter().zip(&self.r).map(|(&v, &r)| barrier(v, r)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_gradients_have_a_closed_form() {
        // w = |g|^(-2 alpha/(1 + alpha))
        for alpha in [0.5, 1.0, 2.0] {
            let found = fair_point(&[4.0, 0.0, 0.0, 9.0], 2, alpha);
            let expected = [4.0_f64.powf(-alpha / (1.0 + alpha)), 9.0_f64.powf(-alpha / (1.0 + alpha))];
            assert!((found.values[0] - expected[0]).abs() < 1e-12, "{found:?}");
            assert!((found.values[1] - expected[1]).abs() < 1e-12 && found.residual < 1e-12);
        }
    }

    #[test]
    fn norms_far_apart_do_not_matter() {
        let found = fair_point(&[1e40, 0.5, 0.5, 1e-40], 2, 1.0);
        let expected = 1.0 / 1.5_f64.sqrt();
        assert!((found.values[0] / 1e-20 - expected).abs() < 1e-12, "{found:?}");
        assert!((found.values[1] / 1e20 - expected).abs() < 1e-12);
    }

    #[test]
    fn without_a_solution_the_residual_says_so() {
        assert!(fair_point(&[1.0, -1.0, -1.0, 1.0], 2, 1.0).residual > 0.5);
    }
}
