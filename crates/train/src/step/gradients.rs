//! From the packs of a step to its gradients.

use std::collections::BTreeSet;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{
    Device, GradientSink, Gradients, GramSink, GramWalk, Keep, ParamId, PerTaskGradients, Seed, TensorError,
    WalkPlan,
};

use super::forward::{Packs, Recorded};
use crate::error::TrainError;

/// The gradient of the sum over t of weights\[t\] times the task's loss.
pub(super) fn weighted<E: Float<Master = f32>, D: Device>(
    packs: Packs<'_, E, D>,
    weights: &[f64],
) -> Result<Gradients<f32, D>, TrainError> {
    let mut gradients = Gradients::new();
    packs.each(|pack| walk(pack, weights, &mut gradients))?;
    Ok(gradients)
}

/// One walk back through a pack from all its losses.
pub(super) fn walk<E: Float<Master = f32>, D: Device>(
    mut pack: Recorded<'_, E, D>,
    weights: &[f64],
    sink: &mut dyn GradientSink<f32, D>,
) -> Result<(), TensorError> {
    let seeds: Vec<_> = pack.losses.iter().map(|(task, loss)| (*loss, weights[*task as usize])).collect();
    pack.tape.walk(WalkPlan::only(&seeds)?, sink).map(drop)
}

/// One walk back through a pack that tells the tasks apart, from losses multiplied by the weights.
pub(super) fn walk_by_task<E: Float<Master = f32>, D: Device>(
    mut pack: Recorded<'_, E, D>,
    weights: &[f64],
    sink: &mut dyn GradientSink<f32, D>,
) -> Result<(), TensorError> {
    let mut seeds: Vec<Vec<_>> = weights.iter().map(|_| Vec::new()).collect();
    for (task, loss) in &pack.losses {
        seeds[*task as usize].push(Seed::loss(loss, weights[*task as usize])?);
    }
    match pack.tape.split(&pack.pack.pack) {
        Some(task_of) => {
            let seeds = seeds.into_iter().flatten().collect();
            let plan = WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: true };
            pack.tape.walk(plan, sink).map(drop)
        }
        None => pack.tape.walk_each(seeds, &[], true, sink).map(drop),
    }
}

/// The gradients of each task's loss times its weight, over all packs.
pub(super) fn by_task<E: Float<Master = f32>, D: Device>(
    packs: Packs<'_, E, D>,
    weights: &[f64],
) -> Result<PerTaskGradients<f32, D>, TrainError> {
    let mut gradients = PerTaskGradients::new(weights.len());
    packs.each(|pack| walk_by_task(pack, weights, &mut gradients))?;
    Ok(gradients)
}

/// [`weighted`], and the Gram matrix over some parameters of what each task adds to it, `(tasks, tasks)`.
///
/// A step of one pack holds one gradient whole; of several packs, those of every task.
pub(super) fn weighted_and_gram<E: Float<Master = f32>, D: Device>(
    packs: Packs<'_, E, D>,
    weights: &[f64],
    parameters: &BTreeSet<ParamId>,
) -> Result<(Gradients<f32, D>, Vec<f64>), TrainError> {
    if let Packs::One(pack) = packs {
        let mut sink = GramSink::new(weights.len(), parameters, Keep::All);
        walk_by_task(*pack, weights, &mut sink)?;
        let gram = sink.gram();
        return Ok((sink.into_gradients(), gram));
    }
    let device = packs.device();
    let gradients = by_task(packs, weights)?;
    let gram = gradients.gram(&device, parameters);
    Ok((gradients.weigh(&device, &vec![1.0; weights.len()], parameters)?, gram))
}

/// The tasks' gradients of the shared parameters, of which the products are known and the weights not yet.
pub(super) enum Unweighted<'a, 'p, E: Float<Master = f32>, D: Device> {
    /// Of a step of one pack: its tape, and what its walk kept.
    Pack(Box<(Recorded<'a, E, D>, GramWalk<'p, E, D>)>),
    /// Of several packs: each task's own.
    Packs(D, PerTaskGradients<f32, D>, &'p BTreeSet<ParamId>),
}

impl<'a, 'p, E: Float<Master = f32>, D: Device> Unweighted<'a, 'p, E, D> {
    /// Walks back from the tasks' unweighted losses.
    pub(super) fn of(
        packs: Packs<'a, E, D>,
        n_tasks: usize,
        shared: &'p BTreeSet<ParamId>,
    ) -> Result<Self, TrainError> {
        if let Packs::One(mut pack) = packs {
            let walked = pack.tape.gram_walk(&pack.losses, n_tasks, &pack.pack.pack, shared)?;
            return Ok(Unweighted::Pack(Box::new((*pack, walked))));
        }
        Ok(Unweighted::Packs(packs.device(), by_task(packs, &vec![1.0; n_tasks])?, shared))
    }

    /// The products of the tasks' gradients, `(tasks, tasks)`.
    pub(super) fn gram(&self) -> Vec<f64> {
        match self {
            Unweighted::Pack(pack) => pack.1.gram.clone(),
            Unweighted::Packs(device, gradients, shared) => gradients.gram(device, shared),
        }
    }

    /// Of shared parameters the weighted sum of the tasks' gradients, of the others their own.
    pub(super) fn weigh(self, weights: &[f64]) -> Result<Gradients<f32, D>, TensorError> {
        match self {
            Unweighted::Pack(pack) => {
                let (mut pack, walked) = *pack;
                walked.weigh(&mut pack.tape, weights)
            }
            Unweighted::Packs(device, gradients, shared) => gradients.weigh(&device, weights, shared),
        }
    }
}

/// The products of the tasks' gradients on one batch with those on another, `(tasks, tasks)`.
pub(super) fn cross_gram<D: Device>(
    device: &D,
    first: &PerTaskGradients<f32, D>,
    second: &PerTaskGradients<f32, D>,
    shared: &BTreeSet<ParamId>,
) -> Vec<f64> {
    let n_tasks = first.tasks.len();
    let mut products = vec![0.0; n_tasks * n_tasks];
    for id in shared {
        for (s, a) in first.tasks.iter().enumerate() {
            for (t, b) in second.tasks.iter().enumerate() {
                let pair = a.get(*id).zip(b.get(*id));
                products[s * n_tasks + t] += pair.map_or(0.0, |(a, b)| a.dot(device, b));
            }
        }
    }
    products
}
