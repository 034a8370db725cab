//! Activation checkpointing (Chen et al. 2016): keep a part's input, and run the part again in the backward pass.
//!
//! Because random draws are keyed and not taken from a stream, the second run is the same as the first.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::shape::Shape;
use crate::tape::{Backward, NodeId, Seed, Tape, Upstream, Walk, WalkPlan};
use crate::tensor::Tensor;

impl<E: Float, D: Device> Tape<E, D> {
    /// Runs `part` on `x` keeping only `x`; the backward pass runs `part` again and walks it.
    ///
    /// `part` must do the same each time. It owns what it reads: clone the layers into it, which shares their
    /// parameters.
    pub fn checkpoint<S: Shape, T: Shape>(
        &mut self,
        x: &Tensor<S, E, D>,
        part: impl Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError> + Send + 'static,
    ) -> Result<Tensor<T, E, D>, TensorError> {
        let input = self.input("checkpoint", x)?;
        let y = part(&mut self.sibling(false), &x.detach())?;
        let draws = self.draws();
        Ok(self.record(y, Vec::new(), || Box::new(CheckpointBackward { input, x: x.detach(), part, draws })))
    }
}

struct CheckpointBackward<S: Shape, E: Float, D: Device, F> {
    input: Option<NodeId>,
    x: Tensor<S, E, D>,
    part: F,
    draws: Option<(u64, u64)>,
}

impl<S, T, E, D, F> Backward<E, D> for CheckpointBackward<S, E, D, F>
where
    S: Shape,
    T: Shape,
    E: Float,
    D: Device,
    F: Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError> + Send,
{
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let mut tape = Tape::with_draws(walk.device(), self.draws);
        let x = tape.watch(&self.x);
        let y = (self.part)(&mut tape, &x)?;
        let seeds = vec![Seed::gradient(&y, upstream.tensor())?];
        let stop_at: Vec<NodeId> = x.node().into_iter().collect();
        let (split, sink) = walk.inner();
        let mut stopped = tape.walk(WalkPlan { seeds, stop_at: &stop_at, split, last: true }, sink)?;
        if let Some(dx) = stopped.pop().flatten() {
            walk.add(self.input, dx);
        }
        Ok(())
    }
}
