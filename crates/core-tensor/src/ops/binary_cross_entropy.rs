//! Binary cross-entropy of logits: several labels may hold at once.
//!
//! -t ln s(x) - (1 - t) ln(1 - s(x)) = max(x, 0) - x t + ln(1 + e^-|x|), which never overflows.

use super::cross_entropy::check_denominator;
use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::Shape;
use crate::tape::{Backward, Loss, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// The summed binary cross-entropy over `denominator`, in nats. Targets lie in [0, 1]; a NaN target counts
    /// nothing. Errors if the numbers of values differ, a target is outside or the denominator is not positive.
    pub fn binary_cross_entropy<S: Shape>(
        &mut self,
        logits: &Tensor<S, E, D>,
        targets: &[f64],
        denominator: f64,
    ) -> Result<Loss, TensorError> {
        check("binary_cross_entropy", "targets", &[logits.shape().num_elements()], &[targets.len()])?;
        if let Some(&got) = targets.iter().find(|t| !t.is_nan() && !(0.0..=1.0).contains(*t)) {
            return Err(TensorError::Range { name: "a binary target", rule: "in [0, 1]", got });
        }
        check_denominator(denominator)?;
        let input = self.input("binary_cross_entropy", logits)?;
        let value = self.device().binary_cross_entropy(logits.buffer(), targets);
        Ok(self.record_loss(value / denominator, input, || {
            let (logits, targets) = (logits.shared(), targets.into());
            Box::new(BinaryCrossEntropyBackward { input, logits, targets, denominator })
        }))
    }
}

struct BinaryCrossEntropyBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    logits: Arc<D::Buffer<E>>,
    targets: Arc<[f64]>,
    denominator: f64,
}

impl<E: Float, D: Device> Backward<E, D> for BinaryCrossEntropyBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let scale = upstream.scalar() / self.denominator;
        let gradient = walk.device().binary_cross_entropy_backward(&self.logits, &self.targets, scale);
        walk.add(self.input, gradient);
        Ok(())
    }
}
