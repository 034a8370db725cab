//! Elementwise functions, one element at a time.

use super::{Island, IslandBuffer};
use crate::device::{Activation, Binary, Broadcast, ElementwiseOps, Trace, Unary};
use crate::element::Float;
use crate::kernels::activation;
use crate::kernels::elementwise::reference;

impl ElementwiseOps for Island {
    fn unary<E: Float>(&self, x: &IslandBuffer<E>, f: Unary) -> IslandBuffer<E> {
        IslandBuffer::filled(x.0.len(), |y| reference::unary(f, &x.wide(), y))
    }

    fn unary_backward<E: Float>(
        &self,
        dy: &IslandBuffer<E>,
        x: &IslandBuffer<E>,
        y: &IslandBuffer<E>,
        f: Unary,
    ) -> IslandBuffer<E> {
        let (dy, x, y) = (dy.wide(), x.wide(), y.wide());
        IslandBuffer::filled(dy.len(), |dx| reference::unary_backward(f, &x, &y, &dy, dx))
    }

    fn activation_backward<E: Float>(
        &self,
        mut dy: IslandBuffer<E>,
        (kind, trace): (Trace, &IslandBuffer<E>),
        of: Activation,
    ) -> IslandBuffer<E> {
        match kind {
            Trace::Argument => {
                dy.update(|dy| activation::reference::backward(of, &trace.wide(), dy));
                dy
            }
            Trace::Slope => self.binary(&dy, trace, Binary::Mul),
        }
    }

    fn binary<E: Float>(&self, a: &IslandBuffer<E>, b: &IslandBuffer<E>, f: Binary) -> IslandBuffer<E> {
        IslandBuffer::filled(a.0.len(), |y| reference::binary(f, &a.wide(), &b.wide(), y))
    }

    fn broadcast<E: Float>(
        &self,
        x: &IslandBuffer<E>,
        row: &IslandBuffer<E>,
        f: Broadcast,
    ) -> IslandBuffer<E> {
        let (x, row) = (x.wide(), row.wide());
        IslandBuffer::filled(x.len(), |y| match f {
            Broadcast::Add => reference::add_row_vector(&x, &row, y),
            Broadcast::Mul => reference::mul_row_vector(&x, &row, y),
        })
    }

    fn axpy<E: Float>(&self, target: &mut IslandBuffer<E>, factor: f64, source: &IslandBuffer<E>) {
        target.update(|target| reference::axpy(factor, &source.wide(), target));
    }

    fn scale<E: Float>(&self, target: &mut IslandBuffer<E>, factor: f64) {
        let x = target.wide();
        target.update(|y| reference::scale(&x, factor, y));
    }
}
