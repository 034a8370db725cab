//! The product of two matrices that are both recorded.

use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::{Dim, Fits};
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// c = a b.
    ///
    /// # Shapes
    /// a: `(m, k)`; b: `(k, n)`; c: `(m, n)`.
    pub fn matmul<R: Dim, W: Fits<K>, K: Dim, N: Dim>(
        &mut self,
        a: &Tensor<(R, W), E, D>,
        b: &Tensor<(K, N), E, D>,
    ) -> Result<Tensor<(R, N), E, D>, TensorError> {
        check("matmul", "inner size", &b.sizes()[..1], &a.sizes()[1..])?;
        let inputs = (self.input("matmul", a)?, self.input("matmul", b)?);
        let (m, k, n) = (a.shape().0, b.shape().0.size(), b.shape().1);
        let c = self.device().matmul((a.buffer(), false), (b.buffer(), false), m.size(), k, n.size());
        let mut c = Tensor::from_buffer(self.device(), (m, n), c);
        c.rows = a.rows.clone();
        Ok(self.record(c, &[inputs.0, inputs.1], Vec::new(), || {
            let sizes = (m.size(), k, n.size());
            Box::new(MatmulBackward { inputs, a: a.shared(), b: b.shared(), sizes })
        }))
    }
}

struct MatmulBackward<E: Float, D: Device> {
    inputs: (Option<NodeId>, Option<NodeId>),
    a: Arc<D::Buffer<E>>,
    b: Arc<D::Buffer<E>>,
    sizes: (usize, usize, usize),
}

impl<E: Float, D: Device> Backward<E, D> for MatmulBackward<E, D> {
    /// dA = dC B^T and dB = A^T dC, each where it is wanted.
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let ((m, k, n), dc) = (self.sizes, upstream.tensor());
        if self.inputs.0.is_some() {
            let da = walk.device().matmul((&dc, false), (&self.b, true), m, n, k);
            walk.add(self.inputs.0, da);
        }
        if self.inputs.1.is_some() {
            let db = walk.device().matmul((&self.a, true), (&dc, false), k, m, n);
            walk.add(self.inputs.1, db);
        }
        Ok(())
    }
}
