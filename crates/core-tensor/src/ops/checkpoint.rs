//! Activation checkpointing (Chen et al. 2016): keep a part's input, and run the part again in the backward pass.
//!
//! Because random draws are keyed and not taken from a stream, the second run is the same as the first.
//!
//! In a walk that keeps what gradients are made of, the part's input and the gradient of its output are kept, and the
//! weighted pass runs and walks the part once more.

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::tape::{Backward, GradientSink, NodeId, Replay, Seed, Tape, Upstream, Walk, WalkPlan};
use crate::tensor::Tensor;
use std::sync::Arc;

impl<E: Float, D: Device> Tape<E, D> {
    /// Runs `part` on `x` keeping only `x`; the backward pass runs `part` again and walks it.
    ///
    /// `part` must do the same each time. It owns what it reads: clone the layers into it, which shares their
    /// parameters.
    pub fn checkpoint<S: Shape, T: Shape>(
        &mut self,
        x: &Tensor<S, E, D>,
        part: impl Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError>
        + Send
        + Sync
        + 'static,
    ) -> Result<Tensor<T, E, D>, TensorError> {
        let input = self.input("checkpoint", x)?;
        let mut unrecorded = self.sibling();
        let y = part(&mut unrecorded, &x.detach())?;
        self.inherit_rows(&unrecorded);
        let (parameters, draws) = (unrecorded.seen(), self.draws());
        Ok(self.record(y, &[input], parameters.clone(), || {
            let part = Part { x: x.detach(), run: Arc::new(part), draws };
            Box::new(CheckpointBackward { input, part, parameters })
        }))
    }
}

/// What is run again.
struct Part<S: Shape, E: Float, D: Device, F> {
    x: Tensor<S, E, D>,
    run: Arc<F>,
    draws: Option<(u64, u64)>,
}

impl<S, T, E, D, F> Part<S, E, D, F>
where
    S: Shape,
    T: Shape,
    E: Float,
    D: Device,
    F: Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError>,
{
    /// Runs the part and walks it, back to its input if that is wanted.
    fn walk(
        &self,
        device: &D,
        dy: D::Buffer<E>,
        to_input: bool,
        split: Option<&[u32]>,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<Option<D::Buffer<E>>, TensorError> {
        let mut tape = Tape::with_draws(device, self.draws);
        let x = if to_input { tape.watch(&self.x) } else { self.x.clone() };
        let y = (self.run)(&mut tape, &x)?;
        if y.node().is_none() {
            // All that the part learned was frozen since it was recorded.
            return Ok(None);
        }
        let seeds = vec![Seed::gradient(&y, dy)?];
        let stop_at: Vec<NodeId> = x.node().into_iter().collect();
        let mut stopped = tape.walk(WalkPlan { seeds, stop_at: &stop_at, split, last: true }, sink)?;
        Ok(stopped.pop().flatten())
    }
}

struct CheckpointBackward<S: Shape, E: Float, D: Device, F> {
    input: Option<NodeId>,
    part: Part<S, E, D, F>,
    parameters: Vec<ParamId>,
}

impl<S, T, E, D, F> Backward<E, D> for CheckpointBackward<S, E, D, F>
where
    S: Shape,
    T: Shape,
    E: Float,
    D: Device,
    F: Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError> + Send + Sync + 'static,
{
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let (device, dy) = (walk.device().clone(), upstream.tensor());
        if walk.keeps(&self.parameters) {
            let part = Part { x: self.part.x.clone(), run: self.part.run.clone(), draws: self.part.draws };
            let dy = device.duplicate(&dy);
            walk.keep(&self.parameters, || Box::new(KeptPart { part, dy }));
        }
        let (split, mut sink) = walk.inside();
        if let Some(dx) = self.part.walk(&device, dy, self.input.is_some(), split, &mut sink)? {
            walk.add(self.input, dx);
        }
        Ok(())
    }
}

/// What a keeping walk keeps of a part.
struct KeptPart<S: Shape, E: Float, D: Device, F> {
    part: Part<S, E, D, F>,
    dy: D::Buffer<E>,
}

impl<S, T, E, D, F> Replay<E, D> for KeptPart<S, E, D, F>
where
    S: Shape,
    T: Shape,
    E: Float,
    D: Device,
    F: Fn(&mut Tape<E, D>, &Tensor<S, E, D>) -> Result<Tensor<T, E, D>, TensorError> + Send + Sync,
{
    fn replay(
        self: Box<Self>,
        device: &D,
        task_of: &[u32],
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(), TensorError> {
        self.part.walk(device, self.dy, false, Some(task_of), sink).map(drop)
    }
}
