//! Soft parameter sharing: each task has a copy of the encoder; a penalty may tie the copies.
//!
//! Long Duong, Trevor Cohn, Steven Bird, Paul Cook: *Low Resource Dependency Parsing: Cross-lingual Parameter Sharing in
//! a Neural Network Parser*, ACL 2015. What ties the copies is a penalty of its own, such as
//! [`l2`](crate::penalty::l2), which reads them as [`Architecture::copies`]; without one the tasks are independent.
//! The copy of a task runs on the sequences that the task reads and on no others.

use mtl_base::{Method, Settings};
use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Architecture, Device};

use super::{ArchitectureBuild, Parts, PerTask, copies};
use crate::SharingError;

/// Soft parameter sharing.
pub const METHOD: Method = Method::new(
    "architecture",
    "soft",
    "soft parameter sharing",
    "Duong et al. 2015",
    "crates/sharing/src/architecture/soft.rs",
);

/// How it is built: of an encoder for each task, `encoders.TASK`.
pub fn builder<H: Dim, E: Float, D: Device>() -> ArchitectureBuild<H, E, D> {
    ArchitectureBuild { encoders: copies, build }
}

fn build<H: Dim, E: Float, D: Device>(
    _settings: &Settings,
    parts: Parts<H, E, D>,
) -> Result<Box<dyn Architecture<H, E, D>>, SharingError> {
    Ok(Box::new(PerTask::new(METHOD.name, parts, None)?))
}
