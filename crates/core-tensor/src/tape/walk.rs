//! One backward walk.

use super::{Gradient, GradientSink, Loss, NodeId, Tape, Upstream};
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Rows;
use crate::param::ParamId;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Valid only if each sequence has one task and no operation mixes sequences; see [`crate::Pack::single_tasks`].
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
    device: D,
    gradients: Vec<Option<Upstream<E, D>>>,
    split: Option<&'a [u32]>,
    sink: &'a mut dyn GradientSink<E::Master, D>,
    accepted: BTreeSet<ParamId>,
}

impl<'a, E: Float, D: Device> Walk<'a, E, D> {
    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Adds the gradient of an operation's input.
    pub fn add(&mut self, input: Option<NodeId>, gradient: D::Buffer<E>) {
        let Some(node) = input else { return };
        let slot = &mut self.gradients[node.index];
        *slot = Some(match slot.take() {
            None => Upstream::Tensor(gradient),
            Some(kept) => {
                let mut sum = kept.tensor();
                self.device.axpy(&mut sum, 1.0, &gradient);
                Upstream::Tensor(sum)
            }
        });
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
        let runs = match (self.split, rows) {
            (Some(task_of), Some(rows)) => {
                rows.runs(task_of).into_iter().map(|(t, r)| (Some(t), r)).collect()
            }
            _ => vec![(None, 0..n_rows)],
        };
        for (task, range) in runs {
            let gradient = f(&self.device, range);
            self.sink.accept(&self.device, parameter, task, gradient);
        }
        self.accepted.insert(parameter);
    }

    /// The split and the sink, for a walk inside this one.
    pub(crate) fn inner(&mut self) -> (Option<&'a [u32]>, &mut dyn GradientSink<E::Master, D>) {
        (self.split, &mut *self.sink)
    }

    fn start(&mut self, seed: Seed<E, D>) {
        match seed {
            Seed::Gradient(node, gradient) => self.add(Some(node), gradient),
            Seed::Loss(node, weight) => {
                let slot = &mut self.gradients[node.index];
                let before = slot.take().map_or(0.0, Upstream::scalar);
                *slot = Some(Upstream::Scalar(before + weight));
            }
        }
    }

    fn finish(&mut self, uses: &mut BTreeMap<ParamId, usize>, parameters: &[ParamId]) {
        for id in parameters {
            let left = uses.get_mut(id).expect("a recorded operation counts the uses of its parameters");
            *left -= 1;
            if *left == 0 && self.accepted.remove(id) {
                self.sink.finished(&self.device, *id);
            }
        }
    }
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Walks back once. Returns the gradients at the tensors of `stop_at`, in that order; `None` for one that no
    /// gradient reached.
    ///
    /// Errors if a seed or a stop was not recorded here, or if an earlier walk was the last.
    pub fn walk(
        &mut self,
        plan: WalkPlan<'_, E, D>,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<Vec<Option<D::Buffer<E>>>, TensorError> {
        let first = self.check_plan(&plan)?;
        let gradients = (0..=first).map(|_| None).collect();
        let device = self.device.clone();
        let mut walk = Walk { device, gradients, split: plan.split, sink, accepted: BTreeSet::new() };
        plan.seeds.into_iter().for_each(|seed| walk.start(seed));
        let mut uses = self.uses(first);
        if plan.last {
            self.freed = true;
            self.nodes[first + 1..].iter_mut().for_each(|node| node.op = None);
        }
        let mut stopped: Vec<Option<D::Buffer<E>>> = plan.stop_at.iter().map(|_| None).collect();
        for index in (0..=first).rev() {
            let upstream = walk.gradients[index].take();
            let stop = plan.stop_at.iter().position(|node| node.index == index);
            match (stop, upstream) {
                (Some(at), upstream) => stopped[at] = upstream.map(Upstream::tensor),
                (None, Some(upstream)) => {
                    if let Some(op) = &self.nodes[index].op {
                        op.backward(upstream, &mut walk)?;
                    }
                }
                (None, None) => {}
            }
            walk.finish(&mut uses, &self.nodes[index].parameters);
            if plan.last {
                self.nodes[index].op = None;
            }
        }
        let left = std::mem::take(&mut walk.accepted);
        left.into_iter().for_each(|id| walk.sink.finished(&walk.device, id));
        Ok(stopped)
    }

    /// The index of the latest seed.
    fn check_plan(&self, plan: &WalkPlan<'_, E, D>) -> Result<usize, TensorError> {
        let starts = plan.seeds.iter().map(|seed| match seed {
            Seed::Loss(node, _) | Seed::Gradient(node, _) => *node,
        });
        let all = starts.clone().chain(plan.stop_at.iter().copied());
        if self.freed || all.into_iter().any(|node| node.tape != self.id) {
            return Err(TensorError::NotRecorded);
        }
        starts.map(|node| node.index).max().ok_or(TensorError::NotRecorded)
    }
}
