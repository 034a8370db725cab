//! Elementwise arithmetic, and a row vector met by each row of a matrix.

use crate::device::{Binary, Broadcast, Device, Unary};
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::{Dim, Fits, Shape};
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// f(x), element by element.
    pub fn unary<S: Shape>(&mut self, x: &Tensor<S, E, D>, f: Unary) -> Result<Tensor<S, E, D>, TensorError> {
        let input = self.input("unary", x)?;
        let mut y = Tensor::from_buffer(self.device(), *x.shape(), self.device().unary(x.buffer(), f));
        y.rows = x.rows.clone();
        let kept = y.shared();
        Ok(self
            .record(y, &[input], Vec::new(), || Box::new(UnaryBackward { input, x: x.shared(), y: kept, f })))
    }

    /// f(a, b), element by element. Errors if the sizes differ.
    pub fn binary<S: Shape>(
        &mut self,
        a: &Tensor<S, E, D>,
        b: &Tensor<S, E, D>,
        f: Binary,
    ) -> Result<Tensor<S, E, D>, TensorError> {
        check("binary", "second argument", &a.sizes(), &b.sizes())?;
        let inputs = (self.input("binary", a)?, self.input("binary", b)?);
        let y = self.device().binary(a.buffer(), b.buffer(), f);
        let mut y = Tensor::from_buffer(self.device(), *a.shape(), y);
        y.rows = a.rows.clone().or_else(|| b.rows.clone());
        Ok(self.record(y, &[inputs.0, inputs.1], Vec::new(), || {
            Box::new(BinaryBackward { inputs, a: a.shared(), b: b.shared(), f })
        }))
    }

    /// A row vector added to, or multiplied with, each row.
    ///
    /// # Shapes
    /// x: `(rows, width)`; row: `(width,)`.
    pub fn broadcast<R: Dim, W: Fits<V>, V: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        row: &Tensor<(V,), E, D>,
        f: Broadcast,
    ) -> Result<Tensor<(R, W), E, D>, TensorError> {
        check("broadcast", "row", &x.sizes()[1..], &row.sizes())?;
        let inputs = (self.input("broadcast", x)?, self.input("broadcast", row)?);
        let y = self.device().broadcast(x.buffer(), row.buffer(), f);
        let mut y = Tensor::from_buffer(self.device(), *x.shape(), y);
        y.rows = x.rows.clone();
        Ok(self.record(y, &[inputs.0, inputs.1], Vec::new(), || {
            let sizes = (x.shape().0.size(), x.shape().1.size());
            Box::new(BroadcastBackward { inputs, x: x.shared(), row: row.shared(), f, sizes })
        }))
    }
}

struct UnaryBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    x: Arc<D::Buffer<E>>,
    y: Arc<D::Buffer<E>>,
    f: Unary,
}

impl<E: Float, D: Device> Backward<E, D> for UnaryBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dx = walk.device().unary_backward(&upstream.tensor(), &self.x, &self.y, self.f);
        walk.add(self.input, dx);
        Ok(())
    }
}

struct BinaryBackward<E: Float, D: Device> {
    inputs: (Option<NodeId>, Option<NodeId>),
    a: Arc<D::Buffer<E>>,
    b: Arc<D::Buffer<E>>,
    f: Binary,
}

impl<E: Float, D: Device> BinaryBackward<E, D> {
    /// The gradient of the second argument.
    fn second(&self, device: &D, dy: D::Buffer<E>) -> D::Buffer<E> {
        let minus = |x: &D::Buffer<E>| device.unary(x, Unary::Affine(-1.0, 0.0));
        match self.f {
            Binary::Add => dy,
            Binary::Sub => minus(&dy),
            Binary::Mul => device.binary(&dy, &self.a, Binary::Mul),
            Binary::Div => {
                // d(a/b) = da / b - (a/b) db / b
                let da = device.binary(&dy, &self.b, Binary::Div);
                let ratio = device.binary(&self.a, &self.b, Binary::Div);
                minus(&device.binary(&da, &ratio, Binary::Mul))
            }
        }
    }
}

impl<E: Float, D: Device> Backward<E, D> for BinaryBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let (device, dy) = (walk.device().clone(), upstream.tensor());
        if self.inputs.0.is_some() {
            let da = match self.f {
                Binary::Add | Binary::Sub => device.duplicate(&dy),
                Binary::Mul | Binary::Div => device.binary(&dy, &self.b, self.f),
            };
            walk.add(self.inputs.0, da);
        }
        if self.inputs.1.is_some() {
            walk.add(self.inputs.1, self.second(&device, dy));
        }
        Ok(())
    }
}

struct BroadcastBackward<E: Float, D: Device> {
    inputs: (Option<NodeId>, Option<NodeId>),
    x: Arc<D::Buffer<E>>,
    row: Arc<D::Buffer<E>>,
    f: Broadcast,
    sizes: (usize, usize),
}

impl<E: Float, D: Device> Backward<E, D> for BroadcastBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let (device, dy, (rows, width)) = (walk.device().clone(), upstream.tensor(), self.sizes);
        let sum = |x: &D::Buffer<E>| device.cast::<E::Master, E>(&device.column_sums(x, 0..rows, width));
        if self.inputs.1.is_some() {
            let drow = match self.f {
                Broadcast::Add => sum(&dy),
                Broadcast::Mul => sum(&device.binary(&dy, &self.x, Binary::Mul)),
            };
            walk.add(self.inputs.1, drow);
        }
        if self.inputs.0.is_some() {
            let dx = match self.f {
                Broadcast::Add => dy,
                Broadcast::Mul => device.broadcast(&dy, &self.row, Broadcast::Mul),
            };
            walk.add(self.inputs.0, dx);
        }
        Ok(())
    }
}
