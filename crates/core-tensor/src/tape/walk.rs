//! One backward walk.

use super::delivery::{Delivery, Inside};
use super::kept::{KeptGradients, KeptProduct, Part, Replay, RowProduct, runs};
use super::{Gradient, GradientSink, Loss, NodeId, Tape, Upstream};
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Rows;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::BTreeSet;
use std::ops::Range;

/// Where a walk starts.
#[derive(Debug)]
pub enum Seed<E: Float, D: Device> {
    /// At a loss, with a weight.
    Loss(NodeId, f64),
    /// At a tensor, with its gradient.
    Gradient(NodeId, D::Buffer<E>),
}

impl<E: Float, D: Device> Seed<E, D> {
    /// Starts at a loss. Errors if it was not recorded.
    pub fn loss(loss: &Loss, weight: f64) -> Result<Self, TensorError> {
        Ok(Seed::Loss(loss.node().ok_or(TensorError::NotRecorded)?, weight))
    }

    /// Starts at a tensor with its gradient. Errors if it was not recorded.
    pub fn gradient<S: Shape>(tensor: &Tensor<S, E, D>, gradient: D::Buffer<E>) -> Result<Self, TensorError> {
        Ok(Seed::Gradient(tensor.node().ok_or(TensorError::NotRecorded)?, gradient))
    }
}

/// What a walk does.
#[derive(Debug)]
pub struct WalkPlan<'a, E: Float, D: Device> {
    /// Where it starts; several starts add up.
    pub seeds: Vec<Seed<E, D>>,
    /// Tensors beyond which it does not go; their gradients are its answer.
    pub stop_at: &'a [NodeId],
    /// The task of each sequence of the pack, to split weight gradients by task in this one walk.
    ///
    /// Valid only if each sequence has one task and no operation mixes sequences; see [`Tape::split`].
    pub split: Option<&'a [u32]>,
    /// Whether this is the last walk: what the tape kept is freed on the way.
    pub last: bool,
}

impl<E: Float, D: Device> WalkPlan<'_, E, D> {
    /// The only walk, from losses with weights.
    pub fn only(losses: &[(Loss, f64)]) -> Result<Self, TensorError> {
        let seeds =
            losses.iter().map(|(loss, weight)| Seed::loss(loss, *weight)).collect::<Result<_, _>>()?;
        Ok(WalkPlan { seeds, stop_at: &[], split: None, last: true })
    }
}

/// A walk under way, as an operation's backward pass sees it.
pub struct Walk<'a, E: Float, D: Device> {
    lanes: Vec<Lane<E, D>>,
    /// Whose turn it is.
    lane: usize,
    split: Option<&'a [u32]>,
    /// The parameters of which something is kept.
    keeping: Option<&'a BTreeSet<ParamId>>,
    kept: Vec<Part<E, D>>,
    delivery: Delivery<'a, E::Master, D>,
}

/// What a walk leaves.
pub(super) struct Walked<E: Float, D: Device> {
    /// The gradients at the stops, for each lane.
    pub(super) stopped: Vec<Vec<Option<D::Buffer<E>>>>,
    pub(super) kept: Vec<Part<E, D>>,
}

/// Gradients on their way back. A plain walk has one lane; walks that go in step have one each.
struct Lane<E: Float, D: Device> {
    /// The task that all its gradients are of.
    task: Option<u32>,
    gradients: Vec<Option<Upstream<E, D>>>,
    stopped: Vec<Option<D::Buffer<E>>>,
}

impl<E: Float, D: Device> Lane<E, D> {
    fn add(&mut self, device: &D, node: NodeId, gradient: D::Buffer<E>) {
        let slot = &mut self.gradients[node.index];
        *slot = Some(match slot.take() {
            None => Upstream::Tensor(gradient),
            Some(kept) => {
                let mut sum = kept.tensor();
                device.axpy(&mut sum, 1.0, &gradient);
                Upstream::Tensor(sum)
            }
        });
    }

