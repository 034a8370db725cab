//! A curriculum: stages, one after the other, over one list of streams.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::steps::Steps;
use crate::stopping::Freed;
use crate::{CurriculumError, Draw, Draws, Event, Purpose, SamplerState, Stage, StreamInfo, TaskId, Unit};

/// Draws the steps of a run, one after the other: which streams, and how many sequences of each.
///
/// A stage ends after its steps, or where the tasks that go on get what others leave ([`Freed::Others`]) as soon as all
/// its tasks have stopped. The last stage goes on for as long as it is asked.
#[derive(Debug)]
pub struct Curriculum {
    stages: Vec<Stage>,
    batch: usize,
    streams: Vec<StreamInfo>,
    seed: u64,
    freed: Freed,
    stopped: BTreeSet<TaskId>,
    /// The stage that `steps` are of.
    stage: usize,
    steps: Steps,
    total: u64,
    known_ahead: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The stage that it is of, from 0.
    pub stage: usize,
    /// Every stream that takes part, once, ascending, with its number of sequences. Nothing, where what the step would
    /// have shown is of tasks that have stopped.
    pub draws: Vec<Draw>,
}

/// Where a run stands: all that has to be saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurriculumState {
    /// Steps of the stage drawn so far.
    pub step: u64,
    /// The state of the stage's sampler.
    pub sampler: SamplerState,
    /// The stage.
    #[serde(default, skip_serializing_if = "is_first")]
    pub stage: usize,
    /// The tasks that have stopped, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<TaskId>,
}

fn is_first(stage: &usize) -> bool {
    *stage == 0
}

impl Curriculum {
    /// Steps of `batch` sequences from these streams.
    ///
    /// Errors if there is no stage, a stage has no stream, a stream has no examples, `batch` is zero, or with
    /// [`Unit::EveryTask`] `batch` is not a multiple of the number of a stage's streams.
    pub fn new(
        stages: Vec<Stage>,
        batch: usize,
        streams: Vec<StreamInfo>,
        seed: u64,
        freed: Freed,
    ) -> Result<Self, CurriculumError> {
        let of = |stage: usize| steps_of(&stages, stage, batch, &streams, seed, freed);
        let all: Vec<Steps> = (0..stages.len()).map(of).collect::<Result<_, _>>()?;
        let (total, known_ahead) = (all.iter().map(Steps::total).sum(), all.iter().all(Steps::known_ahead));
        let steps = all.into_iter().next().ok_or(CurriculumError::NoStages)?;
        let stopped = BTreeSet::new();
        Ok(Self { stages, batch, streams, seed, freed, stopped, stage: 0, steps, total, known_ahead })
    }

    /// The next step.
    ///
    /// The numbers of sequences add up to the batch, except that
    /// [`RoundRobinRandom`](crate::sampler::RoundRobinRandom) with [`Unit::Batch`] ends a stream's epoch with what is left
    /// of it, and that stopped tasks may leave their part unused ([`Freed::Nothing`]).
    pub fn next_step(&mut self) -> Step {
        while self.stage_is_over() && self.stage + 1 < self.stages.len() {
            self.enter(self.stage + 1);
        }
        Step { stage: self.stage, draws: self.steps.next_step() }
    }

    fn stage_is_over(&self) -> bool {
        let is_left = self.freed == Freed::Others && self.steps.is_closed();
        self.steps.step() >= self.steps.total() || is_left
    }

    fn enter(&mut self, stage: usize) {
        let steps = steps_of(&self.stages, stage, self.batch, &self.streams, self.seed, self.freed);
        self.steps = steps.expect("every stage was made once");
        self.stage = stage;
        self.steps.close(&self.streams, &self.stopped);
    }

    /// Trains a task no more. Its stream is drawn as long as another task needs it.
    pub fn stop(&mut self, task: TaskId) {
        self.stopped.insert(task);
        self.steps.close(&self.streams, &self.stopped);
        self.steps.event(&Event::Stopped { task });
    }

