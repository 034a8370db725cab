//! A device that computes nothing and counts: memory in use, and floating-point operations.
//!
//! One dry step of a model on [`Count`] tells what the step takes, of any method, without a formula: everything above
//! the device runs as it would, and a buffer is only its length.
//!
//! Memory is that of buffers: 4 bytes a value of `f32`, 2 of `bf16`, from the moment that an operation returns it to the
//! moment that its last owner drops it. What a kernel works in meanwhile is not counted, nor what a pool keeps when it is
//! freed ([`Cpu::HELD`](super::Cpu::HELD)). Operations are those of [`profile`](crate::profile): two a multiplication of a
//! matrix product, attention's two products and twice these on the way back; all else counts none.
//!
//! There are no values, so what is downloaded is zero, and every number that an operation returns to the host (a loss, a
//! sum, a dot product) is 1: logarithms, ratios and norms of such numbers are finite. Row numbers are computed from the
//! ids, so that sizes are true.

mod attention;
mod elementwise;
mod embedding;
mod linear;
mod loss;
mod memory;
mod norm;
mod optimizer;
mod reduction;
mod rows;

use super::Device;
use crate::element::{DType, Element};
use crate::error::TensorError;
use crate::profile::Work;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What every number is that an operation returns to the host.
const NUMBER: f64 = 1.0;

/// The counting device. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    /// Bytes.
    alive: AtomicU64,
    most_alive: AtomicU64,
    /// By kind, in the order of [`Work::ALL`].
    operations: [AtomicU64; Work::ALL.len()],
}

impl Count {
    /// A device that has counted nothing yet.
    pub fn new() -> Count {
        Count::default()
    }

    /// The bytes of all buffers that there are now.
    pub fn alive(&self) -> u64 {
        self.0.alive.load(Ordering::Relaxed)
    }

    /// The most bytes that there were at once, since the beginning or the last [`reset_most`](Self::reset_most).
    pub fn most_alive(&self) -> u64 {
        self.0.most_alive.load(Ordering::Relaxed)
    }

    /// Begins to look for the most bytes anew, from those that there are now.
    pub fn reset_most(&self) {
        self.0.most_alive.store(self.alive(), Ordering::Relaxed);
    }

    /// Floating-point operations of all kinds of work so far.
    pub fn operations(&self) -> u64 {
        Work::ALL.into_iter().map(|work| self.operations_of(work)).sum()
    }

    /// Floating-point operations of one kind of work so far.
    pub fn operations_of(&self, work: Work) -> u64 {
        self.0.operations[work as usize].load(Ordering::Relaxed)
    }

    fn add(&self, work: Work, operations: u64) {
        self.0.operations[work as usize].fetch_add(operations, Ordering::Relaxed);
    }

    /// A new buffer.
    fn buffer<E: Element>(&self, len: usize) -> CountBuffer<E> {
        let buffer = CountBuffer { len, counters: Arc::clone(&self.0), element: PhantomData };
        let alive = self.0.alive.fetch_add(buffer.bytes(), Ordering::Relaxed) + buffer.bytes();
        self.0.most_alive.fetch_max(alive, Ordering::Relaxed);
        buffer
    }
}

impl Device for Count {
    fn check(&self) -> Result<(), TensorError> {
        Ok(())
    }

    /// As much as is asked for.
    fn memory(&self) -> Option<u64> {
        None
    }

    /// Infinite: an operation that is only counted takes no time.
    fn peak_flops(&self, _dtype: DType) -> f64 {
        f64::INFINITY
    }
}

/// The length of a buffer that has no values. Until it is dropped its bytes count as alive.
#[derive(Debug)]
pub struct CountBuffer<E: Element> {
    len: usize,
    counters: Arc<Counters>,
    element: PhantomData<E>,
}

impl<E: Element> CountBuffer<E> {
    fn bytes(&self) -> u64 {
        (self.len * size_of::<E>()) as u64
    }
}

impl<E: Element> Drop for CountBuffer<E> {
    fn drop(&mut self) {
        self.counters.alive.fetch_sub(self.bytes(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{EmbeddingOps, Memory, ReductionOps};

    #[test]
    fn bytes_are_alive_from_the_making_of_a_buffer_to_its_end() {
        let count = Count::new();
        let first = count.zeros::<f32>(10);
        drop(count.upload(&[0_u32; 5]));
        assert_eq!((count.alive(), count.most_alive()), (40, 60));
        count.reset_most();
        let second = count.clone().duplicate(&first);
        assert_eq!((count.alive(), count.most_alive()), (80, 80));
        drop((first, second));
        assert_eq!((count.alive(), count.most_alive(), count.operations()), (0, 80, 0));
    }

    #[test]
    fn a_buffer_of_any_size_takes_no_memory_of_the_host() {
        let count = Count::new();
        let huge = count.zeros::<f64>(1 << 50);
        assert_eq!((Count::len(&huge), count.alive()), (1 << 50, 1 << 53));
        assert_eq!(count.dot(&huge, &huge), 1.0);
        assert_eq!(count.download(&count.zeros::<f32>(3)), [0.0; 3]);
    }

    #[test]
    fn rows_are_those_of_the_ids() {
        let count = Count::new();
        let dy = count.zeros::<f32>(5 * 2);
        let (rows, values) = count.embedding_backward(&dy, &[7, 3, 7, 1, 9], 0..4, 2);
        assert_eq!((&rows[..], Count::len(&values)), (&[1, 3, 7][..], 6));
        let (both, values) = count.merge_rows(2, (&rows, &values), (&[0, 3], &count.zeros(4)));
        assert_eq!((&both[..], Count::len(&values)), (&[0, 1, 3, 7][..], 8));
    }
}
