//! Scaled dot-product attention over packed sequences, with its softmax and dropout in one kernel.
//!
//! For each sequence and head, with Q, K, V of (length, head size):
//! `P = softmax(scale Q K^T)` by rows, `O = (P m) V` with the dropout mask m. A sequence attends only to itself.
//! Of the forward pass only O and each row's log-sum-exp L are kept; the backward pass computes
//! `P = exp(scale Q K^T - L)` again and draws m again.
//!
//! Queries are taken in blocks of 32 that lie side by side in vector lanes: the scores of a block are a matrix of
//! (keys, queries), so that softmax needs no reduction across lanes, and they are the only thing in memory that
//! grows with the square of anything: 32 x (sequence length) a thread.
//!
//! A. Vaswani and others, *Attention is all you need*, NIPS 2017, eq. 1; recomputation from the log-sum-exp as in
//! T. Dao and others, *FlashAttention*, NeurIPS 2022, algorithm 4, without its blocks over keys.

mod backward;
mod forward;
#[cfg(target_arch = "x86_64")]
mod paired;
mod panel;
mod product;
pub mod reference;

pub use backward::backward;
pub use forward::forward;

use crate::kernels::random::{DrawKey, Rate};
#[cfg(target_arch = "x86_64")]
use crate::{
    element::{DType, Float},
    kernels::isa::Isa,
};
use std::marker::PhantomData;

/// What one attention attends to: the pack, the heads, the mask and the dropout.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape<'a> {
    /// Where each sequence begins, and the end of the last: (sequences + 1,), from 0, never falling.
    pub boundaries: &'a [usize],
    /// How many heads.
    pub heads: usize,
    /// The width of one head.
    pub head_size: usize,
    /// Whether a token sees only itself and what comes before it.
    pub causal: bool,
    /// What scores are multiplied by.
    pub scale: f64,
    /// Dropout of the probabilities.
    pub dropout: Option<AttentionDropout<'a>>,
}

/// Dropout of attention probabilities: the draw of a probability is keyed by sequence in the step, query token,
/// head as the part, and key token as the unit.
#[derive(Debug, Clone, Copy)]
pub struct AttentionDropout<'a> {
    /// The share that is dropped.
    pub rate: Rate,
    /// Seed, op and step.
    pub key: DrawKey,
    /// The number in the step of each sequence: (sequences,).
    pub sequences: &'a [u32],
}

impl<'a> AttentionShape<'a> {
    /// Bidirectional attention without dropout, scaled by `1 / sqrt(head_size)`.
    pub fn new(boundaries: &'a [usize], heads: usize, head_size: usize) -> Self {
        let scale = 1.0 / (head_size as f64).sqrt();
        AttentionShape { boundaries, heads, head_size, causal: false, scale, dropout: None }
    }

    /// How many tokens the pack has.
    pub fn tokens(&self) -> usize {
        self.boundaries.last().copied().unwrap_or(0)
    }

    /// The width of queries, keys, values and outputs: all heads side by side.
    pub fn width(&self) -> usize {
        self.heads * self.head_size
    }

    /// Floating-point operations of the two products of a forward pass; a causal query meets the keys up to its own.
    pub fn flops(&self) -> u64 {
        let lengths = self.boundaries.windows(2).map(|ends| (ends[1] - ends[0]) as u64);
        let pairs = lengths.map(|n| if self.causal { n * (n + 1) / 2 } else { n * n });
        4 * self.width() as u64 * pairs.sum::<u64>()
    }

    /// Floating-point operations of the four products of a backward pass. The scores, which it computes again, count in
    /// the forward pass alone.
    pub fn backward_flops(&self) -> u64 {
        2 * self.flops()
    }

    fn check(&self, qkv: usize, out: usize, lse: Option<usize>) {
        let (tokens, width) = (self.tokens(), self.width());
        assert!(
            self.boundaries.first().is_none_or(|first| *first == 0),
            "attention: boundaries begin above 0"
        );
        assert!(self.boundaries.is_sorted(), "attention: boundaries fall");
        assert_eq!(qkv, tokens * 3 * width, "attention: qkv is not ({tokens}, 3, {width})");
        assert_eq!(out, tokens * width, "attention: out is not ({tokens}, {width})");
        let heads = self.heads;
        assert!(lse.is_none_or(|lse| lse == tokens * heads), "attention: lse is not ({tokens}, {heads})");
        if let Some(dropout) = self.dropout {
            let sequences = self.boundaries.len().saturating_sub(1);
            assert_eq!(dropout.sequences.len(), sequences, "attention: a sequence has no number in the step");
        }
    }

    /// The work, cut by sequence, chunk of at most `chunk` queries, and head.
    fn units(&self, chunk: usize) -> Vec<Unit> {
        let mut units = Vec::new();
        for (sequence, ends) in self.boundaries.windows(2).enumerate() {
            let (first, length) = (ends[0], ends[1] - ends[0]);
            for from in (0..length).step_by(chunk) {
                let to = length.min(from.saturating_add(chunk));
                units.extend((0..self.heads).map(|head| Unit { sequence, first, length, from, to, head }));
            }
        }
        units
    }
}

/// Whether bf16 goes by the bf16 dot product.
#[cfg(target_arch = "x86_64")]
fn is_paired<E: Float>(isa: Isa) -> bool {
    E::DTYPE == DType::Bf16 && isa == Isa::Avx512Bf16
}

/// The queries `from..to` of one sequence in one head.
#[derive(Debug, Clone, Copy)]
struct Unit {
    sequence: usize,
    /// The row of the sequence's first token in the pack.
    first: usize,
    length: usize,
    from: usize,
    to: usize,
    head: usize,
}

/// A buffer that several threads write, each its own elements.
struct Shared<'a, E> {
    start: *mut E,
    len: usize,
    borrow: PhantomData<&'a mut [E]>,
}

// SAFETY: elements are reached only through `slice`, whose callers never reach one element from two threads.
unsafe impl<E: Send> Sync for Shared<'_, E> {}

impl<'a, E> Shared<'a, E> {
    fn new(values: &'a mut [E]) -> Self {
        Shared { start: values.as_mut_ptr(), len: values.len(), borrow: PhantomData }
    }

    /// The elements `at..at + len`.
    ///
    /// # Safety
    /// No other slice that holds one of them is alive.
    #[expect(clippy::mut_from_ref, reason = "the caller upholds what the borrow would")]
    unsafe fn slice(&self, at: usize, len: usize) -> &mut [E] {
        assert!(at <= self.len && len <= self.len - at, "attention: rows lie outside of their buffer");
        // SAFETY: inside the buffer by the line above, unaliased by the contract of this function.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), len) }
    }
}

#[cfg(test)]
mod tests;
