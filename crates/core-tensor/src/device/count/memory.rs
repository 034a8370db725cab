//! Lengths in the place of memory.

use super::{Count, CountBuffer};
use crate::device::Memory;
use crate::element::{Element, Float};

impl Memory for Count {
    type Buffer<E: Element> = CountBuffer<E>;

    fn len<E: Element>(buffer: &CountBuffer<E>) -> usize {
        buffer.len
    }

    fn zeros<E: Element>(&self, len: usize) -> CountBuffer<E> {
        self.buffer(len)
    }

    fn upload<E: Element>(&self, host: &[E]) -> CountBuffer<E> {
        self.buffer(host.len())
    }

    fn download<E: Element>(&self, buffer: &CountBuffer<E>) -> Vec<E> {
        vec![E::default(); buffer.len]
    }

    fn duplicate<E: Element>(&self, buffer: &CountBuffer<E>) -> CountBuffer<E> {
        self.buffer(buffer.len)
    }

    fn cast<A: Float, B: Float>(&self, a: &CountBuffer<A>) -> CountBuffer<B> {
        self.buffer(a.len)
    }
}
