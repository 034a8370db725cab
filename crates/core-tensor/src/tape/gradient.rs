//! Gradients of parameters, and who takes them.

use crate::device::Device;
use crate::element::Real;
use crate::param::ParamId;
use std::collections::BTreeMap;

/// The gradient of one parameter.
#[derive(Debug)]
pub enum Gradient<M: Real, D: Device> {
    /// One number for each of the parameter's.
    Dense(D::Buffer<M>),
    /// Of an embedding table, only the rows that were looked up.
    Rows {
        /// The rows, ascending and unique.
        rows: Vec<u32>,
        /// How long a row is.
        width: usize,
        /// The rows' gradients, `(rows.len(), width)`.
        values: D::Buffer<M>,
    },
}

impl<M: Real, D: Device> Gradient<M, D> {
    /// The numbers that are kept: all, or those of the kept rows.
    pub fn values(&self) -> &D::Buffer<M> {
        match self {
            Gradient::Dense(values) | Gradient::Rows { values, .. } => values,
        }
    }

    /// The numbers that are kept, to be changed.
    pub fn values_mut(&mut self) -> &mut D::Buffer<M> {
        match self {
            Gradient::Dense(values) | Gradient::Rows { values, .. } => values,
        }
    }

    /// Adds another gradient of the same parameter to this one.
    pub fn add(self, device: &D, other: Gradient<M, D>) -> Gradient<M, D> {
        match (self, other) {
            (Gradient::Dense(mut a), Gradient::Dense(b)) => {
                device.axpy(&mut a, 1.0, &b);
                Gradient::Dense(a)
            }
            (Gradient::Rows { rows: a, width, values: x }, Gradient::Rows { rows: b, values: y, .. }) => {
                let (rows, values) = device.merge_rows(width, (&a, &x), (&b, &y));
                Gradient::Rows { rows, width, values }
            }
            (Gradient::Dense(mut a), Gradient::Rows { rows, width, values })
            | (Gradient::Rows { rows, width, values }, Gradient::Dense(mut a)) => {
                device.scatter_add(&mut a, &values, &rows, width);
                Gradient::Dense(a)
            }
        }
    }

    /// All the parameter's numbers on the host; rows that were not looked up are zero.
    pub fn to_dense(&self, device: &D, len: usize) -> Vec<M> {
        match self {
            Gradient::Dense(values) => device.download(values),
            Gradient::Rows { rows, width, values } => {
                let (mut dense, values) = (vec![M::ZERO; len], device.download(values));
                for (row, source) in rows.iter().zip(values.chunks_exact(*width)) {
                    dense[*row as usize * width..][..*width].copy_from_slice(source);
                }
                dense
            }
        }
    }
}

/// Takes gradients while a walk finds them.
pub trait GradientSink<M: Real, D: Device> {
    /// Takes a part of a parameter's gradient; parts of one parameter add up. `task` is given in a walk that
    /// splits by task.
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>);

    /// Told when nothing more will come for a parameter in this walk.
    fn finished(&mut self, _device: &D, _parameter: ParamId) {}
}

/// The plain sink: the sum of all that comes, by parameter.
#[derive(Debug)]
pub struct Gradients<M: Real, D: Device> {
    by_parameter: BTreeMap<ParamId, Gradient<M, D>>,
}

impl<M: Real, D: Device> Default for Gradients<M, D> {
    fn default() -> Self {
        Gradients { by_parameter: BTreeMap::new() }
    }
}

impl<M: Real, D: Device> Gradients<M, D> {
    /// No gradients.
    pub fn new() -> Self {
        Self::default()
    }

    /// A parameter's gradient, if it has one.
    pub fn get(&self, parameter: ParamId) -> Option<&Gradient<M, D>> {
        self.by_parameter.get(&parameter)
    }

    /// Every gradient, by key.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, &Gradient<M, D>)> {
        self.by_parameter.iter().map(|(id, gradient)| (*id, gradient))
    }

    /// Adds a gradient.
    pub fn add(&mut self, device: &D, parameter: ParamId, gradient: Gradient<M, D>) {
        let sum = match self.by_parameter.remove(&parameter) {
            Some(kept) => kept.add(device, gradient),
            None => gradient,
        };
        self.by_parameter.insert(parameter, sum);
    }
}

impl<M: Real, D: Device> GradientSink<M, D> for Gradients<M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, _task: Option<u32>, gradient: Gradient<M, D>) {
        self.add(device, parameter, gradient);
    }
}

/// Keeps the gradients of each task apart.
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
}

impl<M: Real, D: Device> GradientSink<M, D> for PerTaskGradients<M, D> {
    fn accept(&mut self, device: &D, parameter: ParamId, task: Option<u32>, gradient: Gradient<M, D>) {
        let task = task.expect("a walk into per-task gradients splits by task");
        self.tasks[task as usize].add(device, parameter, gradient);
    }
}
