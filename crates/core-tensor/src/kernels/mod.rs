//! CPU kernels: plain functions over slices and sizes, chosen at run time by [`isa`].
//!
//! A kernel never depends on the number of threads: work is cut into chunks of a fixed size and reductions run
//! in a fixed order, so the same input gives the same bits on one thread or many.

pub mod activation;
pub mod attention;
#[cfg(test)]
mod check;
pub mod dropout;
pub mod elementwise;
pub mod isa;
pub mod random;
pub mod reduce;
