//! Architectures: which parameters tasks share, and how a pack runs through them.
//!
//! Each method is a file with its `METHOD` and its builder. Two pieces of machinery carry them: [`Hooked`], one encoder
//! in which adapters may act, and [`PerTask`], a copy of the encoder for each task, with or without an exchange
//! between the copies.

pub mod cross_stitch;
pub mod hard;
mod hooked;
mod per_task;
mod rows;
pub mod soft;

use std::fmt::Debug;

use mtl_base::Settings;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Architecture, Device, Encoder, Init};

pub use hooked::Hooked;
pub use per_task::{Exchange, PerTask};

use crate::SharingError;
use crate::adapter::Adapter;
use crate::registry::group;

/// What an architecture is built of.
#[derive(Debug)]
pub struct Parts<H: Dim, E: Float, D: Device> {
    /// The encoders, each with its dotted name in the model, in the order of [`ArchitectureBuild::encoders`].
    pub encoders: Vec<(String, Box<dyn Encoder<E, D, Hidden = H>>)>,
    /// The names of the tasks.
    pub tasks: Vec<String>,
    /// Where parameters of the architecture's own live.
    pub device: D,
    /// The first values of the model as a whole.
    pub init: Init,
    /// What acts in the encoder, in this order; usually nothing.
    pub adapters: Vec<Adapter<H, E, D>>,
}

/// How an architecture is built.
#[derive(Debug)]
pub struct ArchitectureBuild<H: Dim, E: Float, D: Device> {
    /// The dotted names in the model of the encoders that it needs, from its settings and the names of the tasks.
    pub encoders: fn(&Settings, &[String]) -> Vec<String>,
    /// The architecture with its settings.
    ///
    /// Errors if there is another number of encoders than it needs, if copies differ in form, if there are fewer tasks
    /// than it needs, or if it takes no adapters and there are some.
    pub build: fn(&Settings, Parts<H, E, D>) -> Result<Box<dyn Architecture<H, E, D>>, SharingError>,
}

impl<H: Dim, E: Float, D: Device> Clone for ArchitectureBuild<H, E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Dim, E: Float, D: Device> Copy for ArchitectureBuild<H, E, D> {}

group! {
    /// The architectures, over encoders of hidden size `H` that compute in `E` on `D`.
    architectures<H: Dim, E: Float, D: Device> -> ArchitectureBuild<H, E, D> { hard, soft, cross_stitch }
}

/// The names of one copy of the encoder for each task.
fn copies(_settings: &Settings, tasks: &[String]) -> Vec<String> {
    tasks.iter().map(|task| format!("encoders.{task}")).collect()
}
