//! CPU kernels: plain functions over slices and sizes, chosen at run time by [`isa`].
//!
//! A kernel never depends on the number of threads: work is cut into chunks of a fixed size and reductions run
//! in a fixed order, so the same input gives the same bits on one thread or many.

pub mod activation;
pub mod attention;
pub mod bce;
#[cfg(test)]
pub(crate) mod check;
pub mod cross_entropy;
pub mod dropout;
pub mod elementwise;
pub mod embedding;
pub mod gemm;
pub mod isa;
pub mod layer_norm;
pub mod mse;
pub mod optimizer;
pub mod peak;
pub mod random;
pub mod reduce;
pub mod rows;
pub mod softmax;

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
