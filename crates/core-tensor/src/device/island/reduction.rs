//! Sums and dot products, one addend after another.

use super::{Island, IslandBuffer};
use crate::device::ReductionOps;
use crate::element::Float;
use crate::kernels::reduce::reference;

impl ReductionOps for Island {
    fn row_sums<E: Float>(&self, x: &IslandBuffer<E>, width: usize) -> IslandBuffer<E> {
        IslandBuffer::filled(x.0.len() / width.max(1), |sums| reference::row_sums(&x.wide(), width, sums))
    }

    fn sum<E: Float>(&self, x: &IslandBuffer<E>) -> f64 {
        reference::sum(&x.0)
    }

    fn dot<E: Float>(&self, a: &IslandBuffer<E>, b: &IslandBuffer<E>) -> f64 {
        reference::dot(&a.0, &b.0)
    }
}
