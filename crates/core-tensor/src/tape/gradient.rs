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

    /// Adds `factor` times another gradient of the same parameter.
    pub fn add_scaled(self, device: &D, factor: f64, mut other: Gradient<M, D>) -> Gradient<M, D> {
        match (self, &other) {
            (Gradient::Dense(mut a), Gradient::Dense(b)) => {
                device.axpy(&mut a, factor, b);
                Gradient::Dense(a)
            }
            (own, _) => {
                device.scale(other.values_mut(), factor);
                own.add(device, other)
            }
        }
    }

    /// A copy in the device's memory.
    pub fn duplicate(&self, device: &D) -> Gradient<M, D> {
        match self {
            Gradient::Dense(values) => Gradient::Dense(device.duplicate(values)),
            Gradient::Rows { rows, width, values } => {
                Gradient::Rows { rows: rows.clone(), width: *width, values: device.duplicate(values) }
            }
        }
    }

    /// The dot product with another gradient of the same parameter, summed in f64 in a fixed order.
    pub fn dot(&self, device: &D, other: &Gradient<M, D>) -> f64 {
        match (self, other) {
            (Gradient::Dense(a), Gradient::Dense(b)) => device.dot(a, b),
            (Gradient::Rows { rows: a, width, values: x }, Gradient::Rows { rows: b, values: y, .. }) => {
                if a == b {
                    return device.dot(x, y);
                }
                let (of_a, of_b) = common_rows(a, b);
                device.dot(&device.gather_rows(x, &of_a, *width), &device.gather_rows(y, &of_b, *width))
            }
            (Gradient::Dense(a), Gradient::Rows { rows, width, values })
            | (Gradient::Rows { rows, width, values }, Gradient::Dense(a)) => {
                device.dot(&device.gather_rows(a, rows, *width), values)
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

/// Where the rows that two ascending lists share lie in each.
fn common_rows(a: &[u32], b: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let (mut of_a, mut of_b, mut at) = (Vec::new(), Vec::new(), 0);
    for (place, row) in a.iter().enumerate() {
        at += b[at..].partition_point(|other| other < row);
        if b.get(at) == Some(row) {
            of_a.push(place as u32);
            of_b.push(at as u32);
        }
    }
    (of_a, of_b)
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

    /// A parameter's gradient, taken out.
    pub fn take(&mut self, parameter: ParamId) -> Option<Gradient<M, D>> {
        self.by_parameter.remove(&parameter)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Cpu, Memory};

    fn rows(rows: &[u32], values: &[f64]) -> Gradient<f64, Cpu> {
        Gradient::Rows { rows: rows.to_vec(), width: 2, values: Cpu.upload(values) }
    }

    #[test]
    fn sparse_gradients_meet_where_both_have_a_row() {
        let (a, b) = (rows(&[0, 2, 5], &[1., 2., 3., 4., 5., 6.]), rows(&[1, 2], &[7., 7., 10., 1.]));
        assert_eq!((a.dot(&Cpu, &b), a.dot(&Cpu, &a)), (34.0, 91.0));
        let dense = Gradient::Dense(Cpu.upload(&b.to_dense(&Cpu, 12)));
        assert_eq!((a.dot(&Cpu, &dense), dense.dot(&Cpu, &a)), (34.0, 34.0));
        assert_eq!(rows(&[], &[]).dot(&Cpu, &a), 0.0);
        let sum = a.duplicate(&Cpu).add_scaled(&Cpu, 0.5, b);
        assert_eq!(sum.to_dense(&Cpu, 12), [1., 2., 3.5, 3.5, 8., 4.5, 0., 0., 0., 0., 5., 6.]);
    }
}
