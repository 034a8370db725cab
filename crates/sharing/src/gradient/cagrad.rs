//! Conflict-averse gradient descent (CAGrad): the best worst gain in a ball around the mean gradient.
//!
//! `d` maximizes the smallest `g_t · d` subject to `|d - g_0| <= c |g_0|`, with `g_0` the mean of the gradients:
//! `d = g_0 + c |g_0| g_w/|g_w|`, where `g_w = sum over t of w_t g_t` and w minimizes
//! `g_w · g_0 + c |g_0| |g_w|` over the simplex.
//!
//! Liu et al. 2021, "Conflict-Averse Gradient Descent for Multi-task Learning", equation 4 and algorithm 1; d is then
//! divided by `1 + c²` (the released code's default) or `1 + c`, or left as the paper has it.
//! Differences: solved exactly, see below, and no constants are added to norms. Where the minimum is at `g_w = 0` (a
//! point at which no direction helps every task) the paper's formula is 0/0; d is then the solution of the
//! maximization itself, to 1e-6 of the largest gradient.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::gram::Cosines;
use super::key::{number, text};
use super::registry::Build;
use super::solve::{dot, matvec, min_norm};
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

const KEYS: &[Key] = &[
    number("c", 0.5, "radius around the mean gradient, in units of its norm", Range::AtLeastZero),
    text("rescale", "1+c^2", "what the direction is divided by", &["none", "1+c^2", "1+c"]),
];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "cagrad",
    "conflict-averse gradient descent (CAGrad)",
    "Liu et al. 2021",
    "crates/sharing/src/gradient/cagrad.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, values| {
        Ok(Box::new(CaGrad::new(n_tasks, values.number("c")?, values.choice("rescale", Rescale::ALL)?)?))
    },
};

/// What d is divided by in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Rescale {
    /// 1: the paper's formula.
    None,
    /// `1 + c²`.
    #[default]
    OnePlusSquare,
    /// `1 + c`.
    OnePlus,
}

impl Rescale {
    /// Every choice with the name that a configuration file uses.
    pub const ALL: &'static [(&'static str, Rescale)] =
        &[("none", Rescale::None), ("1+c^2", Rescale::OnePlusSquare), ("1+c", Rescale::OnePlus)];

    fn divisor(self, c: f64) -> f64 {
        match self {
            Rescale::None => 1.0,
            Rescale::OnePlusSquare => 1.0 + c * c,
            Rescale::OnePlus => 1.0 + c,
        }
    }
}

/// How far the worst gain may be from the best possible one: see [`cagrad`].
const TOLERANCE: f64 = 1e-4;

/// `|g_w|` below this share of the largest gradient counts as zero.
const SMALLEST: f64 = 1e-6;

/// The weights of the conflict-averse direction.
///
/// The residual is the gap between the smallest `g_t · d` and the bound that the dual problem puts on it, in units of
/// `|g_0|` times the largest norm.
///
/// Errors if `c` is negative or not finite, or if the residual is above 1e-4 (the matrix is then not one of products).
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn cagrad(gram: &Gram, c: f64, rescale: Rescale) -> Result<Combined, SharingError> {
    GradientKind::CaGrad.check_number("c", c, c >= 0.0 && c.is_finite())?;
    let mut weights = vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()];
    let mut residual = 0.0;
    if c > 0.0 {
        let unsolved = SharingError::NotConverged {
            combining: GradientKind::CaGrad.name(),
            residual: f64::INFINITY,
            tolerance: TOLERANCE,
        };
        let problem = Problem::new(gram, c).ok_or(unsolved)?;
        if problem.mean_norm > f64::EPSILON {
            let (w, length) = problem.solve();
            residual = problem.gap(&w, length);
            weights.iter_mut().zip(&w).for_each(|(weight, w)| *weight += c * problem.mean_norm / length * w);
        }
    }
    weights.iter_mut().for_each(|weight| *weight /= rescale.divisor(c));
    Combined::solved(weights, residual).within(GradientKind::CaGrad, TOLERANCE)
}

/// The gradients in units of the largest.
struct Problem {
    c: f64,
    products: Vec<f64>,
    /// `g_t · g_0`.
    with_mean: Vec<f64>,
    mean_norm: f64,
}

impl Problem {
    /// `None` if the matrix is not one of products.
    fn new(gram: &Gram, c: f64) -> Option<Self> {
        let n = gram.n_tasks();
        let scaled = Cosines::of_vectors(gram.values(), n, 0.0)?;
        let products: Vec<f64> = scaled
            .cosines
            .iter()
            .enumerate()
            .map(|(at, cosine)| cosine * scaled.norms[at / n] * scaled.norms[at % n])
            .collect();
        let with_mean = matvec(&products, &vec![1.0 / n as f64; n]);
        let mean_norm = (with_mean.iter().sum::<f64>() / n as f64).max(0.0).sqrt();
        Some(Self { c, products, with_mean, mean_norm })
    }

