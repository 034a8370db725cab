//! Private memory.

use super::{Island, IslandBuffer};
use crate::device::Memory;
use crate::element::{Element, Float};
use crate::kernels::elementwise::reference;

impl Memory for Island {
    type Buffer<E: Element> = IslandBuffer<E>;

    fn len<E: Element>(buffer: &IslandBuffer<E>) -> usize {
        buffer.0.len()
    }

    fn zeros<E: Element>(&self, len: usize) -> IslandBuffer<E> {
        IslandBuffer(vec![E::default(); len])
    }

    fn upload<E: Element>(&self, host: &[E]) -> IslandBuffer<E> {
        IslandBuffer(host.to_vec())
    }

    fn download<E: Element>(&self, buffer: &IslandBuffer<E>) -> Vec<E> {
        buffer.0.clone()
    }

    fn duplicate<E: Element>(&self, buffer: &IslandBuffer<E>) -> IslandBuffer<E> {
        IslandBuffer(buffer.0.clone())
    }

    fn cast<A: Float, B: Float>(&self, a: &IslandBuffer<A>) -> IslandBuffer<B> {
        let mut values = vec![B::default(); a.0.len()];
        reference::cast(&a.0, &mut values);
        IslandBuffer(values)
    }
}
