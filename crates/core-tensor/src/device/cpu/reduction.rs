//! Sums and dot products.

use super::{Cpu, CpuBuffer, made};
use crate::device::ReductionOps;
use crate::element::Float;
use crate::kernels::reduce;
use crate::profile::Work;

impl ReductionOps for Cpu {
    fn row_sums<E: Float>(&self, x: &CpuBuffer<E>, width: usize) -> CpuBuffer<E> {
        made(x.len / width.max(1), |y| reduce::row_sums(x.slice(), width, y))
    }

    fn sum<E: Float>(&self, x: &CpuBuffer<E>) -> f64 {
        reduce::sum(x.slice())
    }

    fn dot<E: Float>(&self, a: &CpuBuffer<E>, b: &CpuBuffer<E>) -> f64 {
        let _timer = Work::Optimizer.begin();
        reduce::dot(a.slice(), b.slice())
    }
}
