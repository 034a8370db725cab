//! The tape: one forward pass recorded, then walked backward any number of times.
//!
//! A walk starts at losses (or at given gradients), goes back through the recorded operations and hands each
//! parameter's gradient to a [`GradientSink`] as soon as it is final. It can stop at named tensors, and where
//! every row of the walk belongs to one task it yields the weight gradients of all tasks at once, as products
//! over each task's rows. Only the last walk frees what was kept.

mod delivery;
mod elementwise;
mod gradient;
mod gram;
mod gram_walk;
mod kept;
mod per_task;
mod representation;
mod walk;

pub use elementwise::{ElementwiseSink, TaskElements};
pub use gradient::{Gradient, GradientSink, Gradients};
pub use gram::{GramSink, Keep};
pub use gram_walk::GramWalk;
pub use kept::Kept;
pub(crate) use kept::{Replay, RowProduct};
pub use per_task::PerTaskGradients;
pub use representation::TaskGradientsAt;
pub use walk::{Seed, Walk, WalkPlan};

use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::kernels::random::DrawKey;
use crate::pack::Pack;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// A place on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId {
    tape: u64,
    index: usize,
}

/// The backward pass of one recorded operation. It may be called in any number of walks.
pub trait Backward<E: Float, D: Device>: Send {
    /// Takes the gradient of the operation's output, and adds those of its inputs and parameters to the walk.
    fn backward(&self, upstream: Upstream<E, D>, walk: &mut Walk<'_, E, D>) -> Result<(), TensorError>;
}

/// The gradient that arrives at an operation's output.
#[derive(Debug)]
pub enum Upstream<E: Float, D: Device> {
    /// Of a tensor.
    Tensor(D::Buffer<E>),
    /// Of a loss: its weight in the walk.
    Scalar(f64),
}

impl<E: Float, D: Device> Upstream<E, D> {
    /// The gradient of a tensor. A scalar here is a broken invariant: only losses receive scalars.
    pub fn tensor(self) -> D::Buffer<E> {
        match self {
            Upstream::Tensor(buffer) => buffer,
            Upstream::Scalar(_) => panic!("only a loss receives a scalar gradient"),
        }
    }

    /// The weight of a loss. A tensor here is a broken invariant.
    pub fn scalar(self) -> f64 {
        match self {
            Upstream::Scalar(weight) => weight,
            Upstream::Tensor(_) => panic!("a loss receives a scalar gradient"),
        }
    }
}

/// A loss: its value, in full precision, and its place on the tape.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// The value, in the loss's unit (nats for cross-entropy).
    pub value: f64,
    pub(crate) node: Option<NodeId>,
}

impl Loss {
    /// Where a walk from this loss starts, if it was recorded.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }
}

struct Node<E: Float, D: Device> {
    op: Option<Box<dyn Backward<E, D>>>,
    parameters: Vec<ParamId>,
}

/// A recorded forward pass over tensors of `E` on `D`.
pub struct Tape<E: Float, D: Device> {
    id: u64,
    device: D,
    recording: bool,
    draws: Option<(u64, u64)>,
    nodes: Vec<Node<E, D>>,
    /// The parameters that were used, where a part is run without being recorded.
    seen: BTreeSet<ParamId>,
    /// Whether an operation with parameters has no named rows, so that no walk can split its gradients by task.
    rowless: bool,
    freed: bool,
}

impl<E: Float, D: Device> Tape<E, D> {
    fn new(device: &D, recording: bool, draws: Option<(u64, u64)>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Tape {
            id,
            device: device.clone(),
            recording,
            draws,
            nodes: Vec::new(),
            seen: BTreeSet::new(),
            rowless: false,
            freed: false,
        }
    }

    /// For inference: nothing is kept, dropout is off.
    pub fn inference(device: &D) -> Self {
        Tape::new(device, false, None)
    }

    /// Records, with dropout off.
    pub fn recording(device: &D) -> Self {
        Tape::new(device, true, None)
    }

    /// Records, with dropout drawn from `(seed, step)`.
    pub fn training(device: &D, seed: u64, step: u64) -> Self {
        Tape::new(device, true, Some((seed, step)))
    }

