//! The steps of `bench step` that combine the gradients of four tasks: their Gram matrix over the encoder, then one
//! gradient weighted by what it says.
//!
//! The batch is one pack, a quarter of the sequences for each task, with a head each. The weights are those of a combining
//! with its defaults, as a session computes them from the matrix.

use std::collections::BTreeSet;

use mtl_core_tensor::optim::AdamW;
use mtl_core_tensor::{
    Cpu, Float, Head, Hooks, Loss, Pack, ParamId, PerTaskGradients, Seed, Tape, Targets, WalkPlan,
};

use mtl_sharing::GradientCombining;
use mtl_sharing::gradient::Gram;
use mtl_train::bench::RandomModel;

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
    model: &mut RandomModel<E>,
    optimizer: &mut AdamW<f32, Cpu>,
    (pack, labels): (&Pack, &Targets),
    step: u64,
    holds: Holds,
    combining: &mut dyn GradientCombining,
) -> anyhow::Result<()> {
    let shared: BTreeSet<ParamId> = model.encoder.names().into_keys().collect();
    let gradients = {
        let mut tape = Tape::<E, Cpu>::training(&Cpu, 0, step);
        let losses = losses(model, &mut tape, pack, labels)?;
        let values: Vec<f64> = losses.iter().map(|(_, loss)| loss.value).collect();
        let mut weights = |gram: Vec<f64>| -> anyhow::Result<Vec<f64>> {
            let gram = Gram::new(gram, (0..TASKS).collect())?;
            Ok(combining.weights(step, &gram, &values)?.weights)
        };
        match holds {
            Holds::Products => {
                let found = tape.gram_walk(&losses, TASKS, pack, &shared)?;
                let weights = weights(found.gram.clone())?;
                found.weigh(&mut tape, &weights)?
            }
            Holds::Gradients => {
                let found = apart(&mut tape, &losses, pack)?;
                let weights = weights(found.gram(&Cpu, &shared))?;
                found.weigh(&Cpu, &weights, &shared)?
            }
        }
    };
    model.update(optimizer, &gradients);
    Ok(())
}

fn losses<E: Float<Master = f32>>(
    model: &RandomModel<E>,
    tape: &mut Tape<E, Cpu>,
    pack: &Pack,
    labels: &Targets,
) -> anyhow::Result<Vec<(u32, Loss)>> {
    let encoded = model.encoder.encode(tape, pack, Hooks::NONE)?;
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
) -> anyhow::Result<PerTaskGradients<f32, Cpu>> {
    let seeds = losses.iter().map(|(_, loss)| Seed::loss(loss, 1.0)).collect::<Result<_, _>>()?;
    let (task_of, mut found) = (pack.single_tasks(), PerTaskGradients::new(TASKS));
    tape.walk(WalkPlan { seeds, stop_at: &[], split: task_of.as_deref(), last: true }, &mut found)?;
    Ok(found)
}
