//! The Gram matrix of a pack's tasks and, once weights are chosen, the weighted gradient: in one walk and weight
//! products only where each sequence has one task, in a walk for each task and one more where some have several.

use super::delivery::Only;
use super::{Gradients, GramSink, Keep, Kept, Loss, Seed, Tape, WalkPlan};
use crate::device::Device;
use crate::element::Float;
use crate::error::{TensorError, check};
use crate::pack::Pack;
use crate::param::ParamId;
use std::collections::BTreeSet;

/// What [`Tape::gram_walk`] found, and what the weighted pass needs.
pub struct GramWalk<'a, E: Float, D: Device> {
    /// The dot products of the tasks' gradients over the shared parameters, `(tasks, tasks)`, row-major; rows of
    /// zeros for tasks without a loss.
    pub gram: Vec<f64>,
    /// The gradients of all other parameters: their own task's, unweighted.
    pub own: Gradients<E::Master, D>,
    way: Way<'a, E, D>,
}

/// How the weighted gradient is found.
enum Way<'a, E: Float, D: Device> {
    /// From what the walk kept.
    Kept(Kept<E, D>),
    /// By another walk from the losses.
    Again(Vec<(u32, Loss)>, &'a BTreeSet<ParamId>),
}

impl<E: Float, D: Device> Tape<E, D> {
    /// Walks back from each task's losses and takes the dot products of the tasks' gradients over the `shared`
    /// parameters, holding the gradients of all tasks for one operation at a time.
    ///
    /// Where [`Tape::split`] can tell the tasks apart, this is one walk, which keeps the output gradients of linear
    /// layers for [`GramWalk::weigh`]. Otherwise it is a walk for each task, and weighing walks once more; the results
    /// are the same.
    ///
    /// `losses` are those of a forward pass over `pack`, each with its task below `n_tasks`. Use it for steps of one
    /// pack; over several packs keep [`PerTaskGradients`](super::PerTaskGradients).
    ///
    /// Errors as [`Tape::walk`] does, and if a task is not below `n_tasks`.
    pub fn gram_walk<'a>(
        &mut self,
        losses: &[(u32, Loss)],
        n_tasks: usize,
        pack: &Pack,
        shared: &'a BTreeSet<ParamId>,
    ) -> Result<GramWalk<'a, E, D>, TensorError> {
        let mut sink = GramSink::new(n_tasks, shared, Keep::Others);
        let seeds = task_seeds(losses, n_tasks)?;
        let way = match self.split(pack) {
            Some(task_of) => {
                let seeds = seeds.into_iter().flatten().collect();
                let plan = WalkPlan { seeds, stop_at: &[], split: Some(&task_of), last: true };
                Way::Kept(self.walk_keeping(plan, shared, &mut sink)?.1)
            }
            None => {
                self.walk_each(seeds, &[], false, &mut sink)?;
                Way::Again(losses.to_vec(), shared)
            }
        };
        Ok(GramWalk { gram: sink.gram(), own: sink.into_gradients(), way })
    }
}

/// The seeds of each task, all of weight 1. Errors if a task is not below `n_tasks` or a loss was not recorded.
pub(super) fn task_seeds<E: Float, D: Device>(
    losses: &[(u32, Loss)],
    n_tasks: usize,
) -> Result<Vec<Vec<Seed<E, D>>>, TensorError> {
    let mut seeds: Vec<Vec<_>> = (0..n_tasks).map(|_| Vec::new()).collect();
    for (task, loss) in losses {
        let index = *task as usize;
        let of_task = seeds.get_mut(index);
        of_task.ok_or(TensorError::Index { op: "task", index, len: n_tasks })?.push(Seed::loss(loss, 1.0)?);
    }
    Ok(seeds)
}

impl<E: Float, D: Device> GramWalk<'_, E, D> {
    /// The final gradients: of shared parameters the sum over t of weights\[t\] times task t's gradient, of the
    /// others their own. `tape` is the one that was walked; nothing is left on it.
    ///
    /// # Shapes
    /// weights: `(tasks,)`.
    ///
    /// Errors if there is another number of weights.
    pub fn weigh(
        self,
        tape: &mut Tape<E, D>,
        weights: &[f64],
    ) -> Result<Gradients<E::Master, D>, TensorError> {
        let mut gradients = self.own;
        check("weigh", "weights", &[self.gram.len().isqrt()], &[weights.len()])?;
        match self.way {
            Way::Kept(kept) => kept.weigh(weights, &mut gradients)?,
            Way::Again(losses, shared) => {
                let weighted: Vec<_> =
                    losses.iter().map(|(task, loss)| (*loss, weights[*task as usize])).collect();
                let mut only = Only { parameters: shared, sink: &mut gradients };
                tape.walk(WalkPlan::only(&weighted)?, &mut only)?;
            }
        }
        Ok(gradients)
    }
}
