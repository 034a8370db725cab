//! One optimizer update: forward, losses, weights, gradients, clipping, the optimizer.
//!
//! A pack is walked back before the next one runs, so that a step of any size takes the memory of one pack. A loss weighting
//! that learns from losses, a gradient combining and a measurement need the losses of the whole step first: a step of
//! several packs then begins with a forward pass that keeps nothing. MGDA-UB alone holds all packs together.
//!
//! The loss of the step is the sum over t of w_t L_t (times n_t / N where sequences are drawn one by one), L_t being
//! the task's mean loss over the step and w_t the weighting's answer. A gradient combining replaces the sum in the
//! shared parameters: it sees the gradients of w_t L_t. The parameters of a head have the gradient of their own
//! task's L_t then.

mod combine;
mod conflict;
mod forward;
mod gradients;

use std::collections::{BTreeMap, BTreeSet};

use mtl_core_tensor::element::Float;
use mtl_core_tensor::optim::{Optimizer, global_norm};
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{Copies, Device, Gradients, Module, ParamId, Penalty, Reads};
use mtl_curriculum::Unit;
use mtl_sharing::gradient::Needs;
use mtl_sharing::{GradientCombining, GradientKind, LossWeighting, WeightingState};
use serde::{Deserialize, Serialize};

use crate::batch::{Drawn, StepData};
use crate::build;
use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::model::Model;
use crate::scores::Scores;
use combine::{Combination, Combining};
use forward::{Forward, Losses, Packs};

pub(crate) use forward::rows_of;

pub use combine::Solved;
pub use conflict::Conflict;

/// How many batches a step is dealt into where a method wants independent ones.
pub(crate) const INDEPENDENT: usize = 3;

/// What a step's losses and gradients were.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// The mean loss of each task over the step; `None` for a task that it does not show. `(tasks,)`
    pub losses: Vec<Option<f64>>,
    /// What the gradient of each task's mean loss was multiplied by in the shared parameters; `None` for a task that the
    /// step does not show, and for all where each element had its own factor. `(tasks,)`
    pub weights: Vec<Option<f64>>,
    /// The norm of the whole gradient before clipping.
    pub gradient_norm: f64,
    /// The tasks' gradients of the shared parameters, if the step measured them.
    pub conflict: Option<Conflict>,
    /// How the inner problem of the gradient combining ended, if it has one.
    pub solved: Option<Solved>,
    /// The sum of the penalties, if there are any.
    pub penalty: Option<f64>,
}

/// What the methods of sharing have learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharingState {
    /// The loss weighting.
    pub weighting: WeightingState,
    /// The gradient combining.
    pub gradients: WeightingState,
    /// The penalties, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub penalties: Vec<Vec<f64>>,
}

/// Does the steps of a run, and remembers what its methods of sharing learn.
#[derive(Debug)]
pub struct Stepper<D: Device> {
    seed: u64,
    clip: f64,
    unit: Unit,
    /// The tasks that are trained: those of the stage that have not stopped. `(tasks,)`
    trained: Vec<bool>,
    measure_every: u64,
    weighting: Box<dyn LossWeighting>,
    /// `None` for the plain sum.
    combining: Option<Box<dyn GradientCombining>>,
    /// What the heads read, where a combining compares the tasks there.
    reads: Reads,
    shared: BTreeSet<ParamId>,
    /// The last shared layer, where GradNorm takes its norms.
    last_layer: BTreeSet<ParamId>,
    /// The number of each parameter, in the order of the model.
    places: BTreeMap<ParamId, u64>,
    penalties: Vec<Box<dyn Penalty<f32, D>>>,
    /// What corresponds in the tasks' copies.
    copies: Vec<Vec<ParamId>>,
}

