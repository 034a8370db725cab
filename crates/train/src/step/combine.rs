//! The gradient combinings at work: what each of them needs, taken from the packs of a step.

use std::collections::{BTreeMap, BTreeSet};

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{
    Device, ElementwiseSink, GradientSink, Gradients, ParamId, PerTaskGradients, Reads, Seed, TaskElements,
    WalkPlan,
};
use mtl_sharing::gradient::{Combined, CrossGram, GradDrop, Gram, SdmGrad};
use mtl_sharing::{GradientCombining, SharingError};

use super::conflict::Conflict;
use super::forward::{Forward, Packs};
use super::gradients::{Unweighted, by_task, cross_gram, walk_by_task};
use crate::error::TrainError;

/// What a combining is given, and what of it lies where.
pub(super) struct Combining<'a, E: Float<Master = f32>, D: Device> {
    pub(super) forward: Forward<'a, E, D>,
    /// The tasks' mean losses. `(tasks,)`
    pub(super) losses: &'a [Option<f64>],
    /// The weights of the losses. `(tasks,)`
    pub(super) weights: &'a [f64],
    pub(super) shared: &'a BTreeSet<ParamId>,
}

/// One gradient for the update, and what was seen on the way.
pub(super) struct Combination<D: Device> {
    pub(super) gradients: Gradients<f32, D>,
    /// What each task's gradient of the shared parameters was multiplied by, if it was one number. `(tasks,)`
    pub(super) weights: Option<Vec<f64>>,
    pub(super) conflict: Option<Conflict>,
    pub(super) solved: Option<Solved>,
}

impl<D: Device> Combination<D> {
    /// A sum of the tasks' gradients, each multiplied by its weight.
    pub(super) fn weighted(
        gradients: Gradients<f32, D>,
        weights: Vec<f64>,
        conflict: Option<Conflict>,
    ) -> Self {
        Self { gradients, weights: Some(weights), conflict, solved: None }
    }
}

/// How a combining's inner problem ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solved {
    /// How far its conditions are from holding, as the method's function defines it; 0 is exact.
    pub residual: f64,
    /// Whether it had no solution, so that the weights are the substitute that the method's page names.
    pub fallback: bool,
}

impl Solved {
    fn of(combined: &Combined) -> Option<Self> {
        combined.residual.map(|residual| Self { residual, fallback: combined.fallback })
    }
}

/// What a combining answered.
struct Answer {
    /// What the tasks' unweighted gradients are multiplied by. `(tasks,)`
    weights: Vec<f64>,
    conflict: Conflict,
    solved: Option<Solved>,
}

