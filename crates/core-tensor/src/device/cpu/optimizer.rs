//! Updates of parameters.

use super::{Cpu, CpuBuffer};
use crate::device::{AdamWStep, OptimizerOps, SgdStep};
use crate::element::Real;
use crate::kernels::optimizer;
use crate::kernels::rows::SparseRows;
use crate::profile::Work;

impl OptimizerOps for Cpu {
    fn adamw<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        gradient: &CpuBuffer<M>,
        first: &mut CpuBuffer<M>,
        second: &mut CpuBuffer<M>,
        step: AdamWStep,
    ) {
        let _timer = Work::Optimizer.begin();
        optimizer::adamw(&step, gradient.slice(), w.slice_mut(), first.slice_mut(), second.slice_mut());
    }

    fn adamw_rows<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        (rows, values, width): (&[u32], &CpuBuffer<M>, usize),
        first: &mut CpuBuffer<M>,
        second: &mut CpuBuffer<M>,
        live: &mut Vec<bool>,
        step: AdamWStep,
    ) {
        let _timer = Work::Optimizer.begin();
        if live.is_empty() {
            *live = optimizer::live_rows(first.slice(), second.slice(), width);
        }
        let (w, gradient) = (w.slice_mut(), sparse(rows, values));
        optimizer::adamw_rows(&step, width, &gradient, w, first.slice_mut(), second.slice_mut(), live);
    }

    fn sgd<M: Real>(
        &self,
        w: &mut CpuBuffer<M>,
        gradient: &CpuBuffer<M>,
        velocity: &mut CpuBuffer<M>,
        step: SgdStep,
    ) {
        let _timer = Work::Optimizer.begin();
        optimizer::sgd(&step, gradient.slice(), w.slice_mut(), velocity.slice_mut());
    }
}

/// The kernels' form of a gradient of some rows.
fn sparse<M: Real>(rows: &[u32], values: &CpuBuffer<M>) -> SparseRows<M> {
    SparseRows { rows: rows.to_vec(), values: values.slice().to_vec() }
}