    /// Tells the stage's sampler what happened.
    pub fn event(&mut self, event: &Event<'_>) {
        self.steps.event(event);
    }

    /// Whether the newest step's stage trains a task that has not stopped.
    pub fn trains(&self, task: TaskId) -> bool {
        self.steps.stage().tasks.contains(&task) && !self.stopped.contains(&task)
    }

    /// Whether nothing will be drawn any more, because the tasks of all stages that are left have stopped.
    pub fn is_over(&self) -> bool {
        // The last stage goes on beyond its steps.
        let next = self.stage + usize::from(self.stage_is_over() && self.stage + 1 < self.stages.len());
        let left = self.stages[next..].iter();
        left.flat_map(|stage| &stage.tasks).all(|task| self.stopped.contains(task))
    }

    /// How many steps all stages have.
    pub fn total_steps(&self) -> u64 {
        self.total
    }

    /// How many steps make an epoch of the stage: as many sequences as its streams have examples, the last step rounded
    /// up.
    pub fn per_epoch(&self) -> u64 {
        self.steps.per_epoch()
    }

    /// Whether the newest step was the last of an epoch of its stage.
    pub fn ends_epoch(&self) -> bool {
        self.steps.step() > 0 && self.steps.step().is_multiple_of(self.steps.per_epoch())
    }

    /// What one draw of the newest step's stage stands for.
    pub fn unit(&self) -> Unit {
        self.steps.stage().unit
    }

    /// The stages.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Whether all draws are the same whatever the run learns, as long as no task stops.
    pub fn known_ahead(&self) -> bool {
        self.known_ahead
    }

    /// The probability that the next draw falls on each stream, before it is made.
    ///
    /// # Shapes
    ///
    /// `(streams,)`; sums to 1, or to 0 if all tasks of the stage have stopped.
    pub fn probabilities(&self) -> Vec<f64> {
        self.steps.probabilities()
    }

    /// What to save.
    pub fn state(&self) -> CurriculumState {
        CurriculumState {
            step: self.steps.step(),
            sampler: self.steps.sampler_state(),
            stage: self.stage,
            stopped: self.stopped.iter().copied().collect(),
        }
    }

    /// Continues from a saved state of a curriculum made with the same arguments.
    ///
    /// Errors if there is no such stage, or the state is another sampler's.
    pub fn restore(&mut self, state: &CurriculumState) -> Result<(), CurriculumError> {
        if state.stage >= self.stages.len() {
            return Err(CurriculumError::OtherState {
                what: "the curriculum",
                reason: "it has fewer stages",
            });
        }
        self.stopped = state.stopped.iter().copied().collect();
        self.enter(state.stage);
        self.steps.restore(state.step, &state.sampler)
    }
}

