//! The smallest value of a convex quadratic over vectors without negative entries.

use super::linear::{dot, solve_positive_definite};

/// What is added to the unit diagonal so that a singular matrix has one answer, the shortest; the second and later
/// ones are for matrices that rounding has made indefinite.
const RIDGES: [f64; 5] = [1e-12, 1e-10, 1e-8, 1e-6, 1e-4];

/// The `x >= 0` that minimizes `½ xᵀ·matrix·x - bᵀx`, for a symmetric positive semi-definite `matrix` of about unit
/// diagonal: the active set method of Lawson & Hanson (1974, chapter 23). `None` if rounding has left no convex
/// problem; the caller measures the conditions of optimality of its own problem.
pub(crate) fn nonnegative_minimum(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let largest = b.iter().fold(0.0_f64, |largest, b| largest.max(b.abs()));
    if largest == 0.0 {
        return Some(vec![0.0; b.len()]);
    }
    let unit: Vec<f64> = b.iter().map(|b| b / largest).collect();
    let x = RIDGES.iter().find_map(|&ridge| ActiveSet::new(matrix, &unit, ridge).solve())?;
    Some(x.into_iter().map(|x| x * largest).collect())
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
        // Each round frees the index that helps most. Rounding may free one in vain: it goes back at once, and then
        // nothing is left to gain.
        for _ in 0..10 * self.b.len() + 10 {
            let Some(entering) = self.entering() else { break };
            self.free.push(entering);
            self.settle()?;
            if self.x[entering] == 0.0 {
                break;
            }
        }
        Some(self.x)
    }

    /// The index at zero whose growth lowers the value fastest.
    fn entering(&self) -> Option<usize> {
        let n = self.b.len();
        let slopes = (0..n)
            .filter(|i| !self.free.contains(i))
            .map(|i| (i, self.b[i] - dot(&self.matrix[i * n..(i + 1) * n], &self.x)));
        let (entering, slope) = slopes.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let size = self.x.iter().fold(1.0_f64, |size, x| size.max(*x));
        (slope > 4.0 * f64::EPSILON * size).then_some(entering)
    }

    /// Moves to the minimum over the free indices, giving up those that would become negative on the way.
    fn settle(&mut self) -> Option<()> {
        while !self.free.is_empty() {
            let target = self.free_minimum()?;
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

    fn free_minimum(&self) -> Option<Vec<f64>> {
        let n = self.b.len();
        let mut matrix: Vec<f64> =
            self.free.iter().flat_map(|&i| self.free.iter().map(move |&j| self.matrix[i * n + j])).collect();
        for k in 0..self.free.len() {
            matrix[k * self.free.len() + k] += self.ridge;
        }
        let b: Vec<f64> = self.free.iter().map(|&i| self.b[i]).collect();
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
