//! Working memory that each thread keeps between calls.

use bytemuck::{Pod, Zeroable};
use std::cell::RefCell;

/// One cache line; buffers of them are aligned for vector loads.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Line([u8; 64]);

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer lent by the thread; dropping it gives it back. Its content is whatever was last written there.
///
/// Buffers are lent last in, first out. A thread that waits inside one product may run another one meanwhile:
/// it then takes another buffer.
#[derive(Debug)]
pub(super) struct Scratch(Vec<Line>);

impl Scratch {
    /// A buffer of at least `len` values of type `T`.
    pub(super) fn take<T: Pod>(len: usize) -> Scratch {
        let mut lines = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let needed = (len * size_of::<T>()).div_ceil(size_of::<Line>());
        if lines.len() < needed {
            lines.resize(needed, Line::zeroed());
        }
        Scratch(lines)
    }

    /// The buffer as values of type `T`: at least as many as were asked for.
    pub(super) fn values<T: Pod>(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.0);
        // A thread that is ending has no list any more: the buffer is simply freed.
        let _ = FREE.try_with(|free| free.borrow_mut().push(lines));
    }
}
