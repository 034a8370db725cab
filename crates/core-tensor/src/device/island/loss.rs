//! Losses and the softmax, term by term.

use super::{Island, IslandBuffer};
use crate::device::LossOps;
use crate::element::Float;
use crate::kernels::cross_entropy::{self, Targets};
use crate::kernels::{bce, mse, softmax};

impl LossOps for Island {
    fn cross_entropy<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[u32],
        _classes: usize,
        ignored: u32,
        smoothing: f64,
    ) -> f64 {
        log_sum_exp(&logits.wide(), Targets { classes: targets, ignored, smoothing }).1
    }

    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[u32],
        _classes: usize,
        ignored: u32,
        smoothing: f64,
        scale: f64,
    ) -> IslandBuffer<E> {
        let (logits, targets) = (logits.wide(), Targets { classes: targets, ignored, smoothing });
        let (kept, _) = log_sum_exp(&logits, targets);
        IslandBuffer::filled(logits.len(), |dx| {
            cross_entropy::reference::backward(&logits, targets, &kept, scale, dx);
        })
    }

    fn squared_error<E: Float>(&self, predicted: &IslandBuffer<E>, targets: &[f64]) -> f64 {
        mse::reference::forward(&predicted.wide(), targets)
    }

    fn squared_error_backward<E: Float>(
        &self,
        predicted: &IslandBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> IslandBuffer<E> {
        let predicted = predicted.wide();
        IslandBuffer::filled(predicted.len(), |dx| mse::reference::backward(&predicted, targets, scale, dx))
    }

    fn binary_cross_entropy<E: Float>(&self, logits: &IslandBuffer<E>, targets: &[f64]) -> f64 {
        bce::reference::forward(&logits.wide(), targets)
    }

    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &IslandBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> IslandBuffer<E> {
        let logits = logits.wide();
        IslandBuffer::filled(logits.len(), |dx| bce::reference::backward(&logits, targets, scale, dx))
    }

    fn softmax<E: Float>(&self, x: &IslandBuffer<E>, width: usize) -> IslandBuffer<E> {
        IslandBuffer::filled(x.0.len(), |y| softmax::reference::softmax(&x.wide(), width, y))
    }

    fn softmax_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        y: &IslandBuffer<E>,
        width: usize,
    ) -> IslandBuffer<E> {
        let (dy, y) = (dy.wide(), y.wide());
        IslandBuffer::filled(dy.len(), |dx| softmax::reference::softmax_backward(&y, &dy, width, dx))
    }
}

/// The log-sum-exp of each row and the summed loss.
fn log_sum_exp(logits: &[f64], targets: Targets<'_>) -> (Vec<f64>, f64) {
    let rows = targets.classes.len();
    let (mut losses, mut kept) = (vec![0.0; rows], vec![0.0; rows]);
    let sum = cross_entropy::reference::forward(logits, targets, &mut losses, &mut kept);
    (kept, sum)
}
