//! The products of the tasks' gradients, all that most combiners look at.

use super::solve::{Svd, solve_positive_definite};
use crate::SharingError;

/// The Gram matrix of the gradients of the tasks that take part in a step: entry (s, t) is `g_s · g_t`.
///
/// Finite and symmetric. Norms from 1e-150 to 1e150 have squares that f64 can hold; the combiners divide by the
/// norms before they compute, so norms far apart in one matrix do no harm.
///
/// ```
/// use mtl_sharing::gradient::Gram;
///
/// let gram = Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]])?;
/// assert_eq!(gram.values(), [18.0, -22.0, -22.0, 38.0]);
/// # Ok::<(), mtl_sharing::SharingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gram {
    values: Vec<f64>,
    tasks: Vec<usize>,
}

/// How far the two halves of a Gram matrix may differ, as a share of the product of the norms.
const ASYMMETRY: f64 = 1e-3;

impl Gram {
    /// The matrix of the tasks with these indices, ascending; tasks without examples in the step are left out. The
    /// mean of the two halves is taken.
    ///
    /// Errors if there is no task, if there are not `tasks²` values, if the indices do not ascend, if a value is not
    /// finite (naming the task), or if the halves differ by more than rounding (1e-3 of the product of the norms).
    ///
    /// # Shapes
    ///
    /// `values: (tasks, tasks)`, row-major.
    pub fn new(values: Vec<f64>, tasks: Vec<usize>) -> Result<Self, SharingError> {
        check_square(&values, &tasks)?;
        let n = tasks.len();
        for (i, &task_idx) in tasks.iter().enumerate() {
            if !(values[i * n + i] >= 0.0 && values[i * n + i].is_finite()) {
                return Err(SharingError::GradientNotFinite { task_idx, squared_norm: values[i * n + i] });
            }
        }
        let mut gram = Self { values, tasks };
        for i in 0..n {
            for j in i + 1..n {
                gram.join_halves(i, j)?;
            }
        }
        Ok(gram)
    }

    /// The matrix of these gradients, of tasks 0, 1, ...
    ///
    /// Errors if there is none, if their lengths differ, or if one is not finite (naming the task).
    ///
    /// # Shapes
    ///
    /// `gradients: (tasks, parameters)`.
    pub fn of_gradients(gradients: &[&[f64]]) -> Result<Self, SharingError> {
        Self::new(products(gradients, gradients)?, (0..gradients.len()).collect())
    }

    fn join_halves(&mut self, i: usize, j: usize) -> Result<(), SharingError> {
        let n = self.n_tasks();
        let (upper, lower) = (self.values[i * n + j], self.values[j * n + i]);
        if !((upper - lower).abs() <= ASYMMETRY * self.norm(i) * self.norm(j)) {
            return Err(SharingError::GramNotSymmetric {
                row: self.tasks[i],
                column: self.tasks[j],
                upper,
                lower,
            });
        }
        let mean = 0.5 * upper + 0.5 * lower;
        self.values[i * n + j] = mean;
        self.values[j * n + i] = mean;
        Ok(())
    }

    /// How many tasks take part.
    pub fn n_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Their indices, ascending.
    pub fn tasks(&self) -> &[usize] {
        &self.tasks
    }

    /// The products, `(tasks, tasks)`, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// `g_i · g_j` of the i-th and the j-th task of the step.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.n_tasks() + j]
    }

    /// `|g_i|`, the norm of the gradient of the i-th task of the step.
    pub fn norm(&self, i: usize) -> f64 {
        self.get(i, i).sqrt()
    }

    /// The cosine between the gradients of the i-th and the j-th task, in [-1, 1]; below 0 they conflict. 0 if one of
    /// the gradients is zero.
    pub fn cosine(&self, i: usize, j: usize) -> f64 {
        cosine(self.get(i, j), self.norm(i), self.norm(j))
    }

    /// `|sum over t of w_t g_t|`.
    ///
    /// # Shapes
    ///
    /// `weights: (tasks,)`.
    pub fn norm_of(&self, weights: &[f64]) -> f64 {
        let lengths: Vec<f64> = weights.iter().enumerate().map(|(i, weight)| weight * self.norm(i)).collect();
        let largest = lengths.iter().fold(0.0_f64, |largest, length| largest.max(length.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        let mut squared = 0.0;
        for (i, a) in lengths.iter().enumerate() {
            for (j, b) in lengths.iter().enumerate() {
                squared += (a / largest) * (b / largest) * if i == j { 1.0 } else { self.cosine(i, j) };
            }
        }
        largest * squared.max(0.0).sqrt()
    }
}

/// The products of each task's gradient on one batch with each task's gradient on another, independent one: entry
/// (s, t) is `g_s(batch 1) · g_t(batch 2)`. Finite; not symmetric.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossGram {
    values: Vec<f64>,
    tasks: Vec<usize>,
}

