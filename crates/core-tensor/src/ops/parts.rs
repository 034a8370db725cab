//! One part of a tensor of several, such as the queries among queries, keys and values: taken out, and put side by side.

use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::shape::{Const, Dim};
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;

impl<E: Float, D: Device> Tape<E, D> {
    /// Part `part` of each row.
    ///
    /// # Shapes
    /// x: `(rows, PARTS, width)`; result: `(rows, width)`.
    ///
    /// Errors if there is no such part.
    pub fn part<R: Dim, const PARTS: usize, W: Dim>(
        &mut self,
        x: &Tensor<(R, Const<PARTS>, W), E, D>,
        part: usize,
    ) -> Result<Tensor<(R, W), E, D>, TensorError> {
        const OP: &str = "part";
        let (rows, _, width) = *x.shape();
        let places = Places::new(OP, rows.size(), PARTS, part, width.size())?;
        let input = self.input(OP, x)?;
        let y = self.device().gather_rows(x.buffer(), &places.rows, width.size());
        let mut y = Tensor::from_buffer(self.device(), (rows, width), y);
        y.rows = x.rows.clone();
        Ok(self.record(y, &[input], Vec::new(), || Box::new(PartBackward { input, places })))
    }

    /// Parts of one shape, side by side in each row.
    ///
    /// # Shapes
    /// parts: each `(rows, width)`; result: `(rows, PARTS, width)`.
    ///
    /// Errors if the sizes differ.
    pub fn join<R: Dim, const PARTS: usize, W: Dim>(
        &mut self,
        parts: [&Tensor<(R, W), E, D>; PARTS],
    ) -> Result<Tensor<(R, Const<PARTS>, W), E, D>, TensorError> {
        const OP: &str = "join";
        let first =
            parts.first().ok_or(TensorError::Range { name: "parts", rule: "at least 1", got: 0.0 })?;
        parts.iter().try_for_each(|part| check(OP, "part", &first.sizes(), &part.sizes()))?;
        let (rows, width) = *first.shape();
        let inputs = parts.iter().map(|part| self.input(OP, part)).collect::<Result<Vec<_>, _>>()?;
        let mut y = self.device().zeros(rows.size() * PARTS * width.size());
        let mut places = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let of_part = Places::new(OP, rows.size(), PARTS, index, width.size())?;
            self.device().scatter_add(&mut y, part.buffer(), &of_part.rows, width.size());
            places.push(of_part);
        }
        let mut y = Tensor::from_buffer(self.device(), (rows, Const, width), y);
        y.rows = first.rows.clone();
        let parts: Vec<_> = inputs.iter().copied().zip(places).collect();
        Ok(self.record(y, &inputs, Vec::new(), || Box::new(JoinBackward { parts })))
    }
}

/// Where the rows of one part lie among those of all parts.
struct Places {
    rows: Vec<u32>,
    all: usize,
    width: usize,
}

impl Places {
    fn new(
        op: &'static str,
        rows: usize,
        parts: usize,
        part: usize,
        width: usize,
    ) -> Result<Self, TensorError> {
        if part >= parts {
            return Err(TensorError::Index { op, index: part, len: parts });
        }
        let places = (0..rows).map(|row| (row * parts + part) as u32).collect();
        Ok(Places { rows: places, all: rows * parts, width })
    }
}

struct PartBackward {
    input: Option<NodeId>,
    places: Places,
}

impl<E: Float, D: Device> Backward<E, D> for PartBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let Places { rows, all, width } = &self.places;
        let mut dx = walk.device().zeros(all * width);
        walk.device().scatter_add::<E>(&mut dx, &upstream.tensor(), rows, *width);
        walk.add(self.input, dx);
        Ok(())
    }
}

struct JoinBackward {
    /// The node of each part, and where its rows lie.
    parts: Vec<(Option<NodeId>, Places)>,
}

impl<E: Float, D: Device> Backward<E, D> for JoinBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        for (input, places) in self.parts.iter().filter(|(input, _)| input.is_some()) {
            let dx = walk.device().gather_rows(&dy, &places.rows, places.width);
            walk.add(*input, dx);
        }
        Ok(())
    }
}
