//! Multiple-gradient descent algorithm (MGDA): the shortest vector of the gradients' convex hull.
//!
//! `d = sum over t of w_t g_t` with `w` the minimum of `|sum over t of w_t g_t/c_t|²` over the simplex, where `c_t` is
//! a normalization that the caller chooses, 1 in the paper's equation 3. Where d is not zero it lowers every loss.
//!
//! Sener & Koltun 2018, "Multi-Task Learning as Multi-Objective Optimization", equation 3; the direction goes back to
//! Désidéri 2012. The normalizations are those of the paper's released code, which like this one puts the weights
//! found for the normalized gradients on the gradients as they are.
//! Differences: the problem is solved exactly by an active set method, not by Frank-Wolfe steps. If some gradients
//! are zero, d is zero (no direction lowers every loss), and those gradients share the weight.

use mtl_base::{Key, Method};

use super::key::text;
use super::registry::Build;
use super::solve::{Solution, min_norm};
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

pub(super) const KEYS: &[Key] =
    &[text("normalization", "none", "what each gradient is divided by", &["none", "l2", "loss", "loss+"])];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "mgda",
    "multiple-gradient descent (MGDA)",
    "Sener and Koltun 2018",
    "crates/sharing/src/gradient/mgda.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, values| {
        Ok(Box::new(Mgda::new(n_tasks, values.choice("normalization", GradientNormalization::ALL)?)?))
    },
};

/// What each gradient is divided by before the shortest vector is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum GradientNormalization {
    /// 1.
    #[default]
    None,
    /// Its norm.
    L2,
    /// The task's loss.
    Loss,
    /// The task's loss times the gradient's norm.
    LossTimesL2,
}

impl GradientNormalization {
    /// Every choice with the name that a configuration file uses.
    pub const ALL: &'static [(&'static str, GradientNormalization)] = &[
        ("none", GradientNormalization::None),
        ("l2", GradientNormalization::L2),
        ("loss", GradientNormalization::Loss),
        ("loss+", GradientNormalization::LossTimesL2),
    ];

    fn divisor(self, norm: f64, loss: f64) -> f64 {
        // A zero gradient stays zero whatever it is divided by.
        let norm = if norm > 0.0 { norm } else { 1.0 };
        match self {
            GradientNormalization::None => 1.0,
            GradientNormalization::L2 => norm,
            GradientNormalization::Loss => loss,
            GradientNormalization::LossTimesL2 => loss * norm,
        }
    }

    /// Errors if the losses are to be divided by and one is not positive.
    fn check(self, gram: &Gram, losses: &[f64]) -> Result<(), SharingError> {
        let normalization = match self {
            GradientNormalization::None | GradientNormalization::L2 => return Ok(()),
            GradientNormalization::Loss => "loss",
            GradientNormalization::LossTimesL2 => "loss+",
        };
        match losses.iter().zip(gram.tasks()).find(|(loss, _)| !(**loss > 0.0 && loss.is_finite())) {
            Some((&loss, &task_idx)) => Err(SharingError::LossNotPositive { normalization, task_idx, loss }),
            None => Ok(()),
        }
    }
}

/// How far the conditions of optimality may be broken: see [`mgda`].
const TOLERANCE: f64 = 1e-4;

/// The weights of the shortest vector, on the simplex.
///
/// The residual is the largest breach of `g_t · d >= |d|²` over the tasks, on the normalized gradients, for unit
/// vectors `g_t/|g_t|` and in units of the shortest gradient.
///
/// Errors if there is not one loss for each task, if the normalization divides by losses and one is not positive, or
/// if the residual is above 1e-4 (the matrix is then not one of products).
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `losses: (tasks,)`, returns `(tasks,)`.
///
/// ```
/// use mtl_sharing::gradient::{GradientNormalization, Gram, mgda};
///
/// let gram = Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]])?;
/// let combined = mgda(&gram, &[0.5, 0.5], GradientNormalization::None)?;
/// assert!((combined.weights[0] - 0.6).abs() < 1e-9);
/// # Ok::<(), mtl_sharing::SharingError>(())
/// ```
pub fn mgda(
    gram: &Gram,
    losses: &[f64],
    normalization: GradientNormalization,
) -> Result<Combined, SharingError> {
    check_step(usize::MAX, gram.tasks(), "losses", losses.len())?;
    normalization.check(gram, losses)?;
    let n = gram.n_tasks();
    let divisors: Vec<f64> = (0..n).map(|i| normalization.divisor(gram.norm(i), losses[i])).collect();
    let products: Vec<f64> = gram
        .values()
        .iter()
        .enumerate()
        .map(|(at, product)| product / divisors[at / n] / divisors[at % n])
        .collect();
    // No convex problem is left of a matrix that is not one of products: report that as unsolved.
    let unsolved = || Solution { values: vec![1.0 / n as f64; n], residual: f64::INFINITY };
    let Solution { values, residual } = min_norm(&products, n).unwrap_or_else(unsolved);
    Combined::solved(values, residual).within(GradientKind::Mgda, TOLERANCE)
}

/// Multiple-gradient descent: [`mgda`].
#[doc(alias = "multiple-gradient descent algorithm")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mgda {
    n_tasks: usize,
    normalization: GradientNormalization,
}

impl Mgda {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize, normalization: GradientNormalization) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, normalization })
    }
}

impl GradientCombining for Mgda {
    fn kind(&self) -> GradientKind {
        GradientKind::Mgda
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        mgda(gram, losses, self.normalization)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizations_weigh_as_if_the_gradients_were_divided() {
        let gram = Gram::of_gradients(&[&[3.0, 0.0], &[0.0, 4.0]]).unwrap();
        let weights = |normalization| mgda(&gram, &[2.0, 1.0], normalization).unwrap().weights;
        // Orthogonal gradients of lengths a and b: weights b²/(a² + b²) and a²/(a² + b²).
        for (normalization, a, b) in [
            (GradientNormalization::None, 3.0, 4.0),
            (GradientNormalization::L2, 1.0, 1.0),
            (GradientNormalization::Loss, 1.5, 4.0),
            (GradientNormalization::LossTimesL2, 0.5, 1.0),
        ] {
            let expected: f64 = b * b / (a * a + b * b);
            assert!((weights(normalization)[0] - expected).abs() < 1e-10, "{normalization:?}");
        }
    }

    #[test]
    fn a_loss_to_divide_by_must_be_positive() {
        let gram = Gram::of_gradients(&[&[3.0], &[4.0]]).unwrap();
        let error = mgda(&gram, &[1.0, 0.0], GradientNormalization::Loss).unwrap_err();
        assert_eq!(error.to_string(), "gradient normalization `loss` needs a positive loss, task 1 has 0");
    }

    #[test]
    fn zero_gradients_share_the_weight() {
        let gram = Gram::of_gradients(&[&[3.0], &[0.0], &[0.0]]).unwrap();
        for &(_, normalization) in GradientNormalization::ALL {
            assert_eq!(mgda(&gram, &[1.0; 3], normalization).unwrap().weights, [0.0, 0.5, 0.5]);
        }
    }

    #[test]
    fn what_are_no_products_is_an_error() {
        let gram = Gram::new(vec![1.0, -0.9, -0.9, -0.9, 1.0, -0.9, -0.9, -0.9, 1.0], vec![0, 1, 2]).unwrap();
        let error = mgda(&gram, &[1.0; 3], GradientNormalization::None).unwrap_err();
        assert!(matches!(error, SharingError::NotConverged { combining: "mgda", .. }), "{error}");
    }
}
