//! The tasks' gradients at one tensor that they all read: what MGDA-UB and its kin use in place of the gradients of
//! the shared parameters (Sener and Koltun 2018, section 3.3).

use super::gram_walk::task_seeds;
use super::{GradientSink, Loss, Tape};
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Pack;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The gradient of each task's losses at one tensor.
#[derive(Debug)]
pub struct TaskGradientsAt<E: Float, D: Device> {
    /// Of task `t` at index `t`; `None` where its losses do not depend on the tensor.
    pub tasks: Vec<Option<D::Buffer<E>>>,
}

impl<E: Float, D: Device> TaskGradientsAt<E, D> {
    /// The dot products, summed in f64 in a fixed order.
    ///
    /// Different packs hold different sequences, and so the Gram matrix of a step of several packs is the sum.
    ///
    /// # Shapes
    /// result: `(tasks, tasks)`, row-major, symmetric; rows of zeros for tasks without a gradient.
    pub fn gram(&self, device: &D) -> Vec<f64> {
        let dot = |(a, b): (&D::Buffer<E>, &D::Buffer<E>)| device.dot(a, b);
        let row = |a: &Option<D::Buffer<E>>| {
            let a = a.as_ref();
            self.tasks.iter().map(|b| a.zip(b.as_ref()).map_or(0.0, dot)).collect::<Vec<_>>()
        };
        self.tasks.iter().flat_map(row).collect()
    }

    /// The sum of each gradient times its weight, `(tasks,)`: where the walk through the shared part starts. `None`
    /// if no task has a gradient.
    pub fn weigh(self, device: &D, weights: &[f64]) -> Option<D::Buffer<E>> {
        let mut sum: Option<D::Buffer<E>> = None;
        for (gradient, &weight) in self.tasks.into_iter().zip(weights) {
            let Some(mut gradient) = gradient else { continue };
            match &mut sum {
                Some(sum) => device.axpy(sum, weight, &gradient),
                None => {
                    device.scale(&mut gradient, weight);
                    sum = Some(gradient);
                }
            }
        }
        sum
    }
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Walks back from each task's losses to one tensor. The sink takes the gradients of what lies behind it (heads),
    /// each with its task. Another walk can go on from [`TaskGradientsAt::weigh`].
    ///
    /// Errors as [`Tape::walk`] does, if the tensor was not recorded, and if the sequences of the pack have different
    /// tasks: on rows that only one task reads no conflict can be seen.
    pub fn task_gradients_at<S: Shape>(
        &mut self,
        tensor: &Tensor<S, E, D>,
        losses: &[(u32, Loss)],
        n_tasks: usize,
        pack: &Pack,
        sink: &mut dyn GradientSink<E::Master, D>,
    ) -> Result<TaskGradientsAt<E, D>, TensorError> {
        same_tasks(pack)?;
        let stop_at = [tensor.node().ok_or(TensorError::NotRecorded)?];
        let stopped = self.walk_each(task_seeds(losses, n_tasks)?, &stop_at, false, sink)?;
        Ok(TaskGradientsAt {
            tasks: stopped.into_iter().map(|mut of_task| of_task.pop().flatten()).collect(),
        })
    }
}

/// Errors unless every sequence has the tasks of the first.
fn same_tasks(pack: &Pack) -> Result<(), TensorError> {
    let mut tasks = pack.tasks.iter().enumerate();
    let Some((_, first)) = tasks.next() else { return Ok(()) };
    match tasks.find(|(_, tasks)| *tasks != first) {
        None => Ok(()),
        Some((sequence, tasks)) => {
            Err(TensorError::DisjointTasks { sequence, tasks: tasks.clone(), first: first.clone() })
        }
    }
}
