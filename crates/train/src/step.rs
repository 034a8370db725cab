//! One optimizer update: forward, losses, one walk a pack, clipping, the optimizer.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::optim::{Optimizer, global_norm};
use mtl_core_tensor::{Cpu, Encoder, Gradients, Loss, Reads, Tape, WalkPlan};
use mtl_curriculum::Unit;

use crate::batch::{StepData, StepPack, TaskPart};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::model::Model;

/// What a step's losses and gradients were.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// The mean loss of each task over the step; `None` for a task that it does not show. `(tasks,)`
    pub losses: Vec<Option<f64>>,
    /// The norm of the whole gradient before clipping.
    pub gradient_norm: f64,
}

/// The settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSettings<'a> {
    /// The seed of the random draws.
    pub seed: u64,
    /// The step, from 0.
    pub step: u64,
    /// What each task's mean loss is multiplied by. `(tasks,)`
    pub weights: &'a [f64],
    /// The learning rate.
    pub learning_rate: f64,
    /// The largest norm of the whole gradient; 0 clips nothing.
    pub clip: f64,
}

/// The weight of each task's mean loss in the step loss: w_t, times n_t / N where sequences are drawn one by one.
pub fn step_weights(unit: Unit, weights: &[f64], data: &StepData) -> Vec<f64> {
    let share = |labelled: usize| labelled as f64 / data.sequences.max(1) as f64;
    let factor = |labelled| if unit == Unit::Sequence { share(labelled) } else { 1.0 };
    weights.iter().zip(&data.labelled).map(|(weight, &labelled)| weight * factor(labelled)).collect()
}

/// Does one update.
///
/// Errors if a loss or the gradient's norm is not finite; the weights are then as they were.
pub fn train_step<E: Float<Master = f32>>(
    model: &mut Model,
    optimizer: &mut dyn Optimizer<f32, Cpu>,
    dataset: &Dataset,
    data: &StepData,
    settings: StepSettings<'_>,
) -> Result<StepOutcome, TrainError> {
    let mut gradients = Gradients::new();
    let mut losses = vec![None; dataset.tasks.len()];
    for pack in data.packs.iter().filter(|pack| !pack.parts.is_empty()) {
        let mut tape = Tape::<E, Cpu>::training(&Cpu, settings.seed, settings.step);
        let pack_losses = forward(model, &mut tape, pack, &data.denominators)?;
        let mut seeds = Vec::new();
        for (part, loss) in pack.parts.iter().zip(pack_losses) {
            check_loss(dataset, part, loss.value, settings.step)?;
            *losses[part.task_idx].get_or_insert(0.0) += loss.value;
            seeds.push((loss, settings.weights[part.task_idx]));
        }
        tape.walk(WalkPlan::only(&seeds)?, &mut gradients)?;
    }
    let gradient_norm = global_norm(&Cpu, &gradients);
    check_norm(dataset, data, gradient_norm, settings.step)?;
    optimizer.step(model, &gradients, settings.learning_rate, clip_factor(gradient_norm, settings.clip));
    Ok(StepOutcome { losses, gradient_norm })
}

/// Each part's loss, as its share of the task's mean over the whole step.
fn forward<E: Float<Master = f32>>(
    model: &Model,
    tape: &mut Tape<E, Cpu>,
    pack: &StepPack,
    denominators: &[f64],
) -> Result<Vec<Loss>, TrainError> {
    let encoded = model.encoder.encode(tape, &pack.pack, &mut [])?;
    let mut losses = Vec::with_capacity(pack.parts.len());
    for part in &pack.parts {
        let head = model.head::<E>(part.task_idx);
        let rows = match head.reads() {
            Reads::Tokens => tape.gather_rows(&encoded.tokens, &part.rows)?,
            Reads::Sequences => tape.gather_rows(&encoded.sequences, &part.rows)?,
        };
        let logits = head.logits(tape, &rows)?;
        losses.push(head.loss(tape, &logits, &part.targets, denominators[part.task_idx])?);
    }
    Ok(losses)
}

/// min(1, clip / (norm + 1e-6)), as PyTorch clips.
fn clip_factor(norm: f64, clip: f64) -> f64 {
    if clip > 0.0 { (clip / (norm + 1e-6)).min(1.0) } else { 1.0 }
}

fn check_loss(dataset: &Dataset, part: &TaskPart, value: f64, step: u64) -> Result<(), TrainError> {
    if value.is_finite() {
        return Ok(());
    }
    let task = dataset.tasks[part.task_idx].spec.name.clone();
    Err(TrainError::NotFinite { what: "loss", task, step: step + 1, value, examples: places(dataset, part) })
}

fn check_norm(dataset: &Dataset, data: &StepData, value: f64, step: u64) -> Result<(), TrainError> {
    if value.is_finite() {
        return Ok(());
    }
    let parts = || data.packs.iter().flat_map(|pack| &pack.parts);
    let mut names: Vec<&str> = parts().map(|part| dataset.tasks[part.task_idx].spec.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let examples = parts().flat_map(|part| places(dataset, part)).collect();
    Err(TrainError::NotFinite { what: "gradient", task: names.join(", "), step: step + 1, value, examples })
}

fn places(dataset: &Dataset, part: &TaskPart) -> Vec<String> {
    let train = &dataset.tasks[part.task_idx].train;
    part.examples.iter().map(|&example| train.place(example)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_above_the_limit_are_scaled_to_it() {
        assert_eq!((clip_factor(0.5, 1.0), clip_factor(9.0, 0.0)), (1.0, 1.0));
        assert!((clip_factor(4.0, 1.0) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn shares_count_only_where_sequences_are_drawn_one_by_one() {
        let data =
            StepData { packs: vec![], denominators: vec![], labelled: vec![1, 3], sequences: 4, tokens: 0 };
        assert_eq!(step_weights(Unit::Sequence, &[2.0, 1.0], &data), [0.5, 0.75]);
        assert_eq!(step_weights(Unit::EveryTask, &[2.0, 1.0], &data), [2.0, 1.0]);
    }
}
