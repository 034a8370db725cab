//! Dense linear algebra on row-major square matrices: products, Cholesky, singular values by one-sided Jacobi.

/// The sum of the products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `matrix · x` for `matrix: (x.len(), x.len())`.
pub(crate) fn matvec(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(x.len().max(1)).map(|row| dot(row, x)).collect()
}

/// Solves `matrix · x = b` for a symmetric positive definite matrix; `None` if it is not.
pub(crate) fn solve_positive_definite(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let mut factor = matrix.to_vec();
    for i in 0..n {
        for j in 0..=i {
            let above: f64 = (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum();
            let rest = factor[i * n + j] - above;
            if i != j {
                factor[i * n + j] = rest / factor[j * n + j];
            } else if rest > 0.0 && rest.is_finite() {
                factor[i * n + i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| factor[i * n + k] * x[k]).sum();
        x[i] = (x[i] - known) / factor[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| factor[k * n + i] * x[k]).sum();
        x[i] = (x[i] - known) / factor[i * n + i];
    }
    x.iter().all(|value| value.is_finite()).then_some(x)
}

/// A square matrix as `sum over k of sigma_k u_k v_kᵀ`.
///
/// For a symmetric positive semi-definite matrix the sigma are its eigenvalues and the v its eigenvectors.
#[derive(Debug, Clone)]
pub(crate) struct Svd {
    /// Singular values, in no order.
    pub(crate) sigma: Vec<f64>,
    /// `sigma_k u_k`, one vector for each k.
    left: Vec<Vec<f64>>,
    /// `v_k`, orthonormal.
    pub(crate) right: Vec<Vec<f64>>,
}

impl Svd {
    /// Decomposes `matrix: (n, n)` by turning pairs of its columns until all are orthogonal (Hestenes 1958).
    pub(crate) fn new(matrix: &[f64], n: usize) -> Self {
        let column = |j: usize| (0..n).map(|i| matrix[i * n + j]).collect();
        let mut left: Vec<Vec<f64>> = (0..n).map(column).collect();
        let unit = |j: usize| (0..n).map(|i| f64::from(u8::from(i == j))).collect();
        let mut right: Vec<Vec<f64>> = (0..n).map(unit).collect();
        // A sweep squares what is left of the angles; a dozen is never needed for the sizes here.
        for _ in 0..60 {
            let mut turned = false;
            for p in 0..n {
                for q in p + 1..n {
                    turned |= orthogonalize(&mut left, &mut right, p, q);
                }
            }
            if !turned {
                break;
            }
        }
        let sigma = left.iter().map(|column| dot(column, column).sqrt()).collect();
        Self { sigma, left, right }
    }

    /// The largest singular value.
    pub(crate) fn largest(&self) -> f64 {
        self.sigma.iter().copied().fold(0.0, f64::max)
    }

    /// The shortest of the vectors x with the smallest `|matrix · x - b|`; singular values of at most `tolerance`
    /// count as zero.
    pub(crate) fn least_squares(&self, b: &[f64], tolerance: f64) -> Vec<f64> {
        let mut x = vec![0.0; b.len()];
        for (k, &sigma) in self.sigma.iter().enumerate().filter(|(_, sigma)| **sigma > tolerance) {
            let along = dot(&self.left[k], b) / (sigma * sigma);
            x.iter_mut().zip(&self.right[k]).for_each(|(x, v)| *x += along * v);
        }
        x
    }
}

/// Turns columns `p` and `q` so that they become orthogonal; false if they already are.
fn orthogonalize(left: &mut [Vec<f64>], right: &mut [Vec<f64>], p: usize, q: usize) -> bool {
    let (alpha, beta) = (dot(&left[p], &left[p]), dot(&left[q], &left[q]));
    let gamma = dot(&left[p], &left[q]);
    if gamma.abs() <= f64::EPSILON * (alpha * beta).sqrt() || gamma == 0.0 {
        return false;
    }
    let zeta = (beta - alpha) / (2.0 * gamma);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    for columns in [left, right] {
        let (head, tail) = columns.split_at_mut(q);
        for (a, b) in head[p].iter_mut().zip(&mut tail[0]) {
            (*a, *b) = (cosine * (*a - tangent * *b), cosine * (*b + tangent * *a));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: [f64; 4] = [18.0, -22.0, -22.0, 38.0];

    #[test]
    fn cholesky_solves_what_is_positive_definite_and_nothing_else() {
        let x = solve_positive_definite(&G, &[-4.0, 16.0]).unwrap();
        assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 1.0).abs() < 1e-14);
        assert_eq!(solve_positive_definite(&[1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(solve_positive_definite(&[f64::NAN], &[1.0]), None);
    }

    #[test]
    fn singular_values_of_a_gram_matrix_are_its_eigenvalues() {
        // x² - 56 x + 200 = 0
        let svd = Svd::new(&G, 2);
        let root = 584_f64.sqrt();
        assert!((svd.largest() - (28.0 + root)).abs() < 1e-12);
        assert!((svd.sigma.iter().sum::<f64>() - 56.0).abs() < 1e-12);
    }

    #[test]
    fn least_squares_is_the_shortest_of_the_best() {
        let singular = Svd::new(&[1.0, 1.0, 1.0, 1.0], 2);
        let x = singular.least_squares(&[1.0, 3.0], 1e-12);
        assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] - 1.0).abs() < 1e-12);
        let general = Svd::new(&[1.0, 2.0, 3.0, 5.0], 2);
        let x = general.least_squares(&[1.0, 2.0], 0.0);
        assert!((x[0] + 1.0).abs() < 1e-12 && (x[1] - 1.0).abs() < 1e-12);
    }
}
