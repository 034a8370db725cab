//! Weighted sums of tensors with learned coefficients: what cross-stitch units and layer mixtures are made of.

use crate::device::Device;
use crate::element::{Float, Real};
use crate::error::{TensorError, check};
use crate::pack::Rows;
use crate::param::{Param, ParamId};
use crate::shape::Shape;
use crate::tape::{Backward, Gradient, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::ops::Range;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// The sum over s of `coefficients`\[first + s\] times `xs`\[s\], the coefficients in the master type.
    ///
    /// # Shapes
    /// xs: tensors of one shape, `(rows, ..)`; coefficients: any shape of at least first + xs numbers, row-major.
    ///
    /// Errors if there are no tensors, their sizes differ, or there are too few coefficients.
    pub fn mix<S: Shape, C: Shape>(
        &mut self,
        xs: &[&Tensor<S, E, D>],
        coefficients: &Param<C, E::Master, D>,
        first: usize,
    ) -> Result<Tensor<S, E, D>, TensorError> {
        const OP: &str = "mix";
        let [head, tail @ ..] = xs else {
            return Err(TensorError::Range { name: "tensors to mix", rule: "at least 1", got: 0.0 });
        };
        tail.iter().try_for_each(|x| check(OP, "mixed tensor", &head.sizes(), &x.sizes()))?;
        let (end, len) = (first.saturating_add(xs.len()), coefficients.shape().num_elements());
        if end > len {
            return Err(TensorError::Index { op: OP, index: end - 1, len });
        }
        let values: Vec<f64> =
            coefficients.value().to_vec()[first..end].iter().map(|value| value.as_f64()).collect();
        let mut y = self.device().duplicate(head.buffer());
        self.device().scale(&mut y, values[0]);
        for (x, &value) in tail.iter().zip(&values[1..]) {
            self.device().axpy(&mut y, value, x.buffer());
        }
        let mut y = Tensor::from_buffer(self.device(), *head.shape(), y);
        y.rows = head.rows.clone();
        let inputs = xs.iter().map(|x| self.input(OP, x)).collect::<Result<Vec<_>, _>>()?;
        let (rows, learned) = (head.rows.clone(), coefficients.learned());
        Ok(self.record(y, &inputs, learned.into_iter().collect(), || {
            let mixed = xs.iter().map(|x| x.shared()).zip(inputs.iter().copied()).collect();
            let coefficients = Coefficients { learned, first, len, values };
            let n_rows = head.sizes().first().copied().unwrap_or(1);
            Box::new(MixBackward { mixed, coefficients, n_rows, rows })
        }))
    }
}

struct Coefficients {
    learned: Option<ParamId>,
    first: usize,
    len: usize,
    values: Vec<f64>,
}

struct MixBackward<E: Float, D: Device> {
    mixed: Vec<(Arc<D::Buffer<E>>, Option<NodeId>)>,
    coefficients: Coefficients,
    n_rows: usize,
    rows: Option<Rows>,
}

impl<E: Float, D: Device> MixBackward<E, D> {
    /// dc_s = dy . x_s over a range of rows.
    fn gradient(&self, device: &D, dy: &D::Buffer<E>, rows: Range<usize>) -> Gradient<E::Master, D> {
        let mut gradient = vec![<E::Master as Real>::ZERO; self.coefficients.len];
        let part = (rows.len() < self.n_rows).then(|| rows.map(|row| row as u32).collect::<Vec<_>>());
        let of = |x: &D::Buffer<E>, part: &[u32]| device.gather_rows(x, part, D::len(dy) / self.n_rows);
        let dy_of_part = part.as_ref().map(|part| of(dy, part));
        for (place, (x, _)) in gradient[self.coefficients.first..].iter_mut().zip(&self.mixed) {
            *place = <E::Master as Real>::from_f64(match (&part, &dy_of_part) {
                (Some(part), Some(dy)) => device.dot(dy, &of(x, part)),
                _ => device.dot(dy, x),
            });
        }
        Gradient::Dense(device.upload(&gradient))
    }
}

impl<E: Float, D: Device> Backward<E, D> for MixBackward<E, D> {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        if let Some(parameter) = self.coefficients.learned {
            walk.parameter_rows(parameter, self.n_rows, self.rows.as_ref(), &mut |device, range| {
                self.gradient(device, &dy, range)
            });
        }
        for ((_, input), &value) in self.mixed.iter().zip(&self.coefficients.values) {
            if input.is_some() {
                let mut dx = walk.device().duplicate(&dy);
                walk.device().scale(&mut dx, value);
                walk.add(*input, dx);
            }
        }
        Ok(())
    }
}
