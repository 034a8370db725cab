//! Updates of parameters: in place, so nothing is counted.

use super::{Count, CountBuffer};
use crate::device::{AdamWStep, OptimizerOps, SgdStep};
use crate::element::Real;

impl OptimizerOps for Count {
    fn adamw<M: Real>(
        &self,
        _w: &mut CountBuffer<M>,
        _gradient: &CountBuffer<M>,
        _first: &mut CountBuffer<M>,
        _second: &mut CountBuffer<M>,
        _step: AdamWStep,
    ) {
    }

    fn adamw_rows<M: Real>(
        &self,
        _w: &mut CountBuffer<M>,
        _gradient: (&[u32], &CountBuffer<M>, usize),
        _first: &mut CountBuffer<M>,
        _second: &mut CountBuffer<M>,
        _live: &mut Vec<bool>,
        _step: AdamWStep,
    ) {
    }

    fn sgd<M: Real>(
        &self,
        _w: &mut CountBuffer<M>,
        _gradient: &CountBuffer<M>,
        _velocity: &mut CountBuffer<M>,
        _step: SgdStep,
    ) {
    }
}
