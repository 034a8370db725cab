//! The Gram matrix of the tasks' gradients, one parameter at a time.

use super::per_task::{Pending, dot_products, weighted_sum};
use super::{Gradient, GradientSink, Gradients};
use crate::device::Device;
use crate::element::Real;
use crate::param::ParamId;
use std::collections::{BTreeMap, BTreeSet};

/// Which gradients a [`GramSink`] keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Of the parameters outside the Gram matrix: task-specific ones get their own task's gradient.
    Others,
    /// Of all parameters, summed over the tasks: for methods that only measure, such as GradNorm.
    All,
    /// None.
    Nothing,
}

/// Takes the dot products of the tasks' gradients of one parameter when it is finished, and frees them.
///
/// For one walk that tells tasks apart, over one pack: split by task, or [`Tape::walk_each`](super::Tape::walk_each).
/// Where a step has several packs, a task's gradient is the sum over them and the Gram matrix of the step is not the
/// sum of the packs' matrices: keep [`PerTaskGradients`](super::PerTaskGradients) over the packs instead. At most
/// one operation's parameters are held at a time (those that several operations share until the last of these).
///
/// The dot products are summed in f64, by parameter in the order of the keys: the same bits at any thread count.
#[derive(Debug)]
pub struct GramSink<'a, M: Real, D: Device> {
    n_tasks: usize,
    parameters: &'a BTreeSet<ParamId>,
    keep: Keep,
    pending: Pending<M, D>,
    by_parameter: BTreeMap<ParamId, Vec<f64>>,
    kept: Gradients<M, D>,
}

impl<'a, M: Real, D: Device> GramSink<'a, M, D> {
    /// A Gram matrix of `n_tasks` tasks over these parameters.
    pub fn new(n_tasks: usize, parameters: &'a BTreeSet<ParamId>, keep: Keep) -> Self {
        let (pending, by_parameter) = (Pending::new(n_tasks), BTreeMap::new());
        GramSink { n_tasks, parameters, keep, pending, by_parameter, kept: Gradients::new() }
    }

    /// The dot products.
    ///
    /// # Shapes
    /// result: `(tasks, tasks)`, row-major, symmetric; rows of zeros for tasks without gradients.
    pub fn gram(&self) -> Vec<f64> {
        let mut gram = vec![0.0; self.n_tasks * self.n_tasks];
        for dots in self.by_parameter.values() {
            gram.iter_mut().zip(dots).for_each(|(sum, dot)| *sum += dot);
        }
        gram
    }

    /// The norm of each task's gradient: the root of the Gram matrix's diagonal. `(tasks,)`
    pub fn norms(&self) -> Vec<f64> {
        self.gram().iter().step_by(self.n_tasks + 1).map(|square| square.sqrt()).collect()
    }

    /// The gradients that were kept.
    pub fn into_gradients(self) -> Gradients<M, D> {
        self.kept
    }
}

impl<M: Real, D: Device> GradientSink<M, D> for GramSink<'_, M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        if self.parameters.contains(&parameter) {
            self.pending.add(device, parameter, task, gradient);
        } else if self.keep != Keep::Nothing {
            self.kept.add(device, parameter, gradient);
        }
    }

    fn finished(&mut self, device: &D, parameter: ParamId) {
        let of_task = self.pending.take(parameter);
        if of_task.is_empty() {
            return;
        }
        let borrowed: Vec<_> = of_task.iter().map(Option::as_ref).collect();
        let before = self.by_parameter.insert(parameter, dot_products(device, &borrowed));
        assert!(before.is_none(), "a Gram sink is for one walk: {parameter:?} was finished twice");
        if self.keep == Keep::All
            && let Some(sum) = weighted_sum(device, of_task, &vec![1.0; self.n_tasks])
        {
            self.kept.add(device, parameter, sum);
        }
    }
}