    fn start(&mut self, device: &D, seed: Seed<E, D>) {
        match seed {
            Seed::Gradient(node, gradient) => self.add(device, node, gradient),
            Seed::Loss(node, weight) => {
                let slot = &mut self.gradients[node.index];
                let before = slot.take().map_or(0.0, Upstream::scalar);
                *slot = Some(Upstream::Scalar(before + weight));
            }
        }
    }
}

impl<'a, E: Float, D: Device> Walk<'a, E, D> {
    /// The device.
    pub fn device(&self) -> &D {
        &self.delivery.device
    }

    /// Adds the gradient of an operation's input.
    pub fn add(&mut self, input: Option<NodeId>, gradient: D::Buffer<E>) {
        if let Some(node) = input {
            self.lanes[self.lane].add(&self.delivery.device, node, gradient);
        }
    }

    /// Hands over a parameter's gradient as a sum over rows: `f` gives the part of a range of rows.
    ///
    /// In a walk that splits by task it is called for each run of rows of one task; otherwise once.
    pub fn parameter_rows(
        &mut self,
        parameter: ParamId,
        n_rows: usize,
        rows: Option<&Rows>,
        f: &mut dyn FnMut(&D, Range<usize>) -> Gradient<E::Master, D>,
    ) {
        let keeps = self.keeps(&[parameter]);
        let mut kept = Vec::new();
        for (task, range) in runs(self.split, n_rows, rows) {
            let gradient = f(self.device(), range);
            if keeps {
                kept.push((task, gradient.duplicate(self.device())));
            }
            self.delivery.accept(parameter, task.or(self.lanes[self.lane].task), gradient);
        }
        self.keep(&[parameter], || Box::new(KeptGradients { parameter, runs: kept }));
    }

    /// The same for a large parameter: a walk that keeps keeps what the product is made of.
    pub(crate) fn parameter_product(
        &mut self,
        parameter: ParamId,
        n_rows: usize,
        rows: Option<&Rows>,
        product: impl RowProduct<E, D> + 'static,
    ) {
        for (task, range) in runs(self.split, n_rows, rows) {
            let gradient = product.over(self.device(), range);
            self.delivery.accept(parameter, task.or(self.lanes[self.lane].task), gradient);
        }
        self.keep(&[parameter], || {
            Box::new(KeptProduct { parameter, n_rows, rows: rows.cloned(), product: Box::new(product) })
        });
    }

    /// Whether the walk keeps something of an operation with these parameters.
    pub(crate) fn keeps(&self, parameters: &[ParamId]) -> bool {
        self.keeping.is_some_and(|keeping| parameters.iter().any(|id| keeping.contains(id)))
    }

    /// Keeps something of an operation with these parameters, where the walk keeps them.
    pub(crate) fn keep(&mut self, parameters: &[ParamId], part: impl FnOnce() -> Box<dyn Replay<E, D>>) {
        if self.keeps(parameters) {
            self.kept.push((parameters.to_vec(), part()));
        }
    }

    /// The split and the sink, for a walk inside this one.
    pub(crate) fn inside(&mut self) -> (Option<&'a [u32]>, Inside<'_, 'a, E::Master, D>) {
        let last = self.lane + 1 == self.lanes.len();
        (self.split, self.delivery.inside(self.lanes[self.lane].task, last))
    }
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Walks back once. Returns the gradients at the tensors of `stop_at`, in that order; `None` for one that no
    /// gradient reached.
    ///
    /// Errors if a seed or a stop was not recorded here, if an earlier walk was the last, or if the walk is to split by
    /// task and the tape cannot be split.
    pub fn walk(
        &mut self,
        plan: WalkPlan<'_, E, D>,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<Vec<Option<D::Buffer<E>>>, TensorError> {
        let lanes = vec![(None, plan.seeds)];
        let mut walked = self.walk_lanes(lanes, plan.stop_at, plan.split, plan.last, None, sink)?;
        Ok(walked.stopped.pop().expect("a plain walk has one lane"))
    }

