//! The gradients of each task apart: kept whole, or one parameter at a time.

use super::{Gradient, GradientSink, Gradients};
use crate::device::Device;
use crate::element::Real;
use crate::error::{TensorError, check};
use crate::param::ParamId;
use std::collections::{BTreeMap, BTreeSet};

/// Keeps the gradients of each task apart, over any number of walks and packs.
#[derive(Debug)]
pub struct PerTaskGradients<M: Real, D: Device> {
    /// The gradients of task `t` at index `t`.
    pub tasks: Vec<Gradients<M, D>>,
}

impl<M: Real, D: Device> PerTaskGradients<M, D> {
    /// No gradients of `n_tasks` tasks.
    pub fn new(n_tasks: usize) -> Self {
        PerTaskGradients { tasks: (0..n_tasks).map(|_| Gradients::new()).collect() }
    }

    /// The dot products of the tasks' gradients over the `shared` parameters, summed in f64 in a fixed order.
    ///
    /// # Shapes
    /// result: `(tasks, tasks)`, row-major, symmetric; rows of zeros for tasks without gradients.
    pub fn gram(&self, device: &D, shared: &BTreeSet<ParamId>) -> Vec<f64> {
        let mut gram = vec![0.0; self.tasks.len() * self.tasks.len()];
        for id in shared {
            let of_task: Vec<_> = self.tasks.iter().map(|gradients| gradients.get(*id)).collect();
            gram.iter_mut().zip(dot_products(device, &of_task)).for_each(|(sum, dot)| *sum += dot);
        }
        gram
    }

    /// The sum over tasks of weights\[t\] times task t's gradient where a parameter is `shared`; of the other
    /// parameters the plain sum, which is their own task's gradient. Frees each task's gradients on the way.
    ///
    /// # Shapes
    /// weights: `(tasks,)`.
    ///
    /// Errors if there is another number of weights.
    pub fn weigh(
        mut self,
        device: &D,
        weights: &[f64],
        shared: &BTreeSet<ParamId>,
    ) -> Result<Gradients<M, D>, TensorError> {
        check("weigh", "weights", &[self.tasks.len()], &[weights.len()])?;
        let ids: BTreeSet<ParamId> = self.tasks.iter().flat_map(|t| t.iter().map(|(id, _)| id)).collect();
        let (mut sum, ones) = (Gradients::new(), vec![1.0; weights.len()]);
        for id in ids {
            let of_task = self.tasks.iter_mut().map(|gradients| gradients.take(id)).collect();
            let weights = if shared.contains(&id) { weights } else { &ones };
            if let Some(gradient) = weighted_sum(device, of_task, weights) {
                sum.add(device, id, gradient);
            }
        }
        Ok(sum)
    }
}

impl<M: Real, D: Device> GradientSink<M, D> for PerTaskGradients<M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        let task = task.expect("a walk into per-task gradients splits by task");
        self.tasks[task as usize].add(device, parameter, gradient);
    }
}

/// Every pair's dot product, `(tasks, tasks)`; zero where a task has no gradient.
pub(super) fn dot_products<M: Real, D: Device>(device: &D, of_task: &[Option<&Gradient<M, D>>]) -> Vec<f64> {
    let n_tasks = of_task.len();
    let mut gram = vec![0.0; n_tasks * n_tasks];
    for a in 0..n_tasks {
        for b in a..n_tasks {
            let pair = of_task[a].zip(of_task[b]);
            let dot = pair.map_or(0.0, |(x, y)| x.dot(device, y));
            (gram[a * n_tasks + b], gram[b * n_tasks + a]) = (dot, dot);
        }
    }
    gram
}

/// The sum of each task's gradient times its weight, task by task.
pub(super) fn weighted_sum<M: Real, D: Device>(
    device: &D,
    of_task: Vec<Option<Gradient<M, D>>>,
    weights: &[f64],
) -> Option<Gradient<M, D>> {
    let mut sum: Option<Gradient<M, D>> = None;
    for (gradient, &weight) in of_task.into_iter().zip(weights) {
        let Some(mut gradient) = gradient else { continue };
        sum = Some(match sum {
            Some(sum) => sum.add_scaled(device, weight, gradient),
            None => {
                device.scale(gradient.values_mut(), weight);
                gradient
            }
        });
    }
    sum
}

/// The tasks' gradients of the parameters that are not finished yet.
#[derive(Debug)]
pub(super) struct Pending<M: Real, D: Device> {
    n_tasks: usize,
    by_parameter: BTreeMap<ParamId, Vec<Option<Gradient<M, D>>>>,
}

impl<M: Real, D: Device> Pending<M, D> {
    pub(super) fn new(n_tasks: usize) -> Self {
        Pending { n_tasks, by_parameter: BTreeMap::new() }
    }

    pub(super) fn add(
        &mut self,
        device: &D,
        parameter: ParamId,
        task: Option<u32>,
        gradient: Gradient<M, D>,
    ) {
        let task = task.expect("a walk that tells tasks apart names the task of each gradient") as usize;
        let none = || (0..self.n_tasks).map(|_| None).collect();
        let slot = &mut self.by_parameter.entry(parameter).or_insert_with(none)[task];
        *slot = Some(match slot.take() {
            Some(kept) => kept.add(device, gradient),
            None => gradient,
        });
    }

    /// Each task's gradient of a parameter; nothing if none came.
    pub(super) fn take(&mut self, parameter: ParamId) -> Vec<Option<Gradient<M, D>>> {
        self.by_parameter.remove(&parameter).unwrap_or_default()
    }
}

/// Adds up the tasks' gradients of each parameter with weights, as soon as it is finished.
pub(super) struct Weighing<'a, M: Real, D: Device> {
    weights: &'a [f64],
    pending: Pending<M, D>,
    sink: &'a mut dyn GradientSink<M, D>,
}

impl<'a, M: Real, D: Device> Weighing<'a, M, D> {
    pub(super) fn new(weights: &'a [f64], sink: &'a mut dyn GradientSink<M, D>) -> Self {
        Weighing { weights, pending: Pending::new(weights.len()), sink }
    }
}

impl<M: Real, D: Device> GradientSink<M, D> for Weighing<'_, M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        self.pending.add(device, parameter, task, gradient);
    }

    fn finished(&mut self, device: &D, parameter: ParamId) {
        if let Some(sum) = weighted_sum(device, self.pending.take(parameter), self.weights) {
            self.sink.accept(device, parameter, None, sum);
            self.sink.finished(device, parameter);
        }
    }
}
