//! Softmax over each row.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::shape::Dim;
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// e^x / sum e^x over each row.
    ///
    /// # Shapes
    /// x and result: `(rows, width)`.
    pub fn softmax<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
    ) -> Result<Tensor<(R, W), E, D>, TensorError> {
        let (input, width) = (self.input("softmax", x)?, x.shape().1.size());
        let y = self.device().softmax(x.buffer(), width);
        let mut y = Tensor::from_buffer(self.device(), *x.shape(), y);
        y.rows = x.rows.clone();
        let kept = y.shared();
        Ok(self.record(y, &[input], Vec::new(), || Box::new(SoftmaxBackward { input, y: kept, width })))
    }
}

struct SoftmaxBackward<E: Float, D: Device> {
    input: Option<NodeId>,
    y: Arc<D::Buffer<E>>,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for SoftmaxBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dx = walk.device().softmax_backward(&upstream.tensor(), &self.y, self.width);
        walk.add(self.input, dx);
        Ok(())
    }
}