/// The steps of a stage. The first has the seed itself, so that a run of one stage draws what runs without stages drew.
fn steps_of(
    stages: &[Stage],
    stage: usize,
    batch: usize,
    streams: &[StreamInfo],
    seed: u64,
    freed: Freed,
) -> Result<Steps, CurriculumError> {
    let seed = if stage == 0 { seed } else { Draws::new(seed, Purpose::Stage, &[stage as u64]).bits(0) };
    if !streams.iter().any(|stream| stages[stage].draws(stream)) {
        return Err(CurriculumError::EmptyStage { stage });
    }
    Steps::new(&stages[stage], batch, streams, seed, freed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Length, StreamId};

    fn one(sampler: &str, unit: Unit, batch: usize, sizes: &[usize]) -> Curriculum {
        let streams = StreamInfo::one_per_task(sizes);
        let stage = Stage::of_all(&streams, sampler.parse().unwrap(), unit, Length::Epochs(1));
        Curriculum::new(vec![stage], batch, streams, 0, Freed::Others).unwrap()
    }

    fn drawn(curriculum: &mut Curriculum) -> Vec<(usize, usize)> {
        curriculum.next_step().draws.iter().map(|draw| (draw.stream.0, draw.count)).collect()
    }

    #[test]
    fn a_batch_is_of_one_task() {
        let mut curriculum = one("round-robin", Unit::Batch, 8, &[5, 5]);
        assert_eq!(drawn(&mut curriculum), [(0, 8)]);
        assert_eq!(drawn(&mut curriculum), [(1, 8)]);
    }

    #[test]
    fn sequences_are_drawn_one_by_one() {
        let mut curriculum = one("round-robin", Unit::Sequence, 4, &[5, 5, 5]);
        assert_eq!(drawn(&mut curriculum), [(0, 2), (1, 1), (2, 1)]);
        assert_eq!(drawn(&mut curriculum), [(0, 1), (1, 2), (2, 1)]);
    }

    #[test]
    fn every_task_has_its_share() {
        let mut curriculum = one("round-robin", Unit::EveryTask, 6, &[5, 5]);
        assert_eq!(drawn(&mut curriculum), [(0, 3), (1, 3)]);
        assert_eq!(curriculum.state().sampler.draws, 0);
    }

    #[test]
    fn an_epoch_is_as_many_sequences_as_there_are_examples() {
        let per_epoch = |sampler, unit| one(sampler, unit, 10, &[100, 33]).per_epoch();
        assert_eq!(per_epoch("proportional", Unit::Batch), 14);
        assert_eq!(per_epoch("proportional", Unit::Sequence), 14);
        assert_eq!(per_epoch("proportional", Unit::EveryTask), 14);
        assert_eq!(per_epoch("round-robin-random", Unit::Sequence), 14);
        assert_eq!(per_epoch("round-robin-random", Unit::Batch), 10 + 4);
    }

    #[test]
    fn what_a_stopped_task_frees_goes_to_the_others_or_is_dropped() {
        let with = |unit, freed| {
            let streams = StreamInfo::one_per_task(&[5, 5, 5]);
            let sampler = "round-robin".parse().unwrap();
            let stage = Stage::of_all(&streams, sampler, unit, Length::Epochs(1));
            let mut curriculum = Curriculum::new(vec![stage], 6, streams, 0, freed).unwrap();
            curriculum.stop(TaskId(0));
            [drawn(&mut curriculum), drawn(&mut curriculum)]
        };
        assert_eq!(with(Unit::Batch, Freed::Others), [[(1, 6)], [(2, 6)]]);
        assert_eq!(with(Unit::Batch, Freed::Nothing), [vec![], vec![(1, 6)]]);
        assert_eq!(with(Unit::Sequence, Freed::Others)[0], [(1, 3), (2, 3)]);
        assert_eq!(with(Unit::Sequence, Freed::Nothing)[0], [(1, 2), (2, 2)]);
        assert_eq!(with(Unit::EveryTask, Freed::Others)[0], [(1, 3), (2, 3)]);
        assert_eq!(with(Unit::EveryTask, Freed::Nothing)[0], [(1, 2), (2, 2)]);
    }

    #[test]
    fn a_shared_stream_stops_with_the_last_of_its_tasks() {
        let streams = vec![
            StreamInfo { size: 4, tasks: vec![TaskId(0), TaskId(2)] },
            StreamInfo { size: 4, tasks: vec![TaskId(1)] },
        ];
        let stage = Stage::of_all(&streams, "uniform".parse().unwrap(), Unit::EveryTask, Length::Epochs(1));
        assert_eq!(stage.tasks, [TaskId(0), TaskId(1), TaskId(2)]);
        let mut curriculum = Curriculum::new(vec![stage], 4, streams, 0, Freed::Others).unwrap();
        curriculum.stop(TaskId(0));
        assert!(!curriculum.trains(TaskId(0)) && curriculum.trains(TaskId(2)));
        assert_eq!(drawn(&mut curriculum), [(0, 2), (1, 2)]);
        curriculum.stop(TaskId(2));
        assert_eq!(drawn(&mut curriculum), [(1, 4)]);
        assert_eq!(curriculum.probabilities(), [0.0, 1.0]);
        curriculum.stop(TaskId(1));
        assert!(curriculum.is_over() && curriculum.next_step().draws.is_empty());
    }

    fn two_stages(freed: Freed) -> Curriculum {
        let streams = StreamInfo::one_per_task(&[6, 6]);
        let of = |tasks: &[usize], steps| Stage {
            tasks: tasks.iter().map(|&task| TaskId(task)).collect(),
            sampler: "round-robin".parse().unwrap(),
            unit: Unit::Batch,
            length: Length::Steps(steps),
        };
        Curriculum::new(vec![of(&[0], 3), of(&[1, 0], 2)], 2, streams, 0, freed).unwrap()
    }

    #[test]
    fn stages_follow_each_other_and_the_last_goes_on() {
        let mut curriculum = two_stages(Freed::Others);
        assert_eq!((curriculum.total_steps(), curriculum.per_epoch()), (5, 3));
        let stages: Vec<(usize, StreamId)> =
            (0..7).map(|_| curriculum.next_step()).map(|step| (step.stage, step.draws[0].stream)).collect();
        let expected = [(0, 0), (0, 0), (0, 0), (1, 0), (1, 1), (1, 0), (1, 1)];
        assert_eq!(stages, expected.map(|(stage, stream)| (stage, StreamId(stream))));
    }

    #[test]
    fn a_stage_without_a_task_left_ends_where_others_get_its_steps() {
        for (freed, expected) in [(Freed::Others, [1, 1, 1, 1]), (Freed::Nothing, [0, 0, 0, 1])] {
            let mut curriculum = two_stages(freed);
            curriculum.stop(TaskId(0));
            assert!(!curriculum.is_over());
            assert_eq!([0; 4].map(|_| curriculum.next_step().stage), expected);
        }
    }

    #[test]
    fn a_stage_that_is_done_does_not_wait_for_its_tasks() {
        let mut curriculum = two_stages(Freed::Nothing);
        (0..2).for_each(|_| drop(curriculum.next_step()));
        curriculum.stop(TaskId(1));
        assert!(!curriculum.is_over());
        let streams = StreamInfo::one_per_task(&[6, 6]);
        let of = |task| Stage {
            tasks: vec![TaskId(task)],
            sampler: "uniform".parse().unwrap(),
            unit: Unit::Batch,
            length: Length::Steps(2),
        };
        let mut curriculum = Curriculum::new(vec![of(0), of(1)], 2, streams, 0, Freed::Others).unwrap();
        curriculum.stop(TaskId(1));
        curriculum.next_step();
        assert!(!curriculum.is_over());
        curriculum.next_step();
        assert!(curriculum.is_over(), "nothing is left but a stage of a task that has stopped");
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let streams = StreamInfo::one_per_task(&[6]);
        let new = |stages| Curriculum::new(stages, 2, streams.clone(), 0, Freed::Others).unwrap_err();
        assert_eq!(new(vec![]), CurriculumError::NoStages);
        let sampler = "uniform".parse().unwrap();
        let stage = Stage { tasks: vec![], sampler, unit: Unit::Batch, length: Length::Steps(1) };
        assert_eq!(new(vec![stage]), CurriculumError::EmptyStage { stage: 0 });
    }

    #[test]
    fn a_state_of_version_0_1_is_read_and_written_alike() {
        let text = "{\"step\":17,\"sampler\":{\"draws\":17}}";
        let state: CurriculumState = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), text);
        let mut restored = one("uniform", Unit::Batch, 8, &[5, 9]);
        restored.restore(&state).unwrap();
        let mut whole = one("uniform", Unit::Batch, 8, &[5, 9]);
        (0..17).for_each(|_| drop(whole.next_step()));
        assert_eq!((restored.state(), restored.next_step()), (whole.state(), whole.next_step()));
    }
}
