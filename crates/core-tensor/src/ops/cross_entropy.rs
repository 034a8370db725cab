//! Cross-entropy of logits against class targets, fused with the softmax, with label smoothing.
//!
//! For smoothing s over C classes the target distribution is (1 - s) one-hot + s / C (Szegedy et al. 2016).

use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::Dim;
use crate::tape::{Backward, Loss, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

/// The target of a row that counts nothing.
pub const IGNORED: u32 = u32::MAX;

impl<E: Float, D: Device> Tape<E, D> {
    /// The summed cross-entropy of the rows whose target is not [`IGNORED`], over `denominator`, in nats.
    ///
    /// The denominator is known beforehand, because a step may be laid into several packs.
    ///
    /// # Shapes
    /// logits: `(rows, classes)`; targets: `(rows,)`.
    ///
    /// Errors if a target is no class, smoothing is outside [0, 1) or the denominator is not positive.
    pub fn cross_entropy<R: Dim, C: Dim>(
        &mut self,
        logits: &Tensor<(R, C), E, D>,
        targets: &[u32],
        smoothing: f64,
        denominator: f64,
    ) -> Result<Loss, TensorError> {
        let (rows, classes) = (logits.shape().0.size(), logits.shape().1.size());
        check("cross_entropy", "targets", &[rows], &[targets.len()])?;
        if let Some(&target) = targets.iter().find(|&&t| t != IGNORED && t as usize >= classes) {
            return Err(TensorError::Index { op: "cross_entropy", index: target as usize, len: classes });
        }
        if !(0.0..1.0).contains(&smoothing) {
            return Err(TensorError::Range { name: "label smoothing", rule: "in [0, 1)", got: smoothing });
        }
        check_denominator(denominator)?;
        let input = self.input("cross_entropy", logits)?;
        let value = self.device().cross_entropy(logits.buffer(), targets, classes, IGNORED, smoothing);
        Ok(self.record_loss(value / denominator, input, || {
            let (logits, targets) = (logits.shared(), targets.into());
            Box::new(CrossEntropyBackward { input, logits, targets, classes, smoothing, denominator })
        }))
    }
}

/// Errors unless a loss's denominator is positive.
pub(super) fn check_denominator(denominator: f64) -> Result<(), TensorError> {
    if denominator > 0.0 {
        return Ok(());
    }
    Err(TensorError::Range { name: "a loss's denominator", rule: "positive", got: denominator })
}

struct CrossEntropyBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    logits: Arc<D::Buffer<E>>,
    targets: Arc<[u32]>,
    classes: usize,
    smoothing: f64,
    denominator: f64,
}

impl<E: Float, D: Device> Backward<E, D> for CrossEntropyBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let scale = upstream.scalar() / self.denominator;
        let (logits, targets) = (&self.logits, &self.targets);
        let dlogits = walk.device().cross_entropy_backward(
            logits,
            targets,
            self.classes,
            IGNORED,
            self.smoothing,
            scale,
        );
        walk.add(self.input, dlogits);
        Ok(())
    }
}
