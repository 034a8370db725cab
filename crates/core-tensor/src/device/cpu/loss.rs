//! Losses and the softmax.

use super::{Cpu, CpuBuffer, made};
use crate::device::LossOps;
use crate::element::Float;
use crate::kernels::{bce, cross_entropy, mse, softmax};
use crate::profile::Work;

impl LossOps for Cpu {
    fn cross_entropy<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
    ) -> f64 {
        let _timer = Work::Loss.begin();
        let targets = cross_entropy::Targets { classes: targets, ignored, smoothing };
        log_sum_exp(logits, targets, classes).1
    }

    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[u32],
        classes: usize,
        ignored: u32,
        smoothing: f64,
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        let targets = cross_entropy::Targets { classes: targets, ignored, smoothing };
        let (kept, _) = log_sum_exp(logits, targets, classes);
        made(logits.len, |dx| cross_entropy::backward(logits.slice(), targets, kept.slice(), scale, dx))
    }

    fn squared_error<E: Float>(&self, predicted: &CpuBuffer<E>, targets: &[f64]) -> f64 {
        let _timer = Work::Loss.begin();
        mse::forward(predicted.slice(), targets)
    }

    fn squared_error_backward<E: Float>(
        &self,
        predicted: &CpuBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(predicted.len, |dx| mse::backward(predicted.slice(), targets, scale, dx))
    }

    fn binary_cross_entropy<E: Float>(&self, logits: &CpuBuffer<E>, targets: &[f64]) -> f64 {
        let _timer = Work::Loss.begin();
        bce::forward(logits.slice(), targets)
    }

    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &CpuBuffer<E>,
        targets: &[f64],
        scale: f64,
    ) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(logits.len, |dx| bce::backward(logits.slice(), targets, scale, dx))
    }

    fn softmax<E: Float>(&self, x: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(x.len, |y| softmax::softmax(x.slice(), width, y))
    }

    fn softmax_backward<E: Float>(&self, dy: &CpuBuffer<E>, y: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        let _timer = Work::Loss.begin();
        made(dy.len, |dx| softmax::softmax_backward(y.slice(), dy.slice(), width, dx))
    }
}

/// The log-sum-exp of each row and the summed loss.
fn log_sum_exp<E: Float>(
    logits: &CpuBuffer<E>,
    targets: cross_entropy::Targets<'_>,
    classes: usize,
) -> (CpuBuffer<E::Master>, f64) {
    let rows = logits.len / classes.max(1);
    let (mut losses, mut kept) = (CpuBuffer::scratch(rows).0, CpuBuffer::scratch(rows).0);
    let sum = cross_entropy::forward(logits.slice(), targets, losses.slice_mut(), kept.slice_mut());
    (kept, sum)
}
