//! Elementwise functions: memory alone.

use super::{Count, CountBuffer};
use crate::device::{Activation, Binary, Broadcast, ElementwiseOps, Trace, Unary};
use crate::element::Float;

impl ElementwiseOps for Count {
    fn unary<E: Float>(&self, x: &CountBuffer<E>, _f: Unary) -> CountBuffer<E> {
        self.buffer(x.len)
    }

    fn unary_backward<E: Float>(
        &self,
        dy: &CountBuffer<E>,
        _x: &CountBuffer<E>,
        _y: &CountBuffer<E>,
        _f: Unary,
    ) -> CountBuffer<E> {
        self.buffer(dy.len)
    }

    fn activation_backward<E: Float>(
        &self,
        dy: CountBuffer<E>,
        _trace: (Trace, &CountBuffer<E>),
        _activation: Activation,
    ) -> CountBuffer<E> {
        dy
    }

    fn binary<E: Float>(&self, a: &CountBuffer<E>, _b: &CountBuffer<E>, _f: Binary) -> CountBuffer<E> {
        self.buffer(a.len)
    }

    fn broadcast<E: Float>(
        &self,
        x: &CountBuffer<E>,
        _row: &CountBuffer<E>,
        _f: Broadcast,
    ) -> CountBuffer<E> {
        self.buffer(x.len)
    }

    fn axpy<E: Float>(&self, _target: &mut CountBuffer<E>, _factor: f64, _source: &CountBuffer<E>) {}

    fn scale<E: Float>(&self, _target: &mut CountBuffer<E>, _factor: f64) {}
}
