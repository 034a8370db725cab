//! Hard parameter sharing: one encoder for all tasks, a head for each.
//!
//! Rich Caruana: *Multitask Learning*, Machine Learning 28, 1997. All that any task reads of a pack is made in one pass,
//! and each task's rows are taken from it. With adapters it is the same encoder with them in it: see [`Hooked`].

use mtl_base::{Method, Settings};
use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Architecture, Device};

use super::{ArchitectureBuild, Hooked, Parts};
use crate::SharingError;

/// Hard parameter sharing.
pub const METHOD: Method = Method::new(
    "architecture",
    "hard",
    "hard parameter sharing",
    "Caruana 1997",
    "crates/sharing/src/architecture/hard.rs",
);

/// How it is built: of one encoder, `encoder`.
pub fn builder<H: Dim, E: Float, D: Device>() -> ArchitectureBuild<H, E, D> {
    ArchitectureBuild { encoders, build }
}

fn encoders(_settings: &Settings, _tasks: &[String]) -> Vec<String> {
    vec!["encoder".to_owned()]
}

fn build<H: Dim, E: Float, D: Device>(
    _settings: &Settings,
    parts: Parts<H, E, D>,
) -> Result<Box<dyn Architecture<H, E, D>>, SharingError> {
    let got = parts.encoders.len();
    let [(name, encoder)] = <[_; 1]>::try_from(parts.encoders).map_err(|_| SharingError::EncoderCount {
        architecture: METHOD.name,
        expected: 1,
        got,
    })?;
    Ok(Box::new(Hooked::new(name, encoder, parts.tasks.len(), parts.adapters)))
}
