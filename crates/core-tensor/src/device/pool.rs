//! Memory that is used again: a training step asks for the same sizes over and over, and fresh pages are slow.
//!
//! A block goes back to the pool when its owner drops it. Blocks are handed out with their old contents, which are
//! always initialised bytes, since every block starts as zeros.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::Mutex;

/// Blocks begin at a multiple of this: a cache line, and the widest vector.
const ALIGN: usize = 64;

/// Free blocks by their size in bytes.
static FREE: Mutex<BTreeMap<usize, Vec<Block>>> = Mutex::new(BTreeMap::new());

/// An owned run of initialised bytes.
#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a block is owned memory without interior references; moving it between threads moves the ownership.
unsafe impl Send for Block {}

impl Block {
    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes, ALIGN).expect("a buffer's size fits the address space")
    }

    fn new(bytes: usize) -> Block {
        let layout = Block::layout(bytes);
        // SAFETY: `bytes` is at least `ALIGN`, so the layout is not empty.
        let start = unsafe { alloc_zeroed(layout) };
        Block { start: NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout)), bytes }
    }

    fn free(self) {
        // SAFETY: the block was allocated with this layout and is owned here.
        unsafe { dealloc(self.start.as_ptr(), Block::layout(self.bytes)) }
    }
}

/// A run of bytes from the pool, to which it returns when dropped.
#[derive(Debug)]
pub(super) struct Pooled(Option<Block>);

// SAFETY: shared references only read the bytes.
unsafe impl Sync for Pooled {}

impl Pooled {
    /// At least `bytes` bytes, with unspecified but initialised contents. The flag says whether they are all zero.
    pub(super) fn take(bytes: usize) -> (Pooled, bool) {
        let size = size_class(bytes);
        let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A block up to half larger serves too, so that packs of different sizes share blocks.
        let fit = free.range_mut(size..=size + size / 2).find_map(|(_, blocks)| blocks.pop());
        drop(free);
        match fit {
            Some(block) => (Pooled(Some(block)), false),
            None => (Pooled(Some(Block::new(size))), true),
        }
    }

    /// The first byte.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.0.as_ref().expect("a pooled block is there until it is dropped").start
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(block) = self.0.take() else { return };
        let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        free.entry(block.bytes).or_default().push(block);
    }
}

/// Sizes are rounded up to one of eight steps between two powers of two.
fn size_class(bytes: usize) -> usize {
    let bytes = bytes.max(8 * ALIGN);
    let step = (bytes.next_power_of_two() / 16).max(ALIGN);
    bytes.div_ceil(step) * step
}

/// Gives every free block back to the operating system. Returns how many bytes that were.
pub fn release() -> usize {
    let free = std::mem::take(&mut *FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    free.into_values()
        .flatten()
        .map(|block| {
            let bytes = block.bytes;
            block.free();
            bytes
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_waste_at_most_an_eighth() {
        for bytes in (512..1_000_000).step_by(997) {
            let size = size_class(bytes);
            assert!(
                size >= bytes && size.is_multiple_of(ALIGN) && size <= bytes + bytes / 8 + ALIGN,
                "{bytes}: {size}"
            );
        }
    }
}