impl CrossGram {
    /// The matrix of the tasks with these indices, ascending.
    ///
    /// Errors if there is no task, if there are not `tasks²` values, if the indices do not ascend, or if a value is
    /// not finite (naming the task).
    ///
    /// # Shapes
    ///
    /// `values: (tasks, tasks)`, row-major.
    pub fn new(values: Vec<f64>, tasks: Vec<usize>) -> Result<Self, SharingError> {
        check_square(&values, &tasks)?;
        for (row, &task_idx) in values.chunks_exact(tasks.len()).zip(&tasks) {
            if let Some(&value) = row.iter().find(|value| !value.is_finite()) {
                return Err(SharingError::GradientNotFinite { task_idx, squared_norm: value });
            }
        }
        Ok(Self { values, tasks })
    }

    /// The matrix of the gradients on two batches, of tasks 0, 1, ...
    ///
    /// Errors if there is none, if their lengths differ, or if one is not finite (naming the task).
    ///
    /// # Shapes
    ///
    /// `first: (tasks, parameters)`, `second: (tasks, parameters)`.
    pub fn of_gradients(first: &[&[f64]], second: &[&[f64]]) -> Result<Self, SharingError> {
        Self::new(products(first, second)?, (0..first.len()).collect())
    }

    /// How many tasks take part.
    pub fn n_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Their indices, ascending.
    pub fn tasks(&self) -> &[usize] {
        &self.tasks
    }

    /// The products, `(tasks, tasks)`, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// A Gram matrix taken apart: norms in units of the largest one, and the cosines between the gradients.
#[derive(Debug, Clone)]
pub(super) struct Cosines {
    /// The largest norm; 0 if every gradient is zero.
    pub(super) largest: f64,
    /// `|g_t| / largest`, in [0, 1].
    pub(super) norms: Vec<f64>,
    /// `(tasks, tasks)`; 1 on the diagonal, and 0 wherever a gradient is zero.
    pub(super) cosines: Vec<f64>,
}

impl Cosines {
    /// Takes `products: (n, n)` apart.
    pub(super) fn new(products: &[f64], n: usize) -> Self {
        let norms: Vec<f64> = (0..n).map(|i| products[i * n + i].max(0.0).sqrt()).collect();
        let largest = norms.iter().copied().fold(0.0, f64::max);
        let cosines = (0..n * n)
            .map(|at| (at / n, at % n))
            .map(|(i, j)| match i == j && norms[i] > 0.0 {
                true => 1.0,
                false => cosine(products[i * n + j], norms[i], norms[j]),
            })
            .collect();
        let unit = if largest > 0.0 { largest } else { 1.0 };
        Self { largest, norms: norms.iter().map(|norm| norm / unit).collect(), cosines }
    }
}

/// Cosines that rounding of the products has made impossible by more than this are those of no vectors.
const IMPOSSIBLE: f64 = 1e-4;

impl Cosines {
    /// As [`new`](Self::new), but with eigenvalues below `least` as 0: rounding leaves such ones, and negative ones, in
    /// the cosines of linearly dependent gradients. What follows is then about vectors that exist, the nearest ones.
    /// `None` if there are none near.
    pub(super) fn of_vectors(products: &[f64], n: usize, least: f64) -> Option<Self> {
        let mut scaled = Self::new(products, n);
        let shifted = |by: f64| -> Vec<f64> {
            let diagonal = |at: usize| if at / n == at % n { by } else { 0.0 };
            scaled.cosines.iter().enumerate().map(|(at, cosine)| cosine + diagonal(at)).collect()
        };
        if solve_positive_definite(&shifted(1e-13 - least), &vec![1.0; n]).is_some() {
            return Some(scaled);
        }
        // Eigenvalues lie in [-n, n]: shifted by n they are the singular values.
        let svd = Svd::new(&shifted(n as f64), n);
        let eigenvalues: Vec<f64> = svd.sigma.iter().map(|sigma| sigma - n as f64).collect();
        if eigenvalues.iter().any(|eigenvalue| *eigenvalue < -IMPOSSIBLE) {
            return None;
        }
        for (at, cosine) in scaled.cosines.iter_mut().enumerate() {
            let parts = eigenvalues.iter().zip(&svd.right);
            let kept = parts.filter(|(eigenvalue, _)| **eigenvalue > least);
            *cosine = kept.map(|(eigenvalue, v)| eigenvalue * v[at / n] * v[at % n]).sum();
        }
        Some(scaled)
    }
}

fn cosine(product: f64, a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (product / a / b).clamp(-1.0, 1.0) }
}

