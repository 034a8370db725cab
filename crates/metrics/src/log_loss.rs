//! Log loss: the mean of `-ln p(gold class)`, in nats, from whole distributions over the classes.
//!
//! Numbers as scikit-learn's `log_loss`: a probability of the gold class below 2.2e-16 (`f64::EPSILON`) counts as that, so
//! that one certain mistake costs 36.04 nats and not infinitely many.
//!
//! What is not a distribution is refused: every probability must lie between 0 and 1 and every row must sum to 1
//! within [`TOLERANCE`].

use crate::check;
use crate::error::MetricError;

/// How far the probabilities of one example may be from summing to 1: what rounding to `f32` does to a softmax, and
/// printing with six digits to hundreds of classes.
pub const TOLERANCE: f64 = 1e-4;

/// The mean of `-ln p(gold class)` in nats, in `[0, 36.05)`.
///
/// # Shapes
/// `gold`: (examples,), each below `n_classes`; `probabilities`: (examples, n_classes), one row after the other
///
/// # Errors
/// Errors if there is no example, the number of probabilities is not `examples * n_classes`, a class is not below
/// `n_classes`, or a row is not a distribution (the first such row is named).
pub fn log_loss(gold: &[usize], probabilities: &[f64], n_classes: usize) -> Result<f64, MetricError> {
    check_distributions(gold, probabilities, n_classes)?;
    let sum: f64 = surprises(gold, probabilities, n_classes).iter().sum();
    Ok(sum / gold.len() as f64)
}

/// `-ln p(gold class)` of each example, in nats; the distributions are checked.
pub(crate) fn surprises(gold: &[usize], probabilities: &[f64], n_classes: usize) -> Vec<f64> {
    let rows = gold.iter().zip(probabilities.chunks_exact(n_classes));
    rows.map(|(&class, row)| -row[class].clamp(f64::EPSILON, 1.0).ln()).collect()
}

/// Errors if the sizes do not fit, a class is out of range, or a row is not a distribution.
pub(crate) fn check_distributions(
    gold: &[usize],
    probabilities: &[f64],
    n_classes: usize,
) -> Result<(), MetricError> {
    let examples = gold.len();
    if examples == 0 {
        return Err(MetricError::Empty { what: "examples" });
    }
    if n_classes == 0 || examples.checked_mul(n_classes) != Some(probabilities.len()) {
        return Err(MetricError::ProbabilityShape { examples, n_classes, got: probabilities.len() });
    }
    for (row, (&class, values)) in gold.iter().zip(probabilities.chunks_exact(n_classes)).enumerate() {
        check::in_range(row, class, n_classes)?;
        check_row(row, values)?;
    }
    Ok(())
}

/// Errors if the values of one row are no distribution.
fn check_row(row: usize, values: &[f64]) -> Result<(), MetricError> {
    if let Some(class) = values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        return Err(MetricError::NotAProbability { row, class, value: values[class] });
    }
    let sum: f64 = values.iter().sum();
    match (sum - 1.0).abs() <= TOLERANCE {
        true => Ok(()),
        false => Err(MetricError::NotADistribution { row, sum }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let loss = log_loss(&[0, 1], &[0.5, 0.5, 0.75, 0.25], 2).unwrap();
        assert!((loss - (2.0_f64.ln() + 4.0_f64.ln()) / 2.0).abs() < 1e-15);
        assert_eq!(log_loss(&[0], &[1.0], 1), Ok(0.0));
    }

    #[test]
    fn a_certain_mistake_is_finite() {
        let loss = log_loss(&[1], &[1.0, 0.0], 2).unwrap();
        assert!((loss - 36.04365338911715).abs() < 1e-12);
    }

    #[test]
    fn the_first_row_that_is_no_distribution_is_named() {
        let message = |probabilities: &[f64]| log_loss(&[0, 1], probabilities, 2).unwrap_err().to_string();
        assert_eq!(message(&[0.5, 0.5, 0.5, 0.4]), "probabilities in row 1 sum to 0.9, not to 1");
        let outside = "probability of class 1 in row 0 is not between 0 and 1: -0.5";
        assert_eq!(message(&[1.0, -0.5, 0.5, 0.5]), outside);
        let nan = "probability of class 0 in row 1 is not between 0 and 1: NaN";
        assert_eq!(message(&[0.5, 0.5, f64::NAN, 0.5]), nan);
        assert_eq!(message(&[0.5, 0.5]), "2 probabilities for 2 examples of 2 classes");
    }
}
