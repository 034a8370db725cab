//! Matrix products: two operations a multiplication.

use super::{Count, CountBuffer};
use crate::device::{Activation, LinearOps, LinearSizes, Trace};
use crate::element::Float;
use crate::profile::Work;
use std::ops::Range;

impl LinearOps for Count {
    fn linear<E: Float>(
        &self,
        _x: &CountBuffer<E>,
        _w: &CountBuffer<E::Master>,
        _bias: Option<&CountBuffer<E::Master>>,
        _activation: Activation,
        trace: Option<Trace>,
        sizes: LinearSizes,
    ) -> (CountBuffer<E>, Option<CountBuffer<E>>) {
        self.add(Work::LinearForward, sizes.flops(sizes.rows));
        let len = sizes.rows * sizes.outputs;
        (self.buffer(len), trace.map(|_| self.buffer(len)))
    }

    fn linear_input<E: Float>(
        &self,
        _du: &CountBuffer<E>,
        _w: &CountBuffer<E::Master>,
        sizes: LinearSizes,
    ) -> CountBuffer<E> {
        self.add(Work::LinearInput, sizes.flops(sizes.rows));
        self.buffer(sizes.rows * sizes.inputs)
    }

    fn linear_weight<E: Float>(
        &self,
        _du: &CountBuffer<E>,
        _x: &CountBuffer<E>,
        rows: Range<usize>,
        sizes: LinearSizes,
    ) -> CountBuffer<E::Master> {
        self.add(Work::LinearWeight, sizes.flops(rows.len()));
        self.buffer(sizes.outputs * sizes.inputs)
    }

    fn column_sums<E: Float>(
        &self,
        _x: &CountBuffer<E>,
        _rows: Range<usize>,
        width: usize,
    ) -> CountBuffer<E::Master> {
        self.buffer(width)
    }

    fn matmul<E: Float>(
        &self,
        _a: (&CountBuffer<E>, bool),
        _b: (&CountBuffer<E>, bool),
        m: usize,
        k: usize,
        n: usize,
    ) -> CountBuffer<E> {
        self.add(Work::LinearForward, LinearSizes { rows: m, inputs: k, outputs: n }.flops(m));
        self.buffer(m * n)
    }
}