    /// w, and `|g_w|`, at least [`SMALLEST`].
    ///
    /// With `|g_w| = min over l > 0 of (|g_w|²/l + l)/2` the problem is, for a fixed l and but for constants, the
    /// shortest `sum over t of w_t (g_t + (l/c) e)`, where e is the unit vector along `g_0`. It is convex in l too, so
    /// `|g_w(l)|/l` falls as l grows, and the solution is where it is 1.
    fn solve(&self) -> (Vec<f64>, f64) {
        let (mut low, mut high) = (SMALLEST, 1.0);
        let mut w = self.shortest(low);
        if self.norm_of(&w) <= low {
            return (w, low);
        }
        while high / low > 1.0 + 1e-13 {
            let middle = (low * high).sqrt();
            w = self.shortest(middle);
            if !(middle > low && middle < high) {
                break;
            }
            *(if self.norm_of(&w) > middle { &mut low } else { &mut high }) = middle;
        }
        (w, high)
    }

    /// The weights of the shortest vector in the hull of `g_t + (length/c) e`.
    fn shortest(&self, length: f64) -> Vec<f64> {
        let n = self.with_mean.len();
        let shift = length / self.c;
        let along: Vec<f64> = self.with_mean.iter().map(|product| product / self.mean_norm).collect();
        let shifted: Vec<f64> = self
            .products
            .iter()
            .enumerate()
            .map(|(at, product)| product + shift * (along[at / n] + along[at % n]) + shift * shift)
            .collect();
        // Unsolved, any point will do: the gap shows it.
        min_norm(&shifted, n).map_or_else(|| vec![1.0 / n as f64; n], |solution| solution.values)
    }

    fn norm_of(&self, w: &[f64]) -> f64 {
        dot(w, &matvec(&self.products, w)).max(0.0).sqrt()
    }

    fn gap(&self, w: &[f64], length: f64) -> f64 {
        let radius = self.c * self.mean_norm;
        let along = matvec(&self.products, w);
        let gain = |i: usize| self.with_mean[i] + radius / length * along[i];
        let worst = (0..w.len()).map(gain).fold(f64::INFINITY, f64::min);
        let bound = dot(w, &self.with_mean) + radius * self.norm_of(w);
        (bound - worst).max(0.0) / (self.mean_norm * (1.0 + self.c))
    }
}

/// Conflict-averse gradient descent: [`cagrad`].
#[doc(alias = "conflict-averse gradient descent")]
#[derive(Debug, Clone, PartialEq)]
pub struct CaGrad {
    n_tasks: usize,
    c: f64,
    rescale: Rescale,
}

impl CaGrad {
    /// The combining of `n_tasks` tasks; `c`, at least 0, is the radius of the ball in units of the mean's norm.
    ///
    /// Errors if there is no task, or if `c` is out of its range.
    pub fn new(n_tasks: usize, c: f64, rescale: Rescale) -> Result<Self, SharingError> {
        GradientKind::CaGrad.check_number("c", c, c >= 0.0 && c.is_finite())?;
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, c, rescale })
    }
}

impl GradientCombining for CaGrad {
    fn kind(&self) -> GradientKind {
        GradientKind::CaGrad
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        cagrad(gram, self.c, self.rescale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gradients_grow_by_the_radius() {
        let gram = Gram::of_gradients(&[&[3.0, 4.0], &[3.0, 4.0]]).unwrap();
        for (rescale, expected) in
            [(Rescale::None, 1.5), (Rescale::OnePlusSquare, 1.2), (Rescale::OnePlus, 1.0)]
        {
            let weights = cagrad(&gram, 0.5, rescale).unwrap().weights;
            assert!((weights.iter().sum::<f64>() - expected).abs() < 1e-9, "{rescale:?}: {weights:?}");
        }
    }

    #[test]
    fn where_no_direction_helps_every_task_the_worst_gain_is_still_the_best() {
        // g = 2 and -1 on a line: g_0 = .5, d in [.25, .75], and the smallest gain -d is best at .25.
        let gram = Gram::of_gradients(&[&[2.0], &[-1.0]]).unwrap();
        let weights = cagrad(&gram, 0.5, Rescale::None).unwrap().weights;
        assert!((2.0 * weights[0] - weights[1] - 0.25).abs() < 1e-5, "{weights:?}");
    }

    #[test]
    fn a_mean_of_zero_leaves_nothing_to_move_around() {
        let gram = Gram::of_gradients(&[&[1.0], &[-1.0]]).unwrap();
        assert_eq!(cagrad(&gram, 0.5, Rescale::None).unwrap().weights, [0.5, 0.5]);
    }

    #[test]
    fn c_is_not_negative() {
        let error = CaGrad::new(2, -0.1, Rescale::None).unwrap_err();
        assert_eq!(error.to_string(), "`c` of cagrad combining must be at least 0, got -0.1");
    }
}
