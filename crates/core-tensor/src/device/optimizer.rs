//! Updates of parameters.

use super::{AdamWStep, Memory, SgdStep};
use crate::element::Real;

/// The optimizers, each in one sweep over a parameter and its state.
pub trait OptimizerOps: Memory {
    /// AdamW in one sweep over a tensor, its gradient and its two moments.
    fn adamw<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: &Self::Buffer<M>,
        first: &mut Self::Buffer<M>,
        second: &mut Self::Buffer<M>,
        step: AdamWStep,
    );
    /// AdamW where only some rows have a gradient: dense in meaning, so all rows decay and all moments fade.
    ///
    /// `live` remembers, from step to step, which rows may have moments that are not zero; empty means unknown.
    fn adamw_rows<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: (&[u32], &Self::Buffer<M>, usize),
        first: &mut Self::Buffer<M>,
        second: &mut Self::Buffer<M>,
        live: &mut Vec<bool>,
        step: AdamWStep,
    );
    /// SGD with momentum in one sweep.
    fn sgd<M: Real>(
        &self,
        w: &mut Self::Buffer<M>,
        gradient: &Self::Buffer<M>,
        velocity: &mut Self::Buffer<M>,
        step: SgdStep,
    );
}
