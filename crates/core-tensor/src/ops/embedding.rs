//! Embedding tables: each id looks up a row; the gradient is sparse, only of rows that were looked up.

use crate::device::Device;
use crate::element::{Float, Real};
use crate::error::{TensorError, check};
use crate::pack::Rows;
use crate::param::{Module, Param, ParamId, ParamView, Role};
use crate::shape::Dim;
use crate::tape::{Backward, Gradient, Tape, Upstream, Walk};
use crate::tensor::Tensor;
use std::sync::Arc;

/// A table of `V` rows of width `H`.
#[derive(Debug, Clone)]
pub struct Embedding<V: Dim, H: Dim, M: Real, D: Device> {
    /// The table, `(entries, hidden)`.
    pub table: Param<(V, H), M, D>,
}

impl<V: Dim, H: Dim, M: Real, D: Device> Embedding<V, H, M, D> {
    /// A table with these rows.
    pub fn new(table: Tensor<(V, H), M, D>) -> Self {
        Embedding { table: Param::new(Role::Weight, table) }
    }

    /// Looks up the row of each id. Errors if an id has no row.
    pub fn lookup<'a>(&self, ids: &'a [u32]) -> Result<Lookup<'a, H, M, D>, TensorError> {
        let (entries, width) = *self.table.shape();
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= entries.size()) {
            return Err(TensorError::Index { op: "embedding", index: id as usize, len: entries.size() });
        }
        Ok(Lookup { parameter: self.table.learned(), table: self.table.value().shared(), ids, width })
    }
}

impl<V: Dim, H: Dim, M: Real, D: Device> Module<M, D> for Embedding<V, H, M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        visitor("weight", self.table.view());
    }
}

/// Ids, checked against a table.
#[derive(Debug)]
pub struct Lookup<'a, H: Dim, M: Real, D: Device> {
    parameter: Option<ParamId>,
    table: Arc<D::Buffer<M>>,
    ids: &'a [u32],
    width: H,
}

impl<E: Float, D: Device> Tape<E, D> {
    /// The sum of several lookups, row by row: words, positions and segments of BERT.
    ///
    /// # Shapes
    /// each lookup: `(tokens,)`; result: `(tokens, hidden)`.
    ///
    /// Errors if the lookups or the rows differ in number, or the tables in width. At least one lookup is needed.
    pub fn embed<H: Dim>(
        &mut self,
        lookups: &[Lookup<'_, H, E::Master, D>],
        rows: Rows,
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let first =
            lookups.first().ok_or(TensorError::Range { name: "lookups", rule: "at least 1", got: 0.0 })?;
        for lookup in lookups {
            check("embed", "ids", &[rows.len()], &[lookup.ids.len()])?;
            check("embed", "width", &[first.width.size()], &[lookup.width.size()])?;
        }
        let pairs: Vec<_> = lookups.iter().map(|l| (&*l.table, l.ids)).collect();
        let width = first.width;
        let y = self.device().embedding(&pairs, width.size());
        let y = Tensor::from_buffer(self.device(), (rows.len(), width), y).with_rows(rows.clone())?;
        let parameters = lookups.iter().filter_map(|l| l.parameter).collect();
        Ok(self.record(y, &[], parameters, || {
            let tables = lookups.iter().filter_map(|l| Some((l.parameter?, l.ids.into()))).collect();
            Box::new(EmbeddingBackward { tables, rows, width: width.size() })
        }))
    }
}

struct EmbeddingBackward {
    tables: Vec<(ParamId, Arc<[u32]>)>,
    rows: Rows,
    width: usize,
}

impl<E: Float, D: Device> Backward<E, D> for EmbeddingBackward {
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let dy = upstream.tensor();
        for (parameter, ids) in &self.tables {
            walk.parameter_rows(*parameter, ids.len(), Some(&self.rows), &mut |device, range| {
                let (rows, values) = device.embedding_backward(&dy, ids, range, self.width);
                Gradient::Rows { rows, width: self.width, values }
            });
        }
        Ok(())
    }
}