impl<E: Float<Master = f32>, D: Device> Combining<'_, E, D> {
    /// The combinings that look at the Gram matrix of the shared parameters.
    pub(super) fn by_gram(
        &self,
        method: &mut dyn GradientCombining,
        packs: Packs<'_, E, D>,
    ) -> Result<Combination<D>, TrainError> {
        let found = Unweighted::of(packs, self.losses.len(), self.shared)?;
        let gram = found.gram();
        let Answer { weights, conflict, solved } = self.ask(method, &gram)?;
        let gradients = found.weigh(&weights)?;
        Ok(Combination { solved, ..Combination::weighted(gradients, weights, Some(conflict)) })
    }

    /// MGDA-UB: the Gram matrix of the gradients where the encoder ends. All packs are in memory until they are walked on
    /// from there.
    pub(super) fn by_representation(
        &self,
        method: &mut dyn GradientCombining,
        packs: Packs<'_, E, D>,
        reads: Reads,
    ) -> Result<Combination<D>, TrainError> {
        let Packs::Together(_, packs) = packs else { panic!("the caller records all packs together") };
        let (device, n_tasks) = (self.forward.device(), self.losses.len());
        let (mut gradients, mut gram) = (PerTaskGradients::new(n_tasks), vec![0.0; n_tasks * n_tasks]);
        let mut walked = Vec::new();
        for mut pack in packs {
            let shared =
                pack.shared.as_ref().expect("the configuration was checked: tasks share a representation");
            let read = match reads {
                Reads::Tokens => shared.tokens.clone(),
                Reads::Sequences => shared.sequences.clone(),
            };
            let (losses, of) = (pack.losses.clone(), &pack.pack.pack);
            let found = pack.tape.task_gradients_at(&read, &losses, n_tasks, of, &mut gradients)?;
            gram.iter_mut().zip(found.gram(device)).for_each(|(sum, product)| *sum += product);
            walked.push((pack, read, found));
        }
        let Answer { weights, conflict, solved } = self.ask(method, &gram)?;
        // The heads' gradients are all that came so far.
        let mut gradients = gradients.weigh(device, &weights, &BTreeSet::new())?;
        for (mut pack, read, found) in walked {
            if let Some(start) = found.weigh(device, &weights) {
                let seeds = vec![Seed::gradient(&read, start)?];
                pack.tape.walk(WalkPlan { seeds, stop_at: &[], split: None, last: true }, &mut gradients)?;
            }
        }
        Ok(Combination { solved, ..Combination::weighted(gradients, weights, Some(conflict)) })
    }

    /// GradDrop: each element of the shared parameters on its own, in the gradients of the weighted losses. `places`
    /// numbers the parameters. It needs no products of gradients, so they are taken only in a step that measures.
    pub(super) fn by_element(
        &self,
        method: &GradDrop,
        packs: Packs<'_, E, D>,
        places: &BTreeMap<ParamId, u64>,
        measured: bool,
    ) -> Result<Combination<D>, TrainError> {
        let (mut failed, mut infinite, step) = (None, None, self.forward.step);
        let ones = vec![1.0; self.losses.len()];
        let mut gram = measured.then(|| vec![0.0; self.losses.len().pow(2)]);
        let combine = |elements: TaskElements<'_, f32>| {
            if let Some(gram) = &mut gram {
                add_products(gram, elements.tasks);
            }
            infinite = infinite.or_else(|| first_not_finite(elements.tasks));
            let combined = self.drop_signs(method, step, places[&elements.parameter], &elements);
            combined.unwrap_or_else(|error| {
                failed = Some(error);
                elements.tasks[0].clone()
            })
        };
        let mut sink = ElementwiseSink::new(self.losses.len(), self.shared, combine);
        match packs {
            Packs::One(pack) => walk_by_task(*pack, &ones, &mut sink)?,
            several => hand_over(self.forward.device(), by_task(several, &ones)?, &mut sink),
        }
        let gradients = sink.into_gradients();
        let conflict = gram.map(|gram| Conflict::of(&gram, &ones, self.losses));
        if let Some((task, squared_norm)) = infinite {
            return Err(self.forward.bad_gradient(Some(task), squared_norm));
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Combination { gradients, weights: None, conflict, solved: None }),
        }
    }

    /// SDMGrad: the products of the gradients on the first two batches weigh those on the third, which is this one.
    /// A task that one of the batches does not show has weight 0 in the shared parameters.
    pub(super) fn by_batches(
        &self,
        method: &mut SdmGrad,
        first: &Forward<'_, E, D>,
        second: &Forward<'_, E, D>,
        packs: Packs<'_, E, D>,
    ) -> Result<Combination<D>, TrainError> {
        let (n_tasks, mut shown) = (self.losses.len(), self.losses.to_vec());
        let mut gradients_on = |forward: &Forward<'_, E, D>| {
            let (packs, losses) = forward.packs_and_losses()?;
            shown.iter_mut().zip(losses).for_each(|(all, loss)| *all = all.and(loss));
            by_task(packs, self.weights)
        };
        let (first, second) = (gradients_on(first)?, gradients_on(second)?);
        let device = self.forward.device();
        let products = cross_gram(device, &first, &second, self.shared);
        drop((first, second));
        let tasks = present(&shown);
        let (mut weights, mut solved) = (vec![0.0; n_tasks], None);
        if !tasks.is_empty() {
            let cross = CrossGram::new(select(&products, n_tasks, &tasks), tasks.clone());
            let cross = cross.map_err(|error| self.named(error))?;
            let combined = method.cross_weights(&cross)?;
            solved = Solved::of(&combined);
            for (&task, weight) in tasks.iter().zip(combined.weights) {
                weights[task] = weight * self.weights[task];
            }
        }
        let gradients = by_task(packs, &vec![1.0; n_tasks])?;
        let gram = gradients.gram(device, self.shared);
        let conflict = Conflict::of(&gram, &vec![1.0; n_tasks], self.losses);
        let gradients = gradients.weigh(device, &weights, self.shared)?;
        Ok(Combination { solved, ..Combination::weighted(gradients, weights, Some(conflict)) })
    }

    /// Asks for the weights of the tasks' unweighted gradients; those of tasks that the step does not show are 0.
    fn ask(&self, method: &mut dyn GradientCombining, gram: &[f64]) -> Result<Answer, TrainError> {
        let (n_tasks, tasks) = (self.losses.len(), present(self.losses));
        // The combining sees the gradients of the weighted losses.
        let weighted: Vec<f64> = (0..n_tasks * n_tasks)
            .map(|at| gram[at] * self.weights[at / n_tasks] * self.weights[at % n_tasks])
            .collect();
        let products = Gram::new(select(&weighted, n_tasks, &tasks), tasks.clone());
        let products = products.map_err(|error| self.named(error))?;
        let losses: Vec<f64> = tasks.iter().filter_map(|&task| self.losses[task]).collect();
        let combined = method.weights(self.forward.step, &products, &losses)?;
        let solved = Solved::of(&combined);
        let mut weights = vec![0.0; n_tasks];
        for (&task, weight) in tasks.iter().zip(combined.weights) {
            weights[task] = weight * self.weights[task];
        }
        Ok(Answer { weights, conflict: Conflict::of(gram, &vec![1.0; n_tasks], self.losses), solved })
    }

    /// The error with the name of the task whose gradient is not finite.
    fn named(&self, error: SharingError) -> TrainError {
        match error {
            SharingError::GradientNotFinite { task_idx, squared_norm } => {
                self.forward.bad_gradient(Some(task_idx), squared_norm)
            }
            other => other.into(),
        }
    }

    /// One parameter's gradients of the tasks that the step shows, combined element by element. The rows of a table are
    /// drawn by their place in it.
    fn drop_signs(
        &self,
        method: &GradDrop,
        step: u64,
        place: u64,
        elements: &TaskElements<'_, f32>,
    ) -> Result<Vec<f32>, SharingError> {
        let weighted = |task: usize| -> Vec<f32> {
            let weight = self.weights[task] as f32;
            elements.tasks[task].iter().map(|gradient| gradient * weight).collect()
        };
        let of_tasks: Vec<Vec<f32>> = present(self.losses).into_iter().map(weighted).collect();
        let len = elements.tasks[0].len();
        let mut combined = vec![0.0; len];
        let runs: Vec<(u64, usize)> = match elements.rows {
            Some((rows, width)) => rows.iter().map(|row| (u64::from(*row) * width as u64, width)).collect(),
            None => vec![(0, len)],
        };
        let mut start = 0;
        for (first, length) in runs {
            let run = start..start + length;
            let gradients: Vec<&[f32]> = of_tasks.iter().map(|gradient| &gradient[run.clone()]).collect();
            method.combine(step, place, first, &gradients, &mut combined[run])?;
            start += length;
        }
        Ok(combined)
    }
}

