//! CPU kernels: plain functions over slices and sizes, chosen at run time by [`isa`].
//!
//! They are called by [`Cpu`](crate::Cpu) and are no public API; what they can do at most ([`peak`]), the path that is
//! in use ([`isa`]) and the draws that dropout is made of ([`random`]) are. Beside each fast kernel stands its
//! reference, the slow obvious form, which its tests compare it with and [`Island`](crate::Island) runs.
//!
//! A kernel never depends on the number of threads: work is cut into chunks of a fixed size and reductions run
//! in a fixed order, so the same input gives the same bits on one thread or many.

pub(crate) mod activation;
pub(crate) mod attention;
pub(crate) mod bce;
#[cfg(test)]
pub(crate) mod check;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub(crate) mod elementwise;
pub(crate) mod embedding;
pub(crate) mod gemm;
pub mod isa;
pub(crate) mod layer_norm;
pub(crate) mod mse;
pub(crate) mod optimizer;
pub mod peak;
pub mod random;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod softmax;
#[cfg(target_arch = "x86_64")]
mod vector;

/// `[f(0), f(1), ...]`, as [`std::array::from_fn`] makes it, but inlined for certain: inside a function compiled for
/// more instructions than the rest, a call that is left would pass every vector register through memory.
#[inline(always)]
pub(crate) fn array<T: Copy, const N: usize>(mut f: impl FnMut(usize) -> T) -> [T; N] {
    const { assert!(N > 0, "an array of something") };
    let mut all = [f(0); N];
    for i in 1..N {
        all[i] = f(i);
    }
    all
}

/// Asks for the lines of the cache that hold `count` elements; the address may lie beyond the data.
#[inline(always)]
pub(crate) fn prefetch<T>(from: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing; the processor ignores addresses that cannot be read.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast::<i8>().wrapping_add(byte)) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, count);
}
