//! What a walk keeps so that the gradients of its tasks can be found again, without walking again.
//!
//! The gradient of a linear layer's weight is dW = dU^T X, with X the layer's input, which the forward pass kept, and
//! dU the gradient of its output. A keeping walk frees what else the tape holds (queries, keys and values, arguments
//! of activations, normalised rows) and keeps each dU in its place; the products can then be made again from X and
//! dU alone. Of parameters whose gradients are small beside dU (biases, norms, looked-up rows of tables) it keeps the
//! gradient of each task. A checkpointed part keeps its input and its dU, and runs again.

use super::delivery::{Delivery, Only};
use super::per_task::Weighing;
use super::{Gradient, GradientSink, Tape, WalkPlan};
use crate::device::Device;
use crate::element::{Float, Real};
use crate::error::{TensorError, check};
use crate::pack::Rows;
use crate::param::ParamId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The gradient of a parameter as a sum over rows, made of buffers that can be kept.
pub(crate) trait RowProduct<E: Float, D: Device>: Send {
    /// The part of a range of rows.
    fn over(&self, device: &D, rows: Range<usize>) -> Gradient<E::Master, D>;
}

/// What is kept of one operation.
pub(crate) trait Replay<E: Float, D: Device>: Send {
    /// Hands over the gradients of its parameters again, split by task.
    fn replay(
        self: Box<Self>,
        device: &D,
        task_of: &[u32],
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(), TensorError>;
}

/// The parameters of an operation, and what is kept of it.
pub(super) type Part<E, D> = (Vec<ParamId>, Box<dyn Replay<E, D>>);

/// What [`Tape::walk_keeping`] kept: the shared parameters' gradients of each task, to be found once more.
pub struct Kept<E: Float, D: Device> {
    device: D,
    task_of: Vec<u32>,
    shared: BTreeSet<ParamId>,
    parts: Vec<Part<E, D>>,
}

impl<E: Float, D: Device> Tape<E, D> {
    /// The last walk, split by task, that keeps what the gradients of the `shared` parameters are made of. Returns
    /// the gradients at the stops, and what was kept.
    ///
    /// Memory stays at about what the forward pass took: each output gradient takes the place of something that is
    /// freed. `plan.last` has no meaning here.
    ///
    /// Errors as [`Tape::walk`] does, and if the plan does not split by task.
    pub fn walk_keeping(
        &mut self,
        plan: WalkPlan<'_, E, D>,
        shared: &BTreeSet<ParamId>,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(Vec<Option<D::Buffer<E>>>, Kept<E, D>), TensorError> {
        let task_of = plan.split.ok_or(TensorError::NotSplit)?.to_vec();
        let lanes = vec![(None, plan.seeds)];
        let mut walked = self.walk_lanes(lanes, plan.stop_at, plan.split, true, Some(shared), sink)?;
        let stopped = walked.stopped.pop().expect("a plain walk has one lane");
        let (device, shared) = (self.device().clone(), shared.clone());
        Ok((stopped, Kept { device, task_of, shared, parts: walked.kept }))
    }
}

impl<E: Float, D: Device> Kept<E, D> {
    /// Hands over each task's gradients of the shared parameters again: to the bit what the walk handed over.
    pub fn replay(self, sink: &mut dyn GradientSink<E::Master, D>) -> Result<(), TensorError> {
        let mut uses = BTreeMap::new();
        self.parts.iter().flat_map(|(ids, _)| ids).for_each(|id| *uses.entry(*id).or_insert(0) += 1);
        let mut only = Only { parameters: &self.shared, sink };
        let mut delivery = Delivery::new(&self.device, &mut only, uses);
        for (parameters, part) in self.parts {
            part.replay(&self.device, &self.task_of, &mut delivery.inside(None, true))?;
            delivery.end(&parameters);
        }
        delivery.close();
        Ok(())
    }

    /// The weighted pass: hands over sum over t of weights\[t\] times task t's gradient, of the shared parameters.
    ///
    /// No gradient of an input is computed; what was kept is freed on the way.
    ///
    /// # Shapes
    /// weights: `(tasks,)`.
    ///
    /// Errors if a task of the pack has no weight.
    pub fn weigh(
        self,
        weights: &[f64],
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(), TensorError> {
        let needed = self.task_of.iter().max().map_or(0, |&task| task as usize + 1);
        check("weigh", "weights", &[needed.max(weights.len())], &[weights.len()])?;
        self.replay(&mut Weighing::new(weights, sink))
    }
}

/// Runs of rows with one task each; one run of all rows where the walk does not split.
pub(super) fn runs(
    task_of: Option<&[u32]>,
    n_rows: usize,
    rows: Option<&Rows>,
) -> Vec<(Option<u32>, Range<usize>)> {
    match (task_of, rows) {
        (Some(task_of), Some(rows)) => rows.runs(task_of).into_iter().map(|(t, r)| (Some(t), r)).collect(),
        _ => vec![(None, 0..n_rows)],
    }
}

/// A parameter's gradients themselves.
pub(super) struct KeptGradients<M: Real, D: Device> {
    pub(super) parameter: ParamId,
    pub(super) runs: Vec<(Option<u32>, Gradient<M, D>)>,
}

impl<E: Float, D: Device> Replay<E, D> for KeptGradients<E::Master, D> {
    fn replay(
        self: Box<Self>,
        device: &D,
        _: &[u32],
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(), TensorError> {
        self.runs
            .into_iter()
            .for_each(|(task, gradient)| sink.accept(device, self.parameter, task, gradient));
        Ok(())
    }
}

/// What a parameter's gradients are made of.
pub(super) struct KeptProduct<E: Float, D: Device> {
    pub(super) parameter: ParamId,
    pub(super) n_rows: usize,
    pub(super) rows: Option<Rows>,
    pub(super) product: Box<dyn RowProduct<E, D>>,
}

impl<E: Float, D: Device> Replay<E, D> for KeptProduct<E, D> {
    fn replay(
        self: Box<Self>,
        device: &D,
        task_of: &[u32],
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<(), TensorError> {
        for (task, range) in runs(Some(task_of), self.n_rows, self.rows.as_ref()) {
            sink.accept(device, self.parameter, task, self.product.over(device, range));
        }
        Ok(())
    }
}