/// The first task whose gradient of a parameter is not finite, and its squared norm.
fn first_not_finite(tasks: &[Vec<f32>]) -> Option<(usize, f64)> {
    let squared = |gradient: &Vec<f32>| gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>();
    tasks.iter().map(squared).enumerate().find(|(_, squared)| !squared.is_finite())
}

/// The tasks that have a loss, ascending.
fn present(losses: &[Option<f64>]) -> Vec<usize> {
    (0..losses.len()).filter(|&task| losses[task].is_some()).collect()
}

/// The rows and columns of some tasks.
fn select(matrix: &[f64], n_tasks: usize, tasks: &[usize]) -> Vec<f64> {
    tasks.iter().flat_map(|s| tasks.iter().map(move |t| matrix[s * n_tasks + t])).collect()
}

/// Hands gradients that were kept whole to a sink, parameter by parameter.
fn hand_over<D: Device>(
    device: &D,
    mut gradients: PerTaskGradients<f32, D>,
    sink: &mut dyn GradientSink<f32, D>,
) {
    let ids: BTreeSet<ParamId> =
        gradients.tasks.iter().flat_map(|task| task.iter().map(|(id, _)| id)).collect();
    for id in ids {
        for (task, of_task) in gradients.tasks.iter_mut().enumerate() {
            if let Some(gradient) = of_task.take(id) {
                sink.accept(device, id, Some(task as u32), gradient);
            }
        }
        sink.finished(device, id);
    }
}

/// Adds the products of each two tasks' gradients of one parameter. `gram: (tasks, tasks)`
fn add_products(gram: &mut [f64], tasks: &[Vec<f32>]) {
    for (s, a) in tasks.iter().enumerate() {
        for (t, b) in tasks.iter().enumerate().take(s + 1) {
            let product: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            gram[s * tasks.len() + t] += product;
            if s != t {
                gram[t * tasks.len() + s] += product;
            }
        }
    }
}
