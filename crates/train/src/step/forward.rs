//! The forward pass of a step, pack by pack.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Cpu, Encoded, Encoder, Loss, ReadRows, Reads, Tape, TensorError};

use crate::batch::{StepData, StepPack, TaskPart};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::model::Model;

/// What a forward pass reads.
#[derive(Clone, Copy)]
pub(super) struct Forward<'a> {
    pub(super) model: &'a Model,
    pub(super) dataset: &'a Dataset,
    pub(super) data: &'a StepData,
    pub(super) seed: u64,
    pub(super) step: u64,
}

/// A pack after its forward pass.
pub(super) struct Recorded<'a, E: Float<Master = f32>> {
    pub(super) tape: Tape<E, Cpu>,
    pub(super) pack: &'a StepPack,
    /// What the heads read.
    pub(super) encoded: Encoded<usize, E, Cpu>,
    /// Each part's task and loss, as its share of the task's mean over the whole step.
    pub(super) losses: Vec<(u32, Loss)>,
}

/// The packs of a step on their way to gradients.
pub(super) enum Packs<'a, E: Float<Master = f32>> {
    /// The only one, after its forward pass.
    One(Box<Recorded<'a, E>>),
    /// Several, or none: each is recorded when it is walked, so that a step of any size takes the memory of one of them.
    Several(Forward<'a>),
    /// All, after their forward passes, for what looks at them side by side.
    Together(Vec<Recorded<'a, E>>),
}

impl<'a, E: Float<Master = f32>> Packs<'a, E> {
    /// Hands over one recorded pack after the other. Errors as recording and `f` do.
    pub(super) fn each(
        self,
        mut f: impl FnMut(Recorded<'a, E>) -> Result<(), TensorError>,
    ) -> Result<(), TrainError> {
        match self {
            Packs::One(pack) => Ok(f(*pack)?),
            Packs::Together(packs) => Ok(packs.into_iter().try_for_each(f)?),
            Packs::Several(forward) => forward.packs().try_for_each(|pack| Ok(f(forward.record(pack)?)?)),
        }
    }
}

impl<'a> Forward<'a> {
    /// The packs that a task reads.
    pub(super) fn packs(&self) -> impl Iterator<Item = &'a StepPack> + use<'a> {
        self.data.packs.iter().filter(|pack| !pack.parts.is_empty())
    }

    /// Runs one pack, recorded. Errors if a loss is not finite.
    pub(super) fn record<E: Float<Master = f32>>(
        &self,
        pack: &'a StepPack,
    ) -> Result<Recorded<'a, E>, TrainError> {
        let mut tape = Tape::<E, Cpu>::training(&Cpu, self.seed, self.step);
        let (encoded, losses) = self.run(&mut tape, pack)?;
        Ok(Recorded { tape, pack, encoded, losses })
    }

    /// Every pack, recorded, and the tasks' mean losses: all packs are in memory at once.
    pub(super) fn together<E: Float<Master = f32>>(
        &self,
    ) -> Result<(Packs<'a, E>, Vec<Option<f64>>), TrainError> {
        let packs = self.packs().map(|pack| self.record(pack)).collect::<Result<Vec<_>, _>>()?;
        let mut losses = Losses::new(self.dataset.tasks.len());
        packs.iter().for_each(|pack| losses.add(&pack.losses));
        Ok((Packs::Together(packs), losses.0))
    }

    /// The step's packs, and the tasks' mean losses over all of them: of several packs by a forward pass that keeps nothing.
    pub(super) fn packs_and_losses<E: Float<Master = f32>>(
        &self,
    ) -> Result<(Packs<'a, E>, Vec<Option<f64>>), TrainError> {
        let mut packs = self.packs();
        match (packs.next(), packs.next()) {
            (Some(only), None) => {
                let (pack, mut losses) = (self.record(only)?, Losses::new(self.dataset.tasks.len()));
                losses.add(&pack.losses);
                Ok((Packs::One(Box::new(pack)), losses.0))
            }
            _ => Ok((Packs::Several(*self), self.unrecorded_losses::<E>()?)),
        }
    }

    /// The tasks' mean losses over the step with the draws of its forward pass, nothing kept.
    pub(super) fn unrecorded_losses<E: Float<Master = f32>>(&self) -> Result<Vec<Option<f64>>, TrainError> {
        let mut sums = Losses::new(self.dataset.tasks.len());
        for pack in self.packs() {
            let mut tape = Tape::<E, Cpu>::unrecorded(&Cpu, self.seed, self.step);
            sums.add(&self.run(&mut tape, pack)?.1);
        }
        Ok(sums.0)
    }

    fn run<E: Float<Master = f32>>(
        &self,
        tape: &mut Tape<E, Cpu>,
        pack: &StepPack,
    ) -> Result<(Encoded<usize, E, Cpu>, Vec<(u32, Loss)>), TrainError> {
        let heads = pack.parts.iter().map(|part| (self.model.head::<E>(part.task_idx), part));
        let read =
            heads.clone().fold(ReadRows::new(), |read, (head, part)| read.with(head.reads(), &part.rows));
        let encoded = self.model.encoder.encode_read(tape, &pack.pack, &read)?;
        let mut losses = Vec::with_capacity(pack.parts.len());
        for (head, part) in heads {
            let places = read.places(head.reads(), &part.rows);
            let rows = match head.reads() {
                Reads::Tokens => tape.gather_rows(&encoded.tokens, &places)?,
                Reads::Sequences => tape.gather_rows(&encoded.sequences, &places)?,
            };
            let logits = head.logits(tape, &rows)?;
            let loss = head.loss(tape, &logits, &part.targets, self.data.denominators[part.task_idx])?;
            self.check_loss(part, loss.value)?;
            losses.push((part.task_idx as u32, loss));
        }
        Ok((encoded, losses))
    }

    fn check_loss(&self, part: &TaskPart, value: f64) -> Result<(), TrainError> {
        if value.is_finite() {
            return Ok(());
        }
        let (step, examples) = (self.step + 1, places(self.dataset, part));
        let task = self.dataset.tasks[part.task_idx].spec.name.clone();
        Err(TrainError::NotFinite { what: "loss", task, step, value, examples })
    }

    /// The error that the gradient of some tasks is not finite; of all the step's tasks if `task_idx` is `None`.
    pub(super) fn bad_gradient(&self, task_idx: Option<usize>, value: f64) -> TrainError {
        let of_task = |part: &&TaskPart| task_idx.is_none_or(|task_idx| part.task_idx == task_idx);
        let parts = || self.data.packs.iter().flat_map(|pack| &pack.parts).filter(of_task);
        let mut names: Vec<&str> =
            parts().map(|part| self.dataset.tasks[part.task_idx].spec.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let examples = parts().flat_map(|part| places(self.dataset, part)).collect();
        let (task, step) = (names.join(", "), self.step + 1);
        TrainError::NotFinite { what: "gradient", task, step, value, examples }
    }
}

/// The tasks' mean losses over a step; `None` for a task that it does not show. `(tasks,)`
pub(super) struct Losses(pub(super) Vec<Option<f64>>);

impl Losses {
    pub(super) fn new(n_tasks: usize) -> Self {
        Losses(vec![None; n_tasks])
    }

    /// Adds the losses of a pack.
    pub(super) fn add(&mut self, losses: &[(u32, Loss)]) {
        for (task_idx, loss) in losses {
            *self.0[*task_idx as usize].get_or_insert(0.0) += loss.value;
        }
    }
}

fn places(dataset: &Dataset, part: &TaskPart) -> Vec<String> {
    let train = &dataset.tasks[part.task_idx].train;
    part.examples.iter().map(|&example| train.place(example)).collect()
}