impl<D: Device> Stepper<D> {
    /// The steps of a configuration, before the first.
    ///
    /// Errors if a method's settings are refused, or if it compares the tasks where they cannot be compared.
    pub fn new<E: Float<Master = f32>>(
        config: &Config,
        dataset: &Dataset,
        model: &Model<E, D>,
    ) -> Result<Stepper<D>, TrainError> {
        let (sharing, seed, n_tasks) = (&config.sharing, config.seed, config.tasks.len());
        let gradients = &sharing.gradients;
        let combining = match gradients.kind {
            GradientKind::Sum => None,
            kind => Some(kind.build(n_tasks, seed, &gradients.values)?),
        };
        let mut stepper = Stepper {
            seed,
            clip: config.train.clip,
            unit: config.curriculum.unit,
            trained: vec![true; n_tasks],
            measure_every: sharing.measure_every,
            weighting: sharing.weighting.build(&config.task_losses(), seed)?,
            combining,
            reads: model.head(0).reads(),
            shared: model.shared(),
            last_layer: model.architecture.last_shared(),
            places: BTreeMap::new(),
            penalties: build::penalties(config)?,
            copies: model.architecture.copies(),
        };
        if gradients.kind.needs() == Needs::Representation {
            check_comparable(gradients.kind, dataset, model)?;
        }
        stepper.number_parameters(model);
        Ok(stepper)
    }

    fn number_parameters(&mut self, model: &dyn Module<f32, D>) {
        model.visit_once(&mut |_, view| {
            let place = self.places.len() as u64;
            self.places.insert(view.id, place);
        });
    }

    /// Says what the draws of the following steps stand for, and which tasks they train: `(tasks,)`.
    pub fn enter_stage(&mut self, unit: Unit, trained: Vec<bool>) {
        (self.unit, self.trained) = (unit, trained);
    }

    /// Lays what was drawn into the batches of a step: one, or three that share out each task's sequences. The last of
    /// them makes the update, so it is served first: a task that is drawn once or twice is in it, and is left out of the
    /// products that the others are for.
    pub fn lay(&self, dataset: &Dataset, drawn: &[Drawn], pack_tokens: usize) -> Vec<StepData> {
        let batches = if self.needs() == Some(Needs::ThreeBatches) { INDEPENDENT } else { 1 };
        let deal = |batch: usize| {
            let of = |(stream, chosen): &Drawn| {
                (*stream, chosen.iter().skip(batches - 1 - batch).step_by(batches).copied().collect())
            };
            drawn.iter().map(of).collect::<Vec<Drawn>>()
        };
        let mut first = 0;
        (0..batches)
            .map(|batch| {
                let data = StepData::lay_from(dataset, &deal(batch), &self.trained, pack_tokens, first);
                first += data.sequences as u32;
                data
            })
            .collect()
    }

    fn needs(&self) -> Option<Needs> {
        self.combining.as_ref().map(|combining| combining.kind().needs())
    }

    /// Does one update on the batches of [`lay`](Stepper::lay). `step` counts from 0.
    ///
    /// Errors if a loss or a gradient is not finite, or if a method of sharing fails; the weights are then as they were.
    pub fn step<E: Float<Master = f32>>(
        &mut self,
        model: &Model<E, D>,
        optimizer: &mut dyn Optimizer<f32, D>,
        dataset: &Dataset,
        batches: &[StepData],
        step: u64,
        learning_rate: f64,
    ) -> Result<StepOutcome, TrainError> {
        awake(|| {
            let at = |data| Forward { model, dataset, data, seed: self.seed, step };
            let forwards: Vec<Forward<'_, E, D>> = batches.iter().map(at).collect();
            let (forward, others) = forwards.split_last().expect("a step has a batch");
            let (losses, mut found) = self.gradients(*forward, others)?;
            let penalty = self.penalize(model, &mut found.gradients)?;
            let gradient_norm = global_norm(&model.device, &found.gradients);
            if !gradient_norm.is_finite() {
                return Err(forward.bad_gradient(None, gradient_norm));
            }
            let factor = clip_factor(gradient_norm, self.clip);
            optimizer.step(model, &found.gradients, learning_rate, factor);
            drop(found.gradients);
            for penalty in &mut self.penalties {
                penalty.after_update(model, learning_rate)?;
            }
            if self.weighting.needs().losses_again {
                let data = batches.last().expect("a step has a batch");
                let again = Forward { model, dataset, data, seed: self.seed, step }.unrecorded_losses()?;
                self.weighting.after_update(step, &again)?;
            }
            let weights = found.weights.map_or_else(
                || vec![None; losses.len()],
                |weights| {
                    weights.into_iter().zip(&losses).map(|(weight, loss)| loss.map(|_| weight)).collect()
                },
            );
            let (conflict, solved) = (found.conflict, found.solved);
            Ok(StepOutcome { losses, weights, gradient_norm, conflict, solved, penalty })
        })
    }

