//! Memory that is used again: a training step asks for the same sizes over and over, and fresh pages are slow.
//!
//! A block goes back to the pool when its owner drops it. Blocks are handed out with their old contents, which are
//! always initialised bytes, since every block starts as zeros. Packs differ in size from step to step, so blocks of
//! sizes that nobody asks for any more would gather: before a new block is made, those that have been free for
//! longest go back to the operating system until all blocks together are at most [`SLACK`] of the most that was ever
//! in use at once.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::{BTreeMap, VecDeque};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard};

/// Blocks begin at a multiple of this: a cache line, and the widest vector.
const ALIGN: usize = 64;
/// The memory that the pool may hold, as a multiple of the most in use at once: (numerator, denominator).
pub(super) const SLACK: (usize, usize) = (5, 4);

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

/// The free blocks, and how much memory there is.
struct Pool {
    /// By size in bytes; of one size, those freed first come first, each with the time at which it was freed.
    free: BTreeMap<usize, VecDeque<(u64, Block)>>,
    free_bytes: usize,
    used_bytes: usize,
    most_used: usize,
    /// Counts the blocks that were freed.
    clock: u64,
}

impl Pool {
    const fn new() -> Pool {
        Pool { free: BTreeMap::new(), free_bytes: 0, used_bytes: 0, most_used: 0, clock: 0 }
    }

    fn lock() -> MutexGuard<'static, Pool> {
        POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A free block of this size, or up to half larger, so that packs of different sizes share blocks.
    fn take(&mut self, size: usize) -> Option<Block> {
        let mut fits = self.free.range_mut(size..=size + size / 2);
        let (_, block) = fits.find_map(|(_, blocks)| blocks.pop_back())?;
        self.free_bytes -= block.bytes;
        self.count(block.bytes);
        Some(block)
    }

    fn count(&mut self, bytes: usize) {
        self.used_bytes += bytes;
        self.most_used = self.most_used.max(self.used_bytes);
    }

    fn put(&mut self, block: Block) {
        self.used_bytes -= block.bytes;
        self.free_bytes += block.bytes;
        self.free.entry(block.bytes).or_default().push_back((self.clock, block));
        self.clock += 1;
    }

    /// Takes out the blocks that have to go before all fits: the longest free first.
    fn evict(&mut self) -> Vec<Block> {
        let most = self.most_used / SLACK.1 * SLACK.0;
        let mut evicted = Vec::new();
        while self.used_bytes + self.free_bytes > most {
            let first = |blocks: &VecDeque<(u64, Block)>| blocks.front().map(|(time, _)| *time);
            let oldest = self.free.iter().filter_map(|(size, blocks)| Some((first(blocks)?, *size))).min();
            let Some((_, size)) = oldest else { break };
            let (_, block) =
                self.free.get_mut(&size).and_then(VecDeque::pop_front).expect("it was just seen");
            self.free_bytes -= block.bytes;
            evicted.push(block);
        }
        evicted
    }
}

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
        let mut pool = Pool::lock();
        if let Some(block) = pool.take(size) {
            return (Pooled(Some(block)), false);
        }
        pool.count(size);
        let evicted = pool.evict();
        drop(pool);
        evicted.into_iter().for_each(Block::free);
        (Pooled(Some(Block::new(size))), true)
    }

    /// The first byte.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.0.as_ref().expect("a pooled block is there until it is dropped").start
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(block) = self.0.take() else { return };
        Pool::lock().put(block);
    }
}

/// Sizes are rounded up to one of eight steps between two powers of two.
fn size_class(bytes: usize) -> usize {
    let bytes = bytes.max(8 * ALIGN);
    let step = (bytes.next_power_of_two() / 16).max(ALIGN);
    bytes.div_ceil(step) * step
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

    #[test]
    fn what_has_been_free_for_longest_goes_first_and_only_as_much_as_must() {
        let mut pool = Pool::new();
        for bytes in [4096, 8192, 16384] {
            pool.count(bytes);
        }
        [4096, 8192, 16384].map(Block::new).into_iter().for_each(|block| pool.put(block));
        // 28,672 were in use at once, so 35,840 may be held: one of 12,288 pushes out the first two.
        pool.count(12_288);
        let evicted = pool.evict();
        assert_eq!(evicted.iter().map(|block| block.bytes).collect::<Vec<_>>(), [4096, 8192]);
        assert!(pool.evict().is_empty());
        assert_eq!((pool.used_bytes, pool.free_bytes), (12_288, 16_384));
        let kept = pool.take(16_384).expect("it is free");
        evicted.into_iter().chain([kept]).for_each(Block::free);
        assert!(pool.take(512).is_none());
    }
}
