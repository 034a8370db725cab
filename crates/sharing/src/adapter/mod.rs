//! Adapters: small learned parts that act inside an encoder, for all tasks or for each task apart.
//!
//! An adapter is a [`Hook`] with an owner. [`Hooked`](crate::architecture::Hooked) lets it act on the rows of its tasks.

mod by_task;
pub mod lora;

use std::fmt::Debug;
use std::sync::Arc;

use mtl_base::Settings;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Device, Hook, Init, Owner};

pub(crate) use by_task::ByTask;

use crate::SharingError;
use crate::registry::group;

/// A hook, and whose it is.
#[derive(Debug, Clone)]
pub struct Adapter<H: Dim, E: Float, D: Device> {
    /// The tasks on whose rows it acts.
    pub owner: Owner,
    /// What acts. Its parameters are named `adapters.*` in the model.
    pub hook: Arc<dyn Hook<H, E, D>>,
    /// Whether the encoder in which it acts is frozen.
    pub freezes_encoder: bool,
}

/// What adapters are built for.
#[derive(Debug, Clone)]
pub struct AdapterParts<H: Dim, D: Device> {
    /// Where their parameters live.
    pub device: D,
    /// The hidden size of the encoder.
    pub hidden: H,
    /// The inner size of its layers.
    pub inner: usize,
    /// How many layers it has.
    pub layers: usize,
    /// The names of the tasks.
    pub tasks: Vec<String>,
    /// The first values of the model as a whole.
    pub init: Init,
}

/// How adapters are built.
pub type AdapterBuild<H, E, D> =
    fn(&Settings, AdapterParts<H, D>) -> Result<Vec<Adapter<H, E, D>>, SharingError>;

group! {
    /// The adapters, for encoders of hidden size `H` that compute in `E` on `D`.
    adapters<H: Dim, E: Float, D: Device> -> AdapterBuild<H, E, D> { lora }
}