    /// One walk for each task's seeds, operation by operation in step, so that the sink has all tasks' gradients of
    /// a parameter before those of the next. Returns the gradients at `stop_at` for each task.
    ///
    /// Gives what a split walk gives, for any labels of the sequences, at the price of a walk for each task. The
    /// index of the seeds is the task.
    ///
    /// Errors as [`Tape::walk`] does.
    pub fn walk_each(
        &mut self,
        seeds: Vec<Vec<Seed<E, D>>>,
        stop_at: &[NodeId],
        last: bool,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<Vec<Vec<Option<D::Buffer<E>>>>, TensorError> {
        let lanes = seeds.into_iter().enumerate().map(|(task, seeds)| (Some(task as u32), seeds)).collect();
        Ok(self.walk_lanes(lanes, stop_at, None, last, None, sink)?.stopped)
    }

    /// The walk that all walks are: several lanes in step, split or not, keeping or not.
    pub(super) fn walk_lanes<'a>(
        &mut self,
        starts: Vec<(Option<u32>, Vec<Seed<E, D>>)>,
        stop_at: &[NodeId],
        split: Option<&'a [u32]>,
        last: bool,
        keeping: Option<&'a BTreeSet<ParamId>>,
        sink: &'a mut dyn GradientSink<E::Master, D>,
    ) -> Result<Walked<E, D>, TensorError> {
        if split.is_some() && self.rowless {
            return Err(TensorError::CannotSplit);
        }
        let first = self.latest_start(&starts, stop_at)?;
        let lane = |(task, seeds): (_, Vec<_>)| {
            let (gradients, stopped) = ((0..=first).map(|_| None).collect(), stop_at.iter().map(|_| None));
            let mut lane = Lane { task, gradients, stopped: stopped.collect() };
            seeds.into_iter().for_each(|seed| lane.start(self.device(), seed));
            lane
        };
        let lanes = starts.into_iter().map(lane).collect();
        let delivery = Delivery::new(self.device(), sink, self.uses(first));
        let mut walk = Walk { lanes, lane: 0, split, keeping, kept: Vec::new(), delivery };
        if last {
            self.freed = true;
            self.nodes[first + 1..].iter_mut().for_each(|node| node.op = None);
        }
        for index in (0..=first).rev() {
            for lane in 0..walk.lanes.len() {
                walk.lane = lane;
                self.visit(index, stop_at, &mut walk)?;
            }
            walk.delivery.end(&self.nodes[index].parameters);
            if last {
                self.nodes[index].op = None;
            }
        }
        walk.delivery.close();
        Ok(Walked { stopped: walk.lanes.into_iter().map(|lane| lane.stopped).collect(), kept: walk.kept })
    }

    /// One operation in one lane.
    fn visit(&self, index: usize, stop_at: &[NodeId], walk: &mut Walk<'_, E, D>) -> Result<(), TensorError> {
        let lane = &mut walk.lanes[walk.lane];
        let Some(upstream) = lane.gradients[index].take() else { return Ok(()) };
        if let Some(at) = stop_at.iter().position(|node| node.index == index) {
            lane.stopped[at] = Some(upstream.tensor());
            return Ok(());
        }
        self.nodes[index].op.as_ref().map_or(Ok(()), |op| op.backward(upstream, walk))
    }

    /// The index of the latest seed.
    fn latest_start(
        &self,
        starts: &[(Option<u32>, Vec<Seed<E, D>>)],
        stop_at: &[NodeId],
    ) -> Result<usize, TensorError> {
        let seeds = starts.iter().flat_map(|(_, seeds)| seeds).map(|seed| match seed {
            Seed::Loss(node, _) | Seed::Gradient(node, _) => *node,
        });
        let all = seeds.clone().chain(stop_at.iter().copied());
        if self.freed || all.into_iter().any(|node| node.tape != self.id) {
            return Err(TensorError::NotRecorded);
        }
        seeds.map(|node| node.index).max().ok_or(TensorError::NotRecorded)
    }
}
