//! Elementwise functions.

use super::{Cpu, CpuBuffer, made};
use crate::device::{Activation, Binary, Broadcast, ElementwiseOps, Trace, Unary};
use crate::element::{Float, Real};
use crate::kernels::{activation, elementwise};
use crate::profile::Work;

impl ElementwiseOps for Cpu {
    fn unary<E: Float>(&self, x: &CpuBuffer<E>, f: Unary) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        let (x, len) = (x.slice(), x.len);
        made(len, |y| elementwise::unary(f, x, y))
    }

    fn unary_backward<E: Float>(
        &self,
        dy: &CpuBuffer<E>,
        x: &CpuBuffer<E>,
        y: &CpuBuffer<E>,
        f: Unary,
    ) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(dy.len, |dx| elementwise::unary_backward(f, x.slice(), y.slice(), dy.slice(), dx))
    }

    fn activation_backward<E: Float>(
        &self,
        mut dy: CpuBuffer<E>,
        (kind, trace): (Trace, &CpuBuffer<E>),
        of: Activation,
    ) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        match kind {
            Trace::Argument => activation::backward(of, trace.slice(), dy.slice_mut()),
            Trace::Slope => elementwise::multiply(dy.slice_mut(), trace.slice()),
        }
        dy
    }

    fn binary<E: Float>(&self, a: &CpuBuffer<E>, b: &CpuBuffer<E>, f: Binary) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(a.len, |y| elementwise::binary(f, a.slice(), b.slice(), y))
    }

    fn broadcast<E: Float>(&self, x: &CpuBuffer<E>, row: &CpuBuffer<E>, f: Broadcast) -> CpuBuffer<E> {
        let _timer = Work::Elementwise.begin();
        made(x.len, |y| match f {
            Broadcast::Add => elementwise::add_row_vector(x.slice(), row.slice(), y),
            Broadcast::Mul => elementwise::mul_row_vector(x.slice(), row.slice(), y),
        })
    }

    fn axpy<E: Float>(&self, target: &mut CpuBuffer<E>, factor: f64, source: &CpuBuffer<E>) {
        let _timer = Work::Elementwise.begin();
        elementwise::axpy(E::Master::from_f64(factor), source.slice(), target.slice_mut());
    }

    fn scale<E: Float>(&self, target: &mut CpuBuffer<E>, factor: f64) {
        let _timer = Work::Elementwise.begin();
        let scaled = made(target.len, |y| elementwise::scale(target.slice(), E::Master::from_f64(factor), y));
        *target = scaled;
    }
}