    /// Adds the gradients of the penalties, and returns the sum of their values, if there are any.
    fn penalize<E: Float<Master = f32>>(
        &mut self,
        model: &Model<E, D>,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<Option<f64>, TrainError> {
        if self.penalties.is_empty() {
            return Ok(None);
        }
        let copies = Copies::of(&model.device, model, &self.copies);
        let mut sum = 0.0;
        for penalty in &mut self.penalties {
            sum += penalty.add(&copies, gradients)?;
        }
        Ok(Some(sum))
    }

    /// The tasks' losses and the gradient of a step.
    fn gradients<E: Float<Master = f32>>(
        &mut self,
        forward: Forward<'_, E, D>,
        others: &[Forward<'_, E, D>],
    ) -> Result<(Vec<Option<f64>>, Combination<D>), TrainError> {
        let needs = self.weighting.needs();
        let measured = self.measure_every > 0 && forward.step.is_multiple_of(self.measure_every);
        if !(needs.losses || needs.gradient_norms || self.combining.is_some() || measured) {
            return self.pack_by_pack(forward);
        }
        let (packs, losses) = match self.needs() {
            Some(Needs::Representation) => forward.together()?,
            _ => forward.packs_and_losses()?,
        };
        let weights = self.weighting.weights(forward.step, &losses)?;
        let found = match self.combining.is_some() {
            true => self.combine(forward, others, &losses, &weights, measured, packs)?,
            false => self.sum(forward, &losses, &weights, measured, packs)?,
        };
        Ok((losses, found))
    }

    /// The plain way, for weights that ask for no loss.
    fn pack_by_pack<E: Float<Master = f32>>(
        &mut self,
        forward: Forward<'_, E, D>,
    ) -> Result<(Vec<Option<f64>>, Combination<D>), TrainError> {
        let n_tasks = forward.dataset.tasks.len();
        let weights = self.weighting.weights(forward.step, &vec![None; n_tasks])?;
        let weights = step_weights(self.unit, &weights, forward.data);
        let (mut losses, mut gradients) = (Losses::new(n_tasks), Gradients::new());
        for pack in forward.packs() {
            let pack = forward.record(pack)?;
            losses.add(&pack.losses);
            gradients::walk(pack, &weights, &mut gradients)?;
        }
        Ok((losses.0, Combination::weighted(gradients, weights, None)))
    }

    /// The gradient of the step's loss, with the tasks' gradients looked at where that is asked for.
    fn sum<E: Float<Master = f32>>(
        &mut self,
        forward: Forward<'_, E, D>,
        losses: &[Option<f64>],
        weights: &[f64],
        measured: bool,
        packs: Packs<'_, E, D>,
    ) -> Result<Combination<D>, TrainError> {
        let weights = step_weights(self.unit, weights, forward.data);
        let norms = self.weighting.needs().gradient_norms;
        if !(measured || norms) {
            let gradients = gradients::weighted(packs, &weights)?;
            return Ok(Combination::weighted(gradients, weights, None));
        }
        let parameters = if norms { &self.last_layer } else { &self.shared };
        let (gradients, gram) = gradients::weighted_and_gram(packs, &weights, parameters)?;
        let conflict = Conflict::of(&gram, &weights, losses);
        if let Some((task, norm)) = not_finite(&conflict) {
            return Err(forward.bad_gradient(Some(task), norm));
        }
        if norms {
            self.weighting.gradient_norms(forward.step, &conflict.norms)?;
        }
        Ok(Combination::weighted(gradients, weights, Some(conflict)))
    }

    fn combine<E: Float<Master = f32>>(
        &mut self,
        forward: Forward<'_, E, D>,
        others: &[Forward<'_, E, D>],
        losses: &[Option<f64>],
        weights: &[f64],
        measured: bool,
        packs: Packs<'_, E, D>,
    ) -> Result<Combination<D>, TrainError> {
        let given = Combining { forward, losses, weights, shared: &self.shared };
        let method = self.combining.as_mut().expect("the caller has looked").as_mut();
        match method.kind().needs() {
            Needs::Representation => given.by_representation(method, packs, self.reads),
            Needs::Elementwise => {
                let method = method.elementwise().expect("it needs elements");
                given.by_element(method, packs, &self.places, measured)
            }
            Needs::ThreeBatches => {
                let [first, second] = others else {
                    panic!("three batches were laid, got {}", others.len() + 1)
                };
                let method = method.three_batches().expect("it needs three batches");
                given.by_batches(method, first, second, packs)
            }
            _ => given.by_gram(method, packs),
        }
    }

    /// Whether the loss weighting wants the dev losses before the first step and at every evaluation.
    pub fn needs_dev_losses(&self) -> bool {
        self.weighting.needs().dev_losses
    }

    /// Tells the loss weighting the tasks' losses on the dev sets, if it wants them.
    pub fn evaluated(&mut self, names: &[&str], scores: &Scores) -> Result<(), TrainError> {
        let losses: Vec<f64> = names.iter().map(|name| scores[*name]["loss"]).collect();
        self.dev_losses(&losses)
    }

    /// Tells the loss weighting these losses on the dev sets, if it wants them. `(tasks,)`
    pub(crate) fn dev_losses(&mut self, losses: &[f64]) -> Result<(), TrainError> {
        if self.needs_dev_losses() {
            self.weighting.dev_losses(losses)?;
        }
        Ok(())
    }

    /// Tells the loss weighting that an epoch has ended.
    pub fn end_epoch(&mut self) {
        self.weighting.end_epoch();
    }

    /// What to save.
    pub fn state(&self) -> SharingState {
        let gradients = self.combining.as_ref().map(|combining| combining.state()).unwrap_or_default();
        let penalties = self.penalties.iter().map(|penalty| penalty.state()).collect();
        SharingState { weighting: self.weighting.state(), gradients, penalties }
    }

    /// Continues from a saved state of a stepper made of the same configuration.
    ///
    /// Errors if the state is another method's.
    pub fn restore(&mut self, state: &SharingState) -> Result<(), TrainError> {
        self.weighting.restore(&state.weighting)?;
        if let Some(combining) = &mut self.combining {
            combining.restore(&state.gradients)?;
        }
        for (penalty, state) in self.penalties.iter_mut().zip(&state.penalties) {
            penalty.restore(state)?;
        }
        Ok(())
    }
}

/// The weight of each task's mean loss in the step loss: w_t, times n_t / N where sequences are drawn one by one.
fn step_weights(unit: Unit, weights: &[f64], data: &StepData) -> Vec<f64> {
    let share = |labelled: usize| labelled as f64 / data.sequences.max(1) as f64;
    let factor = |labelled| if unit == Unit::Sequence { share(labelled) } else { 1.0 };
    weights.iter().zip(&data.labelled).map(|(weight, &labelled)| weight * factor(labelled)).collect()
}

/// Errors unless all tasks label the same sequences and read the same rows of the encoder's output.
fn check_comparable<E: Float, D: Device>(
    kind: GradientKind,
    dataset: &Dataset,
    model: &Model<E, D>,
) -> Result<(), TrainError> {
    let reads = |task: usize| model.head(task).reads();
    let stream_of = |task: usize| dataset.streams.iter().position(|stream| stream.tasks.contains(&task));
    let differs = |&task: &usize| reads(task) != reads(0) || stream_of(task) != stream_of(0);
    match (1..dataset.tasks.len()).find(differs) {
        None => Ok(()),
        Some(task) => {
            let name = |task: usize| dataset.tasks[task].spec.name.clone();
            Err(TrainError::NothingToCompare { method: kind.name(), first: name(0), second: name(task) })
        }
    }
}

fn not_finite(conflict: &Conflict) -> Option<(usize, f64)> {
    let norms = conflict.norms.iter().enumerate();
    norms.filter_map(|(task, norm)| Some((task, (*norm)?))).find(|(_, norm)| !norm.is_finite())
}

/// min(1, clip / (norm + 1e-6)), as PyTorch clips.
fn clip_factor(norm: f64, clip: f64) -> f64 {
    if clip > 0.0 { (clip / (norm + 1e-6)).min(1.0) } else { 1.0 }
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