    /// Keeps nothing, with dropout drawn from `(seed, step)`: the forward pass of a training step once more.
    pub fn unrecorded(device: &D, seed: u64, step: u64) -> Self {
        Tape::new(device, false, Some((seed, step)))
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Whether operations are kept for a walk.
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// The key of the draws of one random operation; `None` where dropout is off.
    pub fn draw_key(&self, op: u64) -> Option<DrawKey> {
        self.draws.map(|(seed, step)| DrawKey { seed, op, step })
    }

    /// How many operations are kept.
    pub fn len(&self) -> usize {
        self.nodes.iter().filter(|node| node.op.is_some()).count()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A tape with the same settings that keeps nothing but the keys of the parameters that are used.
    pub(crate) fn sibling(&self) -> Self {
        Tape::new(&self.device, false, self.draws)
    }

    /// The parameters that were used on a tape that keeps nothing.
    pub(crate) fn seen(&self) -> Vec<ParamId> {
        self.seen.iter().copied().collect()
    }

    /// Takes over that a part of the tape, run apart, has parameters without named rows.
    pub(crate) fn inherit_rows(&mut self, part: &Tape<E, D>) {
        self.rowless |= part.rowless;
    }

    /// The task of each sequence, if one walk can split the gradients of this tape by task: each sequence of the pack
    /// has one task, and every operation with parameters has named rows. Otherwise each task needs a walk of its own
    /// ([`Tape::walk_each`]).
    pub fn split(&self, pack: &Pack) -> Option<Vec<u32>> {
        if self.rowless { None } else { pack.single_tasks() }
    }

    /// Whether an operation with these inputs and learned parameters would be recorded: a gradient of it is wanted.
    pub(crate) fn records(&self, inputs: &[Option<NodeId>], parameters: &[ParamId]) -> bool {
        self.recording && (!parameters.is_empty() || inputs.iter().any(Option::is_some))
    }

    /// The settings that a [`sibling`](Tape::sibling) would copy.
    pub(crate) fn draws(&self) -> Option<(u64, u64)> {
        self.draws
    }

    /// A recording tape with given draws.
    pub(crate) fn with_draws(device: &D, draws: Option<(u64, u64)>) -> Self {
        Tape::new(device, true, draws)
    }

    /// Names a tensor as a place where walks can start or stop: its gradient is then known.
    pub fn watch<S: Shape>(&mut self, tensor: &Tensor<S, E, D>) -> Tensor<S, E, D> {
        let mut watched = tensor.clone();
        watched.node = self.push_node(None, Vec::new());
        watched
    }

    /// Records an operation that made `output`, unless recording is off or nothing behind it is learned: no walk
    /// then comes to it.
    ///
    /// `parameters` are the keys of the learned parameters whose gradients the operation hands over itself. A walk can
    /// split these by task only if the rows of `output` are named.
    pub fn record<S: Shape>(
        &mut self,
        mut output: Tensor<S, E, D>,
        inputs: &[Option<NodeId>],
        parameters: Vec<ParamId>,
        op: impl FnOnce() -> Box<dyn Backward<E, D>>,
    ) -> Tensor<S, E, D> {
        self.rowless |= !parameters.is_empty() && output.rows.is_none();
        output.node = if self.records(inputs, &parameters) {
            self.push_node(Some(op()), parameters)
        } else {
            self.seen.extend(parameters);
            None
        };
        output
    }

    /// Records a loss, unless recording is off or nothing behind it is learned.
    pub fn record_loss(
        &mut self,
        value: f64,
        input: Option<NodeId>,
        op: impl FnOnce() -> Box<dyn Backward<E, D>>,
    ) -> Loss {
        Loss {
            value,
            node: if self.records(&[input], &[]) { self.push_node(Some(op()), Vec::new()) } else { None },
        }
    }

    fn push_node(&mut self, op: Option<Box<dyn Backward<E, D>>>, parameters: Vec<ParamId>) -> Option<NodeId> {
        self.recording.then(|| {
            self.nodes.push(Node { op, parameters });
            NodeId { tape: self.id, index: self.nodes.len() - 1 }
        })
    }

    /// The node of an operation's input, checked to be of this tape.
    pub fn input<S: Shape>(
        &self,
        op: &'static str,
        x: &Tensor<S, E, D>,
    ) -> Result<Option<NodeId>, TensorError> {
        match x.node {
            Some(node) if node.tape != self.id => Err(TensorError::OtherTape { op }),
            node => Ok(node),
        }
    }

    /// How often each parameter is used by the recorded operations up to `last`.
    fn uses(&self, last: usize) -> BTreeMap<ParamId, usize> {
        let mut uses = BTreeMap::new();
        for id in self.nodes[..=last].iter().flat_map(|node| &node.parameters) {
            *uses.entry(*id).or_insert(0) += 1;
        }
        uses
    }
}
