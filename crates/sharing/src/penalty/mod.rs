//! Penalties: terms of the step's loss over the tasks' copies of an encoder, which keep the copies near each other.

pub mod l2;

use mtl_base::Settings;
use mtl_core_tensor::element::Real;
use mtl_core_tensor::{Device, Penalty};

use crate::SharingError;
use crate::registry::group;

/// How a penalty is built, from its settings and the number of tasks.
pub type PenaltyBuild<M, D> = fn(&Settings, usize) -> Result<Box<dyn Penalty<M, D>>, SharingError>;

group! {
    /// The penalties, over parameters of `M` on `D`.
    penalties<M: Real, D: Device> -> PenaltyBuild<M, D> { l2 }
}
