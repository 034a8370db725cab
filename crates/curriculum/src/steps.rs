//! The steps of one stage: sampler and unit together.

use std::collections::BTreeSet;

use crate::sampler::{Moment, Setup};
use crate::stopping::Freed;
use crate::{
    CurriculumError, Draw, Event, Horizon, Open, Sampler, SamplerState, Stage, StreamId, StreamInfo, TaskId,
    Unit,
};

/// Draws the steps of a stage, one after the other: which streams, and how many sequences of each.
#[derive(Debug)]
pub(crate) struct Steps {
    sampler: Box<dyn Sampler>,
    stage: Stage,
    batch: usize,
    freed: Freed,
    /// The streams of the stage.
    own: Open,
    /// Those of them that have a task of the stage that has not stopped.
    open: Open,
    per_epoch: u64,
    total: u64,
    /// Steps drawn so far.
    step: u64,
}

impl Steps {
    /// Steps of `batch` sequences from those of the `streams` that the stage trains a task of.
    ///
    /// Errors if a stream has no examples, the stage has no stream, `batch` is zero, or with [`Unit::EveryTask`] `batch`
    /// is not a multiple of the number of the stage's streams.
    pub(crate) fn new(
        stage: &Stage,
        batch: usize,
        streams: &[StreamInfo],
        seed: u64,
        freed: Freed,
    ) -> Result<Self, CurriculumError> {
        let own = Open::those(streams, |stream| stage.draws(stream));
        stage.unit.check(batch, own.count())?;
        let sequences: usize = own.iter().map(|stream| streams[stream.0].size).sum();
        let per_epoch = sequences.div_ceil(batch) as u64;
        // A stage of streams without examples is refused below.
        let horizon = Horizon { steps: stage.length.steps(per_epoch), per_epoch: per_epoch.max(1) };
        let setup = Setup::new(seed, stage.unit.per_draw(batch), streams, horizon)?;
        let sampler = stage.sampler.build(&setup);
        // Whoever counts mini-batches knows when all have come.
        let counted = if stage.unit == Unit::Batch { sampler.draws_per_epoch(&own) } else { None };
        let per_epoch = counted.unwrap_or(per_epoch);
        let total = stage.length.steps(per_epoch);
        let (stage, open) = (stage.clone(), own.clone());
        Ok(Self { sampler, stage, batch, freed, own, open, per_epoch, total, step: 0 })
    }

    /// The next step: every stream that takes part, once, ascending, with its number of sequences.
    pub(crate) fn next_step(&mut self) -> Vec<Draw> {
        if self.step.is_multiple_of(self.per_epoch) {
            self.sampler.event(&Event::Epoch { epoch: self.step / self.per_epoch });
        }
        let step = self.step;
        self.step += 1;
        if self.open.count() == 0 {
            return Vec::new();
        }
        match self.stage.unit {
            Unit::Batch => self.draw(step).into_iter().collect(),
            Unit::Sequence => {
                let drawn: Vec<Draw> = (0..self.batch).filter_map(|_| self.draw(step)).collect();
                let of =
                    |stream| drawn.iter().filter(|draw| draw.stream == stream).map(|draw| draw.count).sum();
                self.shared_out(of)
            }
            Unit::EveryTask => self.every_stream(),
        }
    }

    /// One draw; none if it is dropped because it falls on a stream whose tasks have stopped.
    fn draw(&mut self, step: u64) -> Option<Draw> {
        let from = if self.freed == Freed::Others { &self.open } else { &self.own };
        let draw = self.sampler.draw(&Moment { step, open: from });
        self.open.contains(draw.stream).then_some(draw)
    }

    /// As many sequences of each open stream as of any other; of what stopped streams leave, the first have one more.
    fn every_stream(&self) -> Vec<Draw> {
        if self.freed == Freed::Nothing {
            return self.shared_out(|_| self.batch / self.own.count());
        }
        let (share, rest) = (self.batch / self.open.count(), self.batch % self.open.count());
        let first: BTreeSet<StreamId> = self.open.iter().take(rest).collect();
        self.shared_out(|stream| share + usize::from(first.contains(&stream)))
    }

    fn shared_out(&self, count: impl Fn(StreamId) -> usize) -> Vec<Draw> {
        let draws = self.open.iter().map(|stream| Draw { stream, count: count(stream) });
        draws.filter(|draw| draw.count > 0).collect()
    }

    /// Closes the streams of which every task of the stage has stopped.
    pub(crate) fn close(&mut self, streams: &[StreamInfo], stopped: &BTreeSet<TaskId>) {
        let (stage, goes_on) = (&self.stage, |task: &TaskId| !stopped.contains(task));
        self.open = Open::those(streams, |stream| {
            stream.tasks.iter().any(|task| stage.tasks.contains(task) && goes_on(task))
        });
    }

    /// The probability that the next draw falls on each stream; 0 everywhere if none is open. `(streams,)`
    pub(crate) fn probabilities(&self) -> Vec<f64> {
        let n_streams = self.own.len();
        if self.open.count() == 0 {
            return vec![0.0; n_streams];
        }
        match self.stage.unit {
            Unit::EveryTask => {
                let mut shares = vec![0.0; n_streams];
                self.every_stream().iter().for_each(|draw| shares[draw.stream.0] = draw.count as f64);
                let total: f64 = shares.iter().sum();
                shares.iter().map(|share| share / total).collect()
            }
            _ => self.sampler.probabilities(&Moment { step: self.step, open: &self.open }),
        }
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        self.sampler.event(event);
    }

    pub(crate) fn known_ahead(&self) -> bool {
        self.stage.unit == Unit::EveryTask || self.sampler.known_ahead()
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// How many steps make an epoch.
    pub(crate) fn per_epoch(&self) -> u64 {
        self.per_epoch
    }

    /// How many steps the stage has.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether every stream of the stage is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.open.count() == 0
    }

    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    pub(crate) fn sampler_state(&self) -> SamplerState {
        self.sampler.state()
    }

    pub(crate) fn restore(&mut self, step: u64, sampler: &SamplerState) -> Result<(), CurriculumError> {
        self.step = step;
        self.sampler.restore(sampler)
    }
}
