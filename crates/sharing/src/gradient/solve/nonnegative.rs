//! The smallest value of a convex quadratic over vectors without negative entries.

use super::linear::{dot, matvec, solve_positive_definite};

/// What is added to the unit diagonal so that a singular matrix has one answer, the shortest; the second and later
/// ones are for matrices of which rounding leaves too little.
const RIDGES: [f64; 5] = [1e-12, 1e-10, 1e-8, 1e-6, 1e-4];

/// A breach of the conditions, for b of largest entry 1, that is not improved on.
const GOOD: f64 = 1e-9;

/// How often what the ridge left is solved for.
const CORRECTIONS: usize = 2;

/// The `x >= 0` that minimizes `½ xᵀ·matrix·x - bᵀx`, for a symmetric positive semi-definite `matrix` of about unit
/// diagonal: the active set method of Lawson & Hanson (1974, chapter 23). `None` if rounding has left no convex
/// problem; the caller measures the conditions of optimality of its own problem.
pub(crate) fn nonnegative_minimum(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let largest = b.iter().fold(0.0_f64, |largest, b| largest.max(b.abs()));
    if largest == 0.0 {
        return Some(vec![0.0; b.len()]);
    }
    let unit: Vec<f64> = b.iter().map(|b| b / largest).collect();
    // A larger ridge is less at the mercy of rounding and further from the truth: the first whose answer meets the
    // conditions, or else the one that comes nearest.
    let mut best: Option<(Vec<f64>, f64)> = None;
    for &ridge in &RIDGES {
        let Some(x) = ActiveSet::new(matrix, &unit, ridge).solve() else { continue };
        let breach = breach(matrix, &unit, &x);
        if best.as_ref().is_none_or(|(_, least)| breach < *least) {
            best = Some((x, breach));
        }
        if breach <= GOOD {
            break;
        }
    }
    best.map(|(x, _)| x.into_iter().map(|x| x * largest).collect())
}

/// The largest breach of `slope <= 0` and `x slope = 0`, for the slope `b - matrix·x`.
fn breach(matrix: &[f64], b: &[f64], x: &[f64]) -> f64 {
    let slopes = b.iter().zip(matvec(matrix, x)).map(|(b, along)| b - along);
    slopes.zip(x).map(|(slope, x)| slope.max((x * slope).abs())).fold(0.0, f64::max)
}

struct ActiveSet<'a> {
    matrix: &'a [f64],
    b: &'a [f64],
    ridge: f64,
    x: Vec<f64>,
    /// Indices whose x may be positive.
    free: Vec<usize>,
}

impl<'a> ActiveSet<'a> {
    fn new(matrix: &'a [f64], b: &'a [f64], ridge: f64) -> Self {
        Self { matrix, b, ridge, x: vec![0.0; b.len()], free: Vec::new() }
    }

    fn solve(mut self) -> Option<Vec<f64>> {
        // Each round frees the index that helps most. Rounding may free one in vain: it goes back at once, and is
        // passed over until another one has helped.
        let mut in_vain = Vec::new();
        for _ in 0..10 * self.b.len() + 10 {
            let Some(entering) = self.entering(&in_vain) else { break };
            self.free.push(entering);
            self.settle()?;
            if self.x[entering] == 0.0 {
                in_vain.push(entering);
            } else {
                in_vain.clear();
            }
        }
        self.correct()?;
        Some(self.x)
    }

    /// The index at zero whose growth lowers the value fastest.
    fn entering(&self, in_vain: &[usize]) -> Option<usize> {
        let n = self.b.len();
        let slopes = (0..n)
            .filter(|i| !self.free.contains(i) && !in_vain.contains(i))
            .map(|i| (i, self.b[i] - dot(&self.matrix[i * n..(i + 1) * n], &self.x)));
        let (entering, slope) = slopes.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let size = self.x.iter().fold(1.0_f64, |size, x| size.max(*x));
        (slope > 4.0 * f64::EPSILON * size).then_some(entering)
    }

    /// Moves to the minimum over the free indices, giving up those that would become negative on the way.
    fn settle(&mut self) -> Option<()> {
        while !self.free.is_empty() {
            let target = self.on_free(self.b)?;
            let step = self
                .free
                .iter()
                .zip(&target)
                .filter(|(_, target)| **target <= 0.0)
                .map(|(&i, target)| self.x[i] / (self.x[i] - target).max(f64::MIN_POSITIVE))
                .fold(1.0, f64::min);
            for (&i, target) in self.free.iter().zip(&target) {
                let moved = self.x[i] + step * (target - self.x[i]);
                // The one that ends the step lands on zero but for rounding.
                self.x[i] = if *target <= 0.0 && moved <= 1e-15 * self.x[i] { 0.0 } else { moved };
            }
            if target.iter().all(|target| *target > 0.0) {
                break;
            }
            let x = &self.x;
            self.free.retain(|&i| x[i] > 0.0);
        }
        Some(())
    }

    /// Takes the ridge back from what was found: each correction divides what it left, as seen along an eigenvector,
    /// by 1 + eigenvalue/ridge. Left out if an index would have to go back to zero.
    fn correct(&mut self) -> Option<()> {
        let n = self.b.len();
        for _ in 0..CORRECTIONS {
            let along = matvec(self.matrix, &self.x);
            let left: Vec<f64> = (0..n).map(|i| self.b[i] - along[i]).collect();
            let moved: Vec<f64> =
                self.on_free(&left)?.iter().zip(&self.free).map(|(c, &i)| self.x[i] + c).collect();
            if moved.iter().any(|x| *x <= 0.0) {
                break;
            }
            self.free.iter().zip(moved).for_each(|(&i, x)| self.x[i] = x);
        }
        Some(())
    }

    /// Solves for the free indices, the others being zero.
    fn on_free(&self, b: &[f64]) -> Option<Vec<f64>> {
        let (n, m) = (self.b.len(), self.free.len());
        let mut matrix: Vec<f64> =
            self.free.iter().flat_map(|&i| self.free.iter().map(move |&j| self.matrix[i * n + j])).collect();
        (0..m).for_each(|k| matrix[k * m + k] += self.ridge);
        let b: Vec<f64> = self.free.iter().map(|&i| b[i]).collect();
        solve_positive_definite(&matrix, &b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unconstrained_minimum_inside_is_found() {
        let x = nonnegative_minimum(&[1.0, 0.5, 0.5, 1.0], &[1.0, 1.0]).unwrap();
        assert!(x.iter().all(|x| (x - 2.0 / 3.0).abs() < 1e-11), "{x:?}");
    }

    #[test]
    fn what_would_be_negative_stays_at_zero() {
        let x = nonnegative_minimum(&[1.0, 0.5, 0.5, 1.0], &[1.0, -1.0]).unwrap();
        assert!((x[0] - 1.0).abs() < 1e-11 && x[1] == 0.0, "{x:?}");
        assert_eq!(nonnegative_minimum(&[1.0], &[-3.0]), Some(vec![0.0]));
    }

    #[test]
    fn equal_unknowns_share_alike() {
        let x = nonnegative_minimum(&[1.0; 9], &[1e30; 3]).unwrap();
        assert!(x.iter().all(|x| (x / 1e30 - 1.0 / 3.0).abs() < 1e-3), "{x:?}");
    }
}
