//! Between a walk and its sink: which parameters are still to come.

use super::{Gradient, GradientSink};
use crate::device::Device;
use crate::element::Real;
use crate::param::ParamId;
use std::collections::{BTreeMap, BTreeSet};

/// Hands gradients on, and tells the sink when nothing more will come for a parameter.
pub(super) struct Delivery<'a, M: Real, D: Device> {
    pub(super) device: D,
    sink: &'a mut dyn GradientSink<M, D>,
    /// How many operations that use a parameter are still to come.
    uses: BTreeMap<ParamId, usize>,
    /// The parameters that something came for and that are not finished.
    accepted: BTreeSet<ParamId>,
    /// The parameters whose use by the present operation a walk inside it has ended already.
    ended_inside: BTreeSet<ParamId>,
}

impl<'a, M: Real, D: Device> Delivery<'a, M, D> {
    pub(super) fn new(
        device: &D,
        sink: &'a mut dyn GradientSink<M, D>,
        uses: BTreeMap<ParamId, usize>,
    ) -> Self {
        let (accepted, ended_inside) = (BTreeSet::new(), BTreeSet::new());
        Delivery { device: device.clone(), sink, uses, accepted, ended_inside }
    }

    pub(super) fn accept(&mut self, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        self.accepted.insert(parameter);
        self.sink.accept(&self.device, parameter, task, gradient);
    }

    /// An operation that uses these parameters is done.
    pub(super) fn end(&mut self, parameters: &[ParamId]) {
        let inside = std::mem::take(&mut self.ended_inside);
        parameters.iter().filter(|id| !inside.contains(id)).for_each(|id| self.end_use(*id));
    }

    fn end_use(&mut self, parameter: ParamId) {
        let left =
            self.uses.get_mut(&parameter).expect("a recorded operation counts the uses of its parameters");
        *left -= 1;
        if *left == 0 && self.accepted.remove(&parameter) {
            self.sink.finished(&self.device, parameter);
        }
    }

    /// The walk is over: what is left is finished.
    pub(super) fn close(self) {
        self.accepted.into_iter().for_each(|id| self.sink.finished(&self.device, id));
    }

    /// The sink of a walk inside the present operation, whose gradients are of `task`. Only the last such walk of
    /// an operation ends uses.
    pub(super) fn inside(&mut self, task: Option<u32>, last: bool) -> Inside<'_, 'a, M, D> {
        Inside { delivery: self, task, last }
    }
}

/// The sink of a walk inside an operation of another walk.
pub(crate) struct Inside<'w, 'a, M: Real, D: Device> {
    delivery: &'w mut Delivery<'a, M, D>,
    task: Option<u32>,
    last: bool,
}

impl<M: Real, D: Device> GradientSink<M, D> for Inside<'_, '_, M, D> {
    fn accept(&mut self, _device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        // A parameter that was frozen when the part was recorded has no gradient, though it learns again by now.
        if self.delivery.uses.contains_key(&parameter) {
            self.delivery.accept(parameter, task.or(self.task), gradient);
        }
    }

    fn finished(&mut self, _device: &D, parameter: ParamId) {
        let recorded = self.delivery.uses.contains_key(&parameter);
        if self.last && recorded && self.delivery.ended_inside.insert(parameter) {
            self.delivery.end_use(parameter);
        }
    }
}

/// Lets through the gradients of some parameters only.
pub(super) struct Only<'a, M: Real, D: Device> {
    pub(super) parameters: &'a BTreeSet<ParamId>,
    pub(super) sink: &'a mut dyn GradientSink<M, D>,
}

impl<M: Real, D: Device> GradientSink<M, D> for Only<'_, M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        if self.parameters.contains(&parameter) {
            self.sink.accept(device, parameter, task, gradient);
        }
    }

    fn finished(&mut self, device: &D, parameter: ParamId) {
        if self.parameters.contains(&parameter) {
            self.sink.finished(device, parameter);
        }
    }
}
