//! Choosing rows, and one row a sequence.

use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::pack::Pack;
use crate::shape::Dim;
use crate::tape::{Backward, NodeId, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// The rows at these indices; an index may occur more than once.
    ///
    /// # Shapes
    /// x: `(rows, width)`; result: `(indices, width)`.
    ///
    /// Errors if an index has no row.
    pub fn gather_rows<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        indices: &[u32],
    ) -> Result<Tensor<(usize, W), E, D>, TensorError> {
        let (rows, width) = *x.shape();
        if let Some(&index) = indices.iter().find(|&&i| i as usize >= rows.size()) {
            return Err(TensorError::Index { op: "gather_rows", index: index as usize, len: rows.size() });
        }
        let input = self.input("gather_rows", x)?;
        let y = self.device().gather_rows(x.buffer(), indices, width.size());
        let mut y = Tensor::from_buffer(self.device(), (indices.len(), width), y);
        y.rows = x.rows.as_ref().map(|rows| rows.select(indices));
        Ok(self.record(y, &[input], Vec::new(), || {
            Box::new(GatherBackward {
                input,
                indices: indices.into(),
                rows: rows.size(),
                width: width.size(),
            })
        }))
    }

    /// The first row of each sequence of a pack: the `[CLS]` token's.
    ///
    /// # Shapes
    /// x: `(tokens, width)`; result: `(sequences, width)`.
    pub fn first_rows<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, W), E, D>, TensorError> {
        let first: Vec<u32> = pack.boundaries[..pack.sequences()].iter().map(|&row| row as u32).collect();
        self.gather_rows(x, &first)
    }

    /// The mean row of each sequence of a pack; zero for an empty one.
    ///
    /// # Shapes
    /// x: `(tokens, width)`; result: `(sequences, width)`.
    ///
    /// Errors if the pack has another number of tokens.
    pub fn mean_pool<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        pack: &Pack,
    ) -> Result<Tensor<(usize, W), E, D>, TensorError> {
        let rows = x.shape().0;
        check("mean_pool", "tokens of the pack", &[pack.tokens()], &[rows.size()])?;
        let y = self.mean_rows(x, &pack.boundaries)?;
        y.with_rows(pack.sequence_rows())
    }

    /// The mean of each run of rows; zero for an empty one.
    ///
    /// A mean has the name of its first row, so a walk that splits by task ascribes it to that row's task. Where a
    /// run is empty no mean has a name.
    ///
    /// # Shapes
    /// x: `(rows, width)`; boundaries: the start of each run, then the number of rows, `(runs + 1,)`; result:
    /// `(runs, width)`.
    ///
    /// Errors if the boundaries do not go from 0 to the number of rows, ascending.
    pub fn mean_rows<R: Dim, W: Dim>(
        &mut self,
        x: &Tensor<(R, W), E, D>,
        boundaries: &[usize],
    ) -> Result<Tensor<(usize, W), E, D>, TensorError> {
        const OP: &str = "mean_rows";
        let (rows, width) = *x.shape();
        let ends = [boundaries.first(), boundaries.last()].map(|end| end.copied().unwrap_or(0));
        check(OP, "first and last boundary", &[0, rows.size()], &ends)?;
        if let Some(run) = boundaries.windows(2).find(|run| run[0] > run[1]) {
            return Err(TensorError::Index { op: OP, index: run[0], len: run[1] });
        }
        let runs = boundaries.len().saturating_sub(1);
        let input = self.input(OP, x)?;
        let y = self.device().mean_pool(x.buffer(), boundaries, width.size());
        let mut y = Tensor::from_buffer(self.device(), (runs, width), y);
        let firsts = boundaries.windows(2).map(|run| (run[0] < run[1]).then_some(run[0] as u32));
        let firsts: Option<Vec<u32>> = firsts.collect();
        y.rows = firsts.and_then(|firsts| Some(x.rows.as_ref()?.select(&firsts)));
        Ok(self.record(y, &[input], Vec::new(), || {
            Box::new(MeanPoolBackward { input, boundaries: boundaries.into(), width: width.size() })
        }))
    }
}

struct GatherBackward {
    input: Option<NodeId>,
    indices: Arc<[u32]>,
    rows: usize,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for GatherBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let mut dx = walk.device().zeros(self.rows * self.width);
        walk.device().scatter_add::<E>(&mut dx, &upstream.tensor(), &self.indices, self.width);
        walk.add(self.input, dx);
        Ok(())
    }
}

struct MeanPoolBackward {
    input: Option<NodeId>,
    boundaries: Arc<[usize]>,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for MeanPoolBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dx = walk.device().mean_pool_backward(&upstream.tensor(), &self.boundaries, self.width);
        walk.add(self.input, dx);
        Ok(())
    }
}
