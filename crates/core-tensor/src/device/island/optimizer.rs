//! Updates of parameters, one element at a time.

use super::{Island, IslandBuffer};
use crate::device::{AdamWStep, OptimizerOps, SgdStep};
use crate::element::Real;
use crate::kernels::optimizer::reference;
use crate::kernels::rows::SparseRows;

impl OptimizerOps for Island {
    fn adamw<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        gradient: &IslandBuffer<M>,
        first: &mut IslandBuffer<M>,
        second: &mut IslandBuffer<M>,
        step: AdamWStep,
    ) {
        update([w, first, second], |[w, first, second]| {
            reference::adamw(&step, &gradient.wide(), w, first, second);
        });
    }

    fn adamw_rows<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        (rows, values, width): (&[u32], &IslandBuffer<M>, usize),
        first: &mut IslandBuffer<M>,
        second: &mut IslandBuffer<M>,
        live: &mut Vec<bool>,
        step: AdamWStep,
    ) {
        let gradient = SparseRows { rows: rows.to_vec(), values: values.wide() };
        live.resize(w.0.len() / width.max(1), true);
        update([w, first, second], |[w, first, second]| {
            reference::adamw_rows(&step, width, &gradient, w, first, second, live);
        });
    }

    fn sgd<M: Real>(
        &self,
        w: &mut IslandBuffer<M>,
        gradient: &IslandBuffer<M>,
        velocity: &mut IslandBuffer<M>,
        step: SgdStep,
    ) {
        update([w, velocity], |[w, velocity]| reference::sgd(&step, &gradient.wide(), w, velocity));
    }
}

/// Changes several buffers together in `f64`.
fn update<M: Real, const N: usize>(buffers: [&mut IslandBuffer<M>; N], change: impl FnOnce([&mut [f64]; N])) {
    let mut values = buffers.each_ref().map(|buffer| buffer.wide());
    change(values.each_mut().map(Vec::as_mut_slice));
    for (buffer, values) in buffers.into_iter().zip(values) {
        *buffer = IslandBuffer::rounded(values);
    }
}
