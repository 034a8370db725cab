//! Losses without values: each is 1.

use super::{Count, CountBuffer, NUMBER};
use crate::device::LossOps;
use crate::element::Float;

impl LossOps for Count {
    fn cross_entropy<E: Float>(
        &self,
        _logits: &CountBuffer<E>,
        _targets: &[u32],
        _classes: usize,
        _ignored: u32,
        _smoothing: f64,
    ) -> f64 {
        NUMBER
    }

    fn cross_entropy_backward<E: Float>(
        &self,
        logits: &CountBuffer<E>,
        _targets: &[u32],
        _classes: usize,
        _ignored: u32,
        _smoothing: f64,
        _scale: f64,
    ) -> CountBuffer<E> {
        self.buffer(logits.len)
    }

    fn squared_error<E: Float>(&self, _predicted: &CountBuffer<E>, _targets: &[f64]) -> f64 {
        NUMBER
    }

    fn squared_error_backward<E: Float>(
        &self,
        predicted: &CountBuffer<E>,
        _targets: &[f64],
        _scale: f64,
    ) -> CountBuffer<E> {
        self.buffer(predicted.len)
    }

    fn binary_cross_entropy<E: Float>(&self, _logits: &CountBuffer<E>, _targets: &[f64]) -> f64 {
        NUMBER
    }

    fn binary_cross_entropy_backward<E: Float>(
        &self,
        logits: &CountBuffer<E>,
        _targets: &[f64],
        _scale: f64,
    ) -> CountBuffer<E> {
        self.buffer(logits.len)
    }

    fn softmax<E: Float>(&self, x: &CountBuffer<E>, _width: usize) -> CountBuffer<E> {
        self.buffer(x.len)
    }

    fn softmax_backward<E: Float>(
        &self,
        dy: &CountBuffer<E>,
        _y: &CountBuffer<E>,
        _width: usize,
    ) -> CountBuffer<E> {
        self.buffer(dy.len)
    }
}
