//! Devices: where storage lives and kernels run.
//!
//! A [`Device`] is memory and kernels over that memory, nothing more: shapes are checked, gradients recorded and
//! random keys chosen above it. Its operations come in families, one trait and one file each, and each device has a
//! folder with one file for each family.
//!
//! [`Cpu`] is complete. [`Island`] is for tests: the host cannot read its memory except by an explicit copy, and its
//! kernels are the slow obvious references, so that the same test body checks the fast kernels, the references and
//! the absence of hidden host access. [`Count`] computes nothing: it counts the memory and the operations that a
//! program would take.
//!
//! A bound `D: Device` brings every family's methods along. Code about one device, as `Cpu.upload(&values)`, imports
//! the family's trait.

mod attention;
#[cfg(debug_assertions)]
mod compiled;
mod count;
mod cpu;
mod elementwise;
mod embedding;
mod island;
mod linear;
mod loss;
mod memory;
mod norm;
mod optimizer;
mod reduction;
mod rows;

pub use attention::AttentionOps;
pub use count::{Count, CountBuffer};
pub use cpu::{Cpu, CpuBuffer};
pub use elementwise::{Broadcast, ElementwiseOps};
pub use embedding::EmbeddingOps;
pub use island::{Island, IslandBuffer};
pub use linear::{LinearOps, LinearSizes};
pub use loss::LossOps;
pub use memory::Memory;
pub use norm::{NormOps, RowDropout};
pub use optimizer::OptimizerOps;
pub use reduction::ReductionOps;
pub use rows::RowOps;

pub use crate::kernels::activation::Activation;
pub use crate::kernels::attention::{AttentionDropout, AttentionShape};
pub use crate::kernels::elementwise::{Binary, Unary};
pub use crate::kernels::gemm::Trace;
pub use crate::kernels::optimizer::{AdamW as AdamWStep, Sgd as SgdStep};

use crate::element::DType;
use crate::error::TensorError;
use std::fmt::Debug;

/// Memory and kernels: all families of operations, and what is asked of the device as a whole.
///
/// In all families `E` is the stored type and `E::Master` that of parameters, sums and statistics. Kernels trust their
/// sizes: the operations above check them. All are deterministic at any number of threads.
pub trait Device:
    Memory
    + LinearOps
    + NormOps
    + AttentionOps
    + EmbeddingOps
    + LossOps
    + RowOps
    + ElementwiseOps
    + ReductionOps
    + OptimizerOps
    + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
    /// Waits for the work that was begun, and reports whether all of it was done. Called once a step: a device may run
    /// behind its caller, and then its kernels have no one to report a failure to.
    ///
    /// Errors if the device failed; what its buffers hold is then unspecified.
    fn check(&self) -> Result<(), TensorError>;
    /// The bytes of memory that the device has for buffers; `None` if it does not know.
    fn memory(&self) -> Option<u64>;
    /// The floating-point operations per second of products of this type that the device can reach at most.
    fn peak_flops(&self, dtype: DType) -> f64;
}
