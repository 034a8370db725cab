//! Projection onto the probability simplex.

/// The point of the simplex (not negative, sum 1) that is nearest to `point`: `max(x_i - theta, 0)`, with theta such
/// that the sum is 1 (Held, Wolfe & Crowder 1974; the sorted form of Duchi et al. 2008, figure 1).
///
/// # Shapes
///
/// `point: (tasks,)`, at least one, finite; returns `(tasks,)`.
///
/// ```
/// use mtl_sharing::gradient::project_onto_simplex;
///
/// let projected = project_onto_simplex(&[0.5, 0.1, 0.1]);
/// assert!(projected.iter().zip([0.6, 0.2, 0.2]).all(|(got, expected)| (got - expected).abs() < 1e-12));
/// assert_eq!(project_onto_simplex(&[1.0, 0.0, -0.5]), [1.0, 0.0, 0.0]);
/// ```
pub fn project_onto_simplex(point: &[f64]) -> Vec<f64> {
    let mut descending = point.to_vec();
    descending.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut theta) = (0.0, 0.0);
    for (i, value) in descending.iter().enumerate() {
        sum += value;
        let candidate = (sum - 1.0) / (i + 1) as f64;
        if i == 0 || *value > candidate {
            theta = candidate;
        }
    }
    point.iter().map(|value| (value - theta).max(0.0)).collect()
}
