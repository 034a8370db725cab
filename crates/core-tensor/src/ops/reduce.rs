//! Reductions: the sum of everything as a loss, and the sum of each row.

use super::cross_entropy::check_denominator;
use crate::device::{Device, Unary};
use crate::element::Float;
use crate::error::TensorError;
use crate::shape::{Dim, Shape};
use crate::tape::{Backward, Loss, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;

impl<E: Float, D: Device> Tape<E, D> {
    /// The sum of all elements over `denominator` (the mean, for their number), as a loss.
    pub fn total<S: Shape>(&mut self, x: &Tensor<S, E, D>, denominator: f64) -> Result<Loss, TensorError> {
        check_denominator(denominator)?;
        let (input, len) = (self.input("total", x)?, x.shape().num_elements());
        let value = self.device().sum(x.buffer()) / denominator;
        Ok(self.record_loss(value, input, || Box::new(TotalBackward { input, len, denominator })))
    }

    /// The sum of each row.
    ///
    /// # Shapes
    /// x: `(rows, width)`; result: `(rows,)`.
    pub fn row_sums<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
    ) -> Result<Tensor<(R,), E, D>, TensorError> {
        let (rows, width) = *x.shape();
        let input = self.input("row_sums", x)?;
        let y = self.device().row_sums(x.buffer(), width.size());
        let mut y = Tensor::from_buffer(self.device(), (rows,), y);
        y.rows = x.rows.clone();
        Ok(self.record(y, &[input], Vec::new(), || {
            Box::new(RowSumsBackward { input, rows: rows.size(), width: width.size() })
        }))
    }
}

struct TotalBackward {
    input: Option<NodeId>,
    len: usize,
    denominator: f64,
}

impl<E: Float, D: Device> Backward<E, D> for TotalBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let each = upstream.scalar() / self.denominator;
        let zeros = walk.device().zeros::<E>(self.len);
        let dx = walk.device().unary(&zeros, Unary::Affine(1.0, each));
        walk.add(self.input, dx);
        Ok(())
    }
}

struct RowSumsBackward {
    input: Option<NodeId>,
    rows: usize,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for RowSumsBackward {
    /// Each element of a row receives the row's gradient: dX = dy 1^T.
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let device = walk.device();
        let ones = device.unary(&device.zeros::<E>(self.width), Unary::Affine(1.0, 1.0));
        let dx = device.matmul((&upstream.tensor(), false), (&ones, false), self.rows, 1, self.width);
        walk.add(self.input, dx);
        Ok(())
    }
}
