//! Memory from the pool.

use super::{Cpu, CpuBuffer, made};
use crate::device::Memory;
use crate::element::{Element, Float};
use crate::kernels::elementwise;

impl Memory for Cpu {
    type Buffer<E: Element> = CpuBuffer<E>;

    fn len<E: Element>(buffer: &CpuBuffer<E>) -> usize {
        buffer.len
    }

    fn zeros<E: Element>(&self, len: usize) -> CpuBuffer<E> {
        CpuBuffer::zeros(len)
    }

    fn upload<E: Element>(&self, host: &[E]) -> CpuBuffer<E> {
        made(host.len(), |y| y.copy_from_slice(host))
    }

    fn download<E: Element>(&self, buffer: &CpuBuffer<E>) -> Vec<E> {
        buffer.slice().to_vec()
    }

    fn duplicate<E: Element>(&self, buffer: &CpuBuffer<E>) -> CpuBuffer<E> {
        self.upload(buffer.slice())
    }

    fn cast<A: Float, B: Float>(&self, a: &CpuBuffer<A>) -> CpuBuffer<B> {
        made(a.len, |y| elementwise::cast(a.slice(), y))
    }
}
