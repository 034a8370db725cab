//! Squared error: the sum of (prediction - target)^2 over a denominator (mean squared error for the number of
//! targets).

use super::cross_entropy::check_denominator;
use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::Shape;
use crate::tape::{Backward, Loss, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// The summed squared error over `denominator`. Errors if the numbers of values differ or the denominator is
    /// not positive.
    pub fn squared_error<S: Shape>(
        &mut self,
        predicted: &Tensor<S, E, D>,
        targets: &[f64],
        denominator: f64,
    ) -> Result<Loss, TensorError> {
        check("squared_error", "targets", &[predicted.shape().num_elements()], &[targets.len()])?;
        check_denominator(denominator)?;
        let input = self.input("squared_error", predicted)?;
        let value = self.device().squared_error(predicted.buffer(), targets);
        Ok(self.record_loss(value / denominator, input, || {
            let (predicted, targets) = (predicted.shared(), targets.into());
            Box::new(SquaredErrorBackward { input, predicted, targets, denominator })
        }))
    }
}

struct SquaredErrorBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    predicted: Arc<D::Buffer<E>>,
    targets: Arc<[f64]>,
    denominator: f64,
}

impl<E: Float, D: Device> Backward<E, D> for SquaredErrorBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let scale = upstream.scalar() / self.denominator;
        let gradient = walk.device().squared_error_backward(&self.predicted, &self.targets, scale);
        walk.add(self.input, gradient);
        Ok(())
    }
}
