//! The processor: pooled memory and the fast kernels.

mod attention;
mod elementwise;
mod embedding;
mod linear;
mod loss;
mod memory;
mod norm;
mod optimizer;
mod pool;
mod reduction;
mod rows;

use super::Device;
use crate::element::{DType, Element};
use crate::error::TensorError;
use crate::kernels::peak;
use pool::{Pooled, SLACK};
use std::marker::PhantomData;

/// The processor, on rayon's current thread pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu;

impl Cpu {
    /// The memory that buffers hold at most, used and free, as a multiple of the most that was in use at once.
    pub const HELD: f64 = SLACK.0 as f64 / SLACK.1 as f64;
}

/// Host memory from the pool.
#[derive(Debug)]
pub struct CpuBuffer<E: Element> {
    memory: Pooled,
    len: usize,
    element: PhantomData<E>,
}

impl<E: Element> CpuBuffer<E> {
    /// Contents unspecified; the flag says whether they are all zero.
    fn scratch(len: usize) -> (Self, bool) {
        let bytes = len.checked_mul(size_of::<E>()).expect("a buffer's size fits the address space");
        let (memory, zero) = Pooled::take(bytes);
        (CpuBuffer { memory, len, element: PhantomData }, zero)
    }

    fn zeros(len: usize) -> Self {
        let (mut buffer, zero) = Self::scratch(len);
        if !zero {
            buffer.slice_mut().fill(E::default());
        }
        buffer
    }

    /// The elements.
    pub fn slice(&self) -> &[E] {
        // SAFETY: the block holds at least `len` elements, is aligned to 64 bytes and always initialised; every
        // bit pattern is an element (`Pod`).
        unsafe { std::slice::from_raw_parts(self.memory.start().cast().as_ptr(), self.len) }
    }

    /// The elements, to be changed.
    pub fn slice_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `slice`; the block is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.memory.start().cast().as_ptr(), self.len) }
    }
}

/// A new buffer that `fill` writes whole.
fn made<E: Element>(len: usize, fill: impl FnOnce(&mut [E])) -> CpuBuffer<E> {
    let (mut buffer, _) = CpuBuffer::scratch(len);
    fill(buffer.slice_mut());
    buffer
}

impl Device for Cpu {
    /// Never fails: a kernel that cannot go on panics where it runs.
    fn check(&self) -> Result<(), TensorError> {
        Ok(())
    }

    /// Unknown here: what a process may take is the operating system's to say, by limits as well as free memory.
    fn memory(&self) -> Option<u64> {
        None
    }

    /// Measured on the current thread pool, in about 50 ms.
    fn peak_flops(&self, dtype: DType) -> f64 {
        peak::flops_per_second(dtype)
    }
}
