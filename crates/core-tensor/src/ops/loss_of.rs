//! Losses that are pure functions on the host: what has no kernel of its own (structured predictions, soft targets,
//! rankings) needs no more than this.

use super::cross_entropy::check_denominator;
use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::Shape;
use crate::tape::{Backward, Loss, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;

/// A loss, summed over its rows, and its gradient with respect to each logit, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct LossAndGradient {
    /// The sum, in the loss's unit.
    pub loss: f64,
    /// One number for each logit.
    pub gradient: Vec<f64>,
}

impl<E: Float, D: Device> Tape<E, D> {
    /// The loss that `f` computes of logits, over `denominator`.
    ///
    /// `f` sees the logits as doubles, row-major, and returns the summed loss and its gradient. It must be pure: a walk
    /// uses the gradient that it gave here.
    ///
    /// Errors if the gradient has another length than the logits, the denominator is not positive, or `f` errors.
    pub fn loss_of<S: Shape>(
        &mut self,
        logits: &Tensor<S, E, D>,
        denominator: f64,
        f: impl FnOnce(&[f64]) -> Result<LossAndGradient, TensorError>,
    ) -> Result<Loss, TensorError> {
        check_denominator(denominator)?;
        let input = self.input("loss_of", logits)?;
        let values: Vec<f64> = logits.to_vec().into_iter().map(E::to_f64).collect();
        let LossAndGradient { loss, gradient } = f(&values)?;
        check("loss_of", "gradient", &[values.len()], &[gradient.len()])?;
        Ok(self.record_loss(loss / denominator, input, || {
            Box::new(LossOfBackward { input, gradient, denominator })
        }))
    }
}

struct LossOfBackward {
    input: Option<NodeId>,
    gradient: Vec<f64>,
    denominator: f64,
}

impl<E: Float, D: Device> Backward<E, D> for LossOfBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let scale = upstream.scalar() / self.denominator;
        let scaled: Vec<E> = self.gradient.iter().map(|x| E::of(scale * x)).collect();
        let gradient = walk.device().upload(&scaled);
        walk.add(self.input, gradient);
        Ok(())
    }
}