fn products(first: &[&[f64]], second: &[&[f64]]) -> Result<Vec<f64>, SharingError> {
    let expected = first.first().map_or(0, |gradient| gradient.len());
    for gradients in [first, second] {
        for (task_idx, gradient) in gradients.iter().enumerate() {
            if gradient.len() != expected {
                return Err(SharingError::GradientLength { task_idx, expected, got: gradient.len() });
            }
        }
    }
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Ok(first.iter().flat_map(|a| second.iter().map(|b| product(a, b))).collect())
}

fn check_square(values: &[f64], tasks: &[usize]) -> Result<(), SharingError> {
    if tasks.is_empty() {
        return Err(SharingError::NoGradients);
    }
    if values.len() != tasks.len() * tasks.len() {
        return Err(SharingError::GramShape { n_tasks: tasks.len(), got: values.len() });
    }
    match tasks.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(SharingError::TasksNotAscending { before: pair[0], after: pair[1] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_that_is_not_finite_names_its_task() {
        let error = Gram::of_gradients(&[&[1.0, 2.0], &[1.0, f64::NAN]]).unwrap_err();
        assert_eq!(error.to_string(), "the gradient of task 1 is not finite (squared norm NaN)");
        let error = Gram::new(vec![f64::INFINITY], vec![4]).unwrap_err();
        assert_eq!(error.to_string(), "the gradient of task 4 is not finite (squared norm inf)");
    }

    #[test]
    fn what_is_no_gram_matrix_is_an_error() {
        assert_eq!(Gram::new(vec![], vec![]), Err(SharingError::NoGradients));
        let error = Gram::new(vec![1.0; 3], vec![0, 1]).unwrap_err();
        assert_eq!(error.to_string(), "the gram matrix of 2 tasks has 4 values, got 3");
        let error = Gram::new(vec![1.0, 0.5, 0.6, 1.0], vec![0, 2]).unwrap_err();
        assert_eq!(error.to_string(), "the gram matrix is not symmetric: 0.5 at tasks (0, 2), 0.6 at (2, 0)");
        let error = Gram::new(vec![1.0, 0.5, 0.5, 1.0], vec![2, 0]).unwrap_err();
        assert_eq!(error.to_string(), "task indices must ascend, got 0 after 2");
        let error = Gram::of_gradients(&[&[1.0], &[1.0, 2.0]]).unwrap_err();
        assert_eq!(error.to_string(), "the gradient of task 1 has 2 values, expected 1");
    }

    #[test]
    fn norms_and_cosines() {
        let gram = Gram::of_gradients(&[&[3.0, 4.0], &[0.0, 2.0], &[0.0, 0.0]]).unwrap();
        assert_eq!((gram.norm(0), gram.cosine(0, 1), gram.cosine(0, 2)), (5.0, 0.8, 0.0));
        assert!((gram.norm_of(&[1.0, -2.0, 7.0]) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn rounding_makes_no_impossible_vectors() {
        // Two equal gradients whose product is too large by 1e-7.
        let cleaned =
            Cosines::of_vectors(&[1.0, 1.0, 0.5, 1.0, 1.0, 0.5 + 1e-7, 0.5, 0.5 + 1e-7, 1.0], 3, 0.0)
                .unwrap();
        assert!(
            solve_positive_definite(
                &cleaned
                    .cosines
                    .iter()
                    .enumerate()
                    .map(|(at, c)| if at % 4 == 0 { c + 1e-12 } else { *c })
                    .collect::<Vec<_>>(),
                &[1.0; 3]
            )
            .is_some()
        );
        assert!(
            cleaned.cosines.iter().zip([1.0, 1.0, 0.5]).all(|(got, expected)| (got - expected).abs() < 1e-6)
        );
        assert!(Cosines::of_vectors(&[1.0, -0.9, -0.9, -0.9, 1.0, -0.9, -0.9, -0.9, 1.0], 3, 0.0).is_none());
    }

    #[test]
    fn norms_far_apart_are_kept_apart() {
        let gram = Gram::of_gradients(&[&[1e20], &[-1e-20]]).unwrap();
        assert_eq!(gram.cosine(0, 1), -1.0);
        assert!((gram.norm_of(&[0.0, 1.0]) / 1e-20 - 1.0).abs() < 1e-12);
    }
}
