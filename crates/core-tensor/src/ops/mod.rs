//! Operations: each checks its shapes, runs the device's kernels and records its backward pass.
//!
//! They are methods of [`Tape`](crate::tape::Tape). A layer with parameters lives beside its operation.

pub mod attention;
pub mod binary_cross_entropy;
pub mod checkpoint;
pub mod cross_entropy;
pub mod dropout;
pub mod elementwise;
pub mod embedding;
pub mod layer_norm;
pub mod leaf;
pub mod linear;
pub mod loss_of;
pub mod matmul;
pub mod mix;
pub mod parts;
pub mod reduce;
pub mod rows;
pub mod softmax;
pub mod squared_error;
