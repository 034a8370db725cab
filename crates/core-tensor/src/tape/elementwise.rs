//! All tasks' gradients of one parameter at a time, element by element.

use super::per_task::Pending;
use super::{Gradient, GradientSink, Gradients};
use crate::device::Device;
use crate::element::Real;
use crate::param::ParamId;
use std::collections::BTreeSet;

/// The gradients of all tasks at the same elements of one parameter.
#[derive(Debug)]
pub struct TaskElements<'a, M> {
    /// The parameter.
    pub parameter: ParamId,
    /// Of an embedding table, the rows that any task looked up, ascending, and how long a row is. All other
    /// elements are zero for every task.
    pub rows: Option<(&'a [u32], usize)>,
    /// One gradient a task, of one length, `(tasks,)`; zeros for a task without.
    pub tasks: &'a [Vec<M>],
}

/// Turns the tasks' gradients of each parameter into one as soon as it is finished: what elementwise methods such as
/// GradDrop need.
///
/// For one walk that tells tasks apart, over one pack: split by task, or [`Tape::walk_each`](super::Tape::walk_each).
/// Parameters outside the set keep the sum of what comes: their own task's gradient.
pub struct ElementwiseSink<'a, M: Real, D: Device, F: FnMut(TaskElements<'_, M>) -> Vec<M>> {
    parameters: &'a BTreeSet<ParamId>,
    pending: Pending<M, D>,
    combined: Gradients<M, D>,
    combine: F,
}

impl<'a, M: Real, D: Device, F: FnMut(TaskElements<'_, M>) -> Vec<M>> ElementwiseSink<'a, M, D, F> {
    /// Combines the gradients of `n_tasks` tasks of these parameters by `combine`, which gives one gradient of the
    /// length that it is given.
    pub fn new(n_tasks: usize, parameters: &'a BTreeSet<ParamId>, combine: F) -> Self {
        let pending = Pending::new(n_tasks);
        ElementwiseSink { parameters, pending, combined: Gradients::new(), combine }
    }

    /// The combined gradients, and the other parameters' own.
    pub fn into_gradients(self) -> Gradients<M, D> {
        self.combined
    }
}

impl<M: Real, D: Device, F> GradientSink<M, D> for ElementwiseSink<'_, M, D, F>
where
    F: FnMut(TaskElements<'_, M>) -> Vec<M>,
{
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        if self.parameters.contains(&parameter) {
            self.pending.add(device, parameter, task, gradient);
        } else {
            self.combined.add(device, parameter, gradient);
        }
    }

    fn finished(&mut self, device: &D, parameter: ParamId) {
        let of_task = self.pending.take(parameter);
        let Some(first) = of_task.iter().flatten().next() else { return };
        let layout = Layout::of(first, &of_task);
        let tasks: Vec<Vec<M>> =
            of_task.iter().map(|gradient| layout.values(device, gradient.as_ref())).collect();
        let rows = layout.rows.as_ref().map(|(rows, width)| (rows.as_slice(), *width));
        let values = (self.combine)(TaskElements { parameter, rows, tasks: &tasks });
        assert_eq!(values.len(), layout.len, "a combined gradient has the length of the tasks' gradients");
        let values = device.upload(&values);
        let gradient = match layout.rows {
            Some((rows, width)) => Gradient::Rows { rows, width, values },
            None => Gradient::Dense(values),
        };
        self.combined.add(device, parameter, gradient);
    }
}

/// Which elements all tasks' gradients are laid out over.
struct Layout {
    rows: Option<(Vec<u32>, usize)>,
    len: usize,
}

impl Layout {
    /// Every element if a task has a dense gradient; otherwise the union of the rows.
    fn of<M: Real, D: Device>(first: &Gradient<M, D>, of_task: &[Option<Gradient<M, D>>]) -> Layout {
        let mut union = BTreeSet::new();
        for gradient in of_task.iter().flatten() {
            match gradient {
                Gradient::Dense(values) => return Layout { rows: None, len: D::len(values) },
                Gradient::Rows { rows, .. } => union.extend(rows),
            }
        }
        let Gradient::Rows { width, .. } = first else { unreachable!("dense gradients returned above") };
        Layout { len: union.len() * width, rows: Some((union.into_iter().collect(), *width)) }
    }

    /// A task's gradient over these elements, on the host.
    fn values<M: Real, D: Device>(&self, device: &D, gradient: Option<&Gradient<M, D>>) -> Vec<M> {
        match (gradient, &self.rows) {
            (None, _) => vec![M::ZERO; self.len],
            (Some(Gradient::Rows { rows: own, values, .. }), Some((rows, width))) => {
                let (mut all, values) = (vec![M::ZERO; self.len], device.download(values));
                for (row, source) in own.iter().zip(values.chunks_exact(*width)) {
                    let place = rows.binary_search(row).expect("the union holds each task's rows");
                    all[place * width..][..*width].copy_from_slice(source);
                }
                all
            }
            (Some(gradient), _) => gradient.to_dense(device, self.len),
        }
    }
}
