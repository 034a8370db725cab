//! Tensors over dfdx shapes, a tape that can be walked again, fused kernels and optimizers.

pub mod element;
pub mod kernels;
pub mod special;
