//! The steps of `bench step` that combine the gradients of four tasks: their Gram matrix over the encoder, then one
//! gradient weighted by what it says.
//!
//! The batch is one pack, a quarter of the sequences for each task, with a head each. The weights are PCGrad's (Yu et
//! al. 2020, algorithm 1, tasks in file order), as a session computes them from the matrix.

use std::collections::BTreeSet;

use mtl_core_tensor::optim::{AdamW, Optimizer, global_norm};
use mtl_core_tensor::{
    Cpu, Encoder as _, Float, Gradients, Head, Loss, Module, Pack, ParamId, PerTaskGradients, Seed, Tape,
    Targets, WalkPlan,
};

use super::measure::Model;

/// How many tasks share the batch.
pub(super) const TASKS: usize = 4;

/// How the tasks' gradients are held between the Gram matrix and the weighted sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// What they are made of: they are computed again with weights.
    Products,
    /// Themselves.
    Gradients,
}

/// One step. The labels are cut into a part for each task.
pub(super) fn train<E: Float<Master = f32>>(
    model: &mut Model,
    optimizer: &mut AdamW<f32, Cpu>,
    (pack, labels): (&Pack, &Targets),
    step: u64,
    holds: Holds,
) -> anyhow::Result<()> {
    let shared: BTreeSet<ParamId> = model.encoder.names().into_keys().collect();
    let gradients = {
        let mut tape = Tape::<E, Cpu>::training(&Cpu, 0, step);
        let losses = losses(model, &mut tape, pack, labels)?;
        match holds {
            Holds::Products => {
                let found = tape.gram_walk(&losses, TASKS, pack, &shared)?;
                let weights = pcgrad(&found.gram);
                found.weigh(&mut tape, &weights)?
            }
            Holds::Gradients => apart(&mut tape, &losses, pack, &shared)?,
        }
    };
    let norm = global_norm(&Cpu, &gradients);
    optimizer.step(model, &gradients, 1e-5, (1.0 / (norm + 1e-6)).min(1.0));
    Ok(())
}

fn losses<E: Float<Master = f32>>(
    model: &Model,
    tape: &mut Tape<E, Cpu>,
    pack: &Pack,
    labels: &Targets,
) -> anyhow::Result<Vec<(u32, Loss)>> {
    let encoded = model.encoder.encode(tape, pack, &mut [])?;
    let Targets::Classes(classes) = labels else { anyhow::bail!("the heads learn classes") };
    let mut losses = Vec::with_capacity(TASKS);
    for (task, head) in model.heads.iter().enumerate() {
        let of_task = |s: &u32| pack.tasks[*s as usize].contains(&(task as u32));
        let rows: Vec<u32> = (0..pack.sequences() as u32).filter(of_task).collect();
        let own = Targets::Classes(rows.iter().map(|&row| classes[row as usize]).collect());
        let read = tape.gather_rows(&encoded.sequences, &rows)?;
        let logits = Head::<usize, E, Cpu>::logits(head, tape, &read)?;
        losses.push((task as u32, head.loss(tape, &logits, &own, rows.len() as f64)?));
    }
    Ok(losses)
}

fn apart<E: Float<Master = f32>>(
    tape: &mut Tape<E, Cpu>,
    losses: &[(u32, Loss)],
    pack: &Pack,
    shared: &BTreeSet<ParamId>,
) -> anyhow::Result<Gradients<f32, Cpu>> {
    let seeds = losses.iter().map(|(_, loss)| Seed::loss(loss, 1.0)).collect::<Result<_, _>>()?;
    let (task_of, mut found) = (pack.single_tasks(), PerTaskGradients::new(TASKS));
    tape.walk(WalkPlan { seeds, stop_at: &[], split: task_of.as_deref(), last: true }, &mut found)?;
    let weights = pcgrad(&found.gram(&Cpu, shared));
    Ok(found.weigh(&Cpu, &weights, shared)?)
}

/// The weight of each task's gradient in the sum of the projected gradients.
fn pcgrad(gram: &[f64]) -> Vec<f64> {
    let mut weights = vec![0.0; TASKS];
    for task in 0..TASKS {
        let mut own = [0.0; TASKS];
        own[task] = 1.0;
        for other in (0..TASKS).filter(|&other| other != task) {
            let dot: f64 = (0..TASKS).map(|t| own[t] * gram[t * TASKS + other]).sum();
            if dot < 0.0 {
                own[other] -= dot / gram[other * TASKS + other];
            }
        }
        weights.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_that_do_not_conflict_are_added() {
        let mut gram = [0.5; TASKS * TASKS];
        assert_eq!(pcgrad(&gram), [1.0; TASKS]);
        // The first two, of norm 1, conflict: each loses its part along the other.
        (gram[0], gram[TASKS + 1], gram[1], gram[TASKS]) = (1.0, 1.0, -0.5, -0.5);
        assert_eq!(pcgrad(&gram), [1.5, 1.5, 1.0, 1.0]);
    }
}
