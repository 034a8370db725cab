//! Mean loss over examples.
//!
//! In the unit of the head's loss: nats for cross-entropy, squared units of the labels for regression.

use crate::check;
use crate::error::MetricError;
use crate::summary::mean;

/// The mean of one loss per example.
///
/// # Shapes
/// `losses`: (examples,)
///
/// # Errors
/// Errors if there is none, or one is not finite.
pub fn mean_loss(losses: &[f64]) -> Result<f64, MetricError> {
    check::finite("loss", losses)?;
    mean(losses).map_err(|_| MetricError::Empty { what: "losses" })
}

/// The mean loss per example of batches of which only the mean losses are known: `sum_b n_b L_b / sum_b n_b`.
///
/// A batch of size 0 counts nothing (its mean, whatever it is, must still be finite).
///
/// # Shapes
/// `batch_means`, `batch_sizes`: (batches,)
///
/// # Errors
/// Errors if the lengths differ, the sizes sum to 0, or a mean is not finite.
pub fn mean_loss_of_batches(batch_means: &[f64], batch_sizes: &[usize]) -> Result<f64, MetricError> {
    if batch_means.len() != batch_sizes.len() {
        return Err(MetricError::BatchMismatch { means: batch_means.len(), sizes: batch_sizes.len() });
    }
    check::finite("mean loss of batch", batch_means)?;
    let examples: usize = batch_sizes.iter().sum();
    if examples == 0 {
        return Err(MetricError::Empty { what: "losses" });
    }
    let weighted = batch_means.iter().zip(batch_sizes);
    Ok(weighted.map(|(mean, &size)| mean * (size as f64 / examples as f64)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_weigh_by_size() {
        assert_eq!(mean_loss(&[1.0, 2.0, 6.0]), Ok(3.0));
        assert_eq!(mean_loss_of_batches(&[1.0, 3.0], &[3, 1]), Ok(1.5));
    }

    #[test]
    fn nothing_is_an_error() {
        let empty = MetricError::Empty { what: "losses" };
        assert_eq!(mean_loss(&[]), Err(empty.clone()));
        assert_eq!(mean_loss_of_batches(&[1.0], &[0]), Err(empty));
        let error = mean_loss_of_batches(&[1.0], &[1, 2]).unwrap_err();
        assert_eq!(error.to_string(), "1 batch means against 2 batch sizes");
    }
}
