//! The forward pass of a step, pack by pack.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Device, Encoded, Loss, ReadRows, Reads, Tape, Tensor, TensorError};

use crate::batch::{StepData, StepPack, TaskPart};
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::model::Model;

/// What a forward pass reads.
pub(super) struct Forward<'a, E: Float, D: Device> {
    pub(super) model: &'a Model<E, D>,
    pub(super) dataset: &'a Dataset,
    pub(super) data: &'a StepData,
    pub(super) seed: u64,
    pub(super) step: u64,
}

impl<E: Float, D: Device> Clone for Forward<'_, E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Float, D: Device> Copy for Forward<'_, E, D> {}

/// A pack after its forward pass.
pub(super) struct Recorded<'a, E: Float, D: Device> {
    pub(super) tape: Tape<E, D>,
    pub(super) pack: &'a StepPack,
    /// What the heads of all tasks read, where there is one such representation.
    pub(super) shared: Option<Encoded<usize, E, D>>,
    /// Each part's task and loss, as its share of the task's mean over the whole step.
    pub(super) losses: Vec<(u32, Loss)>,
}

/// The packs of a step on their way to gradients.
pub(super) enum Packs<'a, E: Float, D: Device> {
    /// The only one, after its forward pass.
    One(Box<Recorded<'a, E, D>>),
    /// Several, or none: each is recorded when it is walked, so that a step of any size takes the memory of one of them.
    Several(D, Forward<'a, E, D>),
    /// All, after their forward passes, for what looks at them side by side.
    Together(D, Vec<Recorded<'a, E, D>>),
}

impl<'a, E: Float<Master = f32>, D: Device> Packs<'a, E, D> {
    /// Where they live.
    pub(super) fn device(&self) -> D {
        match self {
            Packs::One(pack) => pack.tape.device().clone(),
            Packs::Several(device, _) | Packs::Together(device, _) => device.clone(),
        }
    }

    /// Hands over one recorded pack after the other. Errors as recording and `f` do.
    pub(super) fn each(
        self,
        mut f: impl FnMut(Recorded<'a, E, D>) -> Result<(), TensorError>,
    ) -> Result<(), TrainError> {
        match self {
            Packs::One(pack) => Ok(f(*pack)?),
            Packs::Together(_, packs) => Ok(packs.into_iter().try_for_each(f)?),
            Packs::Several(_, forward) => forward.packs().try_for_each(|pack| Ok(f(forward.record(pack)?)?)),
        }
    }
}

impl<'a, E: Float<Master = f32>, D: Device> Forward<'a, E, D> {
    /// Where the model lives.
    pub(super) fn device(&self) -> &'a D {
        &self.model.device
    }

    /// The packs that a task reads.
    pub(super) fn packs(&self) -> impl Iterator<Item = &'a StepPack> + use<'a, E, D> {
        self.data.packs.iter().filter(|pack| !pack.parts.is_empty())
    }

    /// Runs one pack, recorded. Errors if a loss is not finite.
    pub(super) fn record(&self, pack: &'a StepPack) -> Result<Recorded<'a, E, D>, TrainError> {
        let mut tape = Tape::<E, D>::training(self.device(), self.seed, self.step);
        let (shared, losses) = self.run(&mut tape, pack)?;
        Ok(Recorded { tape, pack, shared, losses })
    }

    /// Every pack, recorded, and the tasks' mean losses: all packs are in memory at once.
    pub(super) fn together(&self) -> Result<(Packs<'a, E, D>, Vec<Option<f64>>), TrainError> {
        let packs = self.packs().map(|pack| self.record(pack)).collect::<Result<Vec<_>, _>>()?;
        let mut losses = Losses::new(self.dataset.tasks.len());
        packs.iter().for_each(|pack| losses.add(&pack.losses));
        Ok((Packs::Together(self.device().clone(), packs), losses.0))
    }

    /// The step's packs, and the tasks' mean losses over all of them: of several packs by a forward pass that keeps nothing.
    pub(super) fn packs_and_losses(&self) -> Result<(Packs<'a, E, D>, Vec<Option<f64>>), TrainError> {
        let mut packs = self.packs();
        match (packs.next(), packs.next()) {
            (Some(only), None) => {
                let (pack, mut losses) = (self.record(only)?, Losses::new(self.dataset.tasks.len()));
                losses.add(&pack.losses);
                Ok((Packs::One(Box::new(pack)), losses.0))
            }
            _ => Ok((Packs::Several(self.device().clone(), *self), self.unrecorded_losses()?)),
        }
    }

    /// The tasks' mean losses over the step with the draws of its forward pass, nothing kept.
    pub(super) fn unrecorded_losses(&self) -> Result<Vec<Option<f64>>, TrainError> {
        let mut sums = Losses::new(self.dataset.tasks.len());
        for pack in self.packs() {
            let mut tape = Tape::<E, D>::unrecorded(self.device(), self.seed, self.step);
            sums.add(&self.run(&mut tape, pack)?.1);
        }
        Ok(sums.0)
    }

    fn run(
        &self,
        tape: &mut Tape<E, D>,
        pack: &StepPack,
    ) -> Result<(Option<Encoded<usize, E, D>>, Vec<(u32, Loss)>), TrainError> {
        let mut read = vec![ReadRows::new(); self.model.heads.len()];
        for part in &pack.parts {
            let head = self.model.head(part.task_idx);
            read[part.task_idx] = ReadRows::new().with(head.reads(), &part.rows);
        }
        let encoding = self.model.architecture.encode(tape, &pack.pack, &read)?;
        let mut losses = Vec::with_capacity(pack.parts.len());
        for part in &pack.parts {
            let (head, encoded) = (self.model.head(part.task_idx), &encoding.tasks[part.task_idx]);
            let read = &read[part.task_idx];
            let rows = rows_of(tape, head.reads(), encoded, read, &part.rows)?;
            let logits = head.logits(tape, &rows)?;
            let loss = head.loss(tape, &logits, &part.targets, self.data.denominators[part.task_idx])?;
            self.check_loss(part, loss.value)?;
            losses.push((part.task_idx as u32, loss));
        }
        Ok((encoding.shared, losses))
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

/// The rows of an encoding in the order in which a head wants them.
pub(crate) fn rows_of<E: Float, D: Device>(
    tape: &mut Tape<E, D>,
    reads: Reads,
    encoded: &Encoded<usize, E, D>,
    read: &ReadRows,
    rows: &[u32],
) -> Result<Tensor<(usize, usize), E, D>, TensorError> {
    let all = match reads {
        Reads::Tokens => &encoded.tokens,
        Reads::Sequences => &encoded.sequences,
    };
    if read.rows(reads) == rows {
        return Ok(all.clone());
    }
    tape.gather_rows(all, &read.places(reads, rows))
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
