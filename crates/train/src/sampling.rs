//! Which sequences each step shows: the curriculum's draws, and each stream's shuffled passes.

use mtl_curriculum::{
    Curriculum, CurriculumState, Event, Passes, PassesState, Stage, StreamId, StreamInfo, TaskId, Unit,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::batch::Drawn;
use crate::config::Config;
use crate::error::TrainError;

/// Which of a configuration's draws a run shows.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// All of them.
    Whole,
    /// So many sequences, from the first.
    First(u64),
    /// Those of a larger mix without one of its streams.
    LeftOut(Box<LeftOut>),
}

impl Part {
    /// What tells the draws from those of other parts of the same configuration; `None` for all of them.
    pub(crate) fn identity(&self) -> Option<String> {
        match self {
            Part::Whole => None,
            Part::First(sequences) => Some(format!("the first {sequences} sequences")),
            Part::LeftOut(left_out) => Some(format!("sha256 {}", left_out.sha256)),
        }
    }
}

/// The draws of a mix without those of one stream: the steps, and the order of the examples, are otherwise the mix's own, so
/// that a run differs from the mix's in nothing but what is left out.
///
/// Where the mix draws by what it learns, its draws are those of a mix that has learned nothing; a task that stops in the
/// run stops in them too.
#[derive(Debug, Clone)]
pub(crate) struct LeftOut {
    mix: Config,
    streams: Vec<StreamInfo>,
    /// The task of the mix that is left out.
    task: usize,
    /// Its stream, if that is of no other task.
    stream: Option<usize>,
    /// How many steps remain.
    pub(crate) steps: u64,
    /// A hash of what they show.
    sha256: String,
}

impl LeftOut {
    /// The draws of `mix` from these streams without those of `stream`; without none, all of them. The run is of the tasks of
    /// the mix but `task`.
    ///
    /// Errors as [`Sampling::new`] does.
    pub(crate) fn new(
        mix: &Config,
        streams: Vec<StreamInfo>,
        task: usize,
        stream: Option<usize>,
    ) -> Result<LeftOut, TrainError> {
        let mut draws = Sampling::new(mix, &streams, &Part::Whole)?;
        let total = draws.total_steps();
        let (mut steps, mut hash) = (0, Sha256::new());
        for _ in 0..total {
            let drawn: Vec<Drawn> =
                draws.next_step().into_iter().filter(|(of, _)| Some(*of) != stream).collect();
            if !drawn.is_empty() {
                steps += 1;
                hash.update(format!("{drawn:?}\n"));
            }
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(LeftOut { mix: mix.clone(), streams, task, stream, steps, sha256 })
    }

    fn sampling(&self) -> Result<Sampling, TrainError> {
        let mix = Sampling::new(&self.mix, &self.streams, &Part::Whole)?;
        let of_mix = mix.total_steps().max(1);
        let per_epoch = (mix.per_epoch() * self.steps).div_ceil(of_mix).max(1);
        let without = Without {
            task: self.task,
            stream: self.stream,
            of_mix,
            steps: self.steps,
            per_epoch,
            stopped: 0,
        };
        Ok(Sampling { without: Some(without), ..mix })
    }
}

/// What is left out of a mix, and what remains.
#[derive(Debug)]
struct Without {
    task: usize,
    stream: Option<usize>,
    /// Steps of the mix.
    of_mix: u64,
    /// Steps that remain.
    steps: u64,
    per_epoch: u64,
    /// Tasks of the run that have stopped.
    stopped: usize,
}

/// Draws the sequences of each step of a run.
#[derive(Debug)]
pub struct Sampling {
    curriculum: Curriculum,
    passes: Vec<Passes>,
    /// How many sequences may be shown.
    limit: u64,
    without: Option<Without>,
    n_tasks: usize,
}

/// Where the draws stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingState {
    steps: CurriculumState,
    passes: Vec<PassesState>,
}

impl Sampling {
    /// The draws, or a part of them, of a configuration from these streams.
    ///
    /// Errors if a stream is empty, or the batch cannot be divided as the unit asks.
    pub(crate) fn new(config: &Config, streams: &[StreamInfo], part: &Part) -> Result<Sampling, TrainError> {
        let limit = match part {
            Part::Whole => u64::MAX,
            Part::First(sequences) => *sequences,
            Part::LeftOut(left_out) => return left_out.sampling(),
        };
        let freed = config.curriculum.stopping.freed();
        let (batch, seed) = (config.train.batch, config.seed);
        let curriculum = Curriculum::new(stages(config, streams), batch, streams.to_vec(), seed, freed)?;
        let passes = (0..).zip(streams).map(|(stream, info)| Passes::new(seed, StreamId(stream), info.size));
        let passes = passes.collect::<Result<_, _>>()?;
        Ok(Sampling { curriculum, passes, limit, without: None, n_tasks: config.tasks.len() })
    }

    /// How many steps the run has.
    pub fn total_steps(&self) -> u64 {
        self.without.as_ref().map_or_else(|| self.curriculum.total_steps(), |without| without.steps)
    }

    /// How many steps make an epoch of the stage.
    pub fn per_epoch(&self) -> u64 {
        self.without.as_ref().map_or_else(|| self.curriculum.per_epoch(), |without| without.per_epoch)
    }

    /// Whether the newest step, the one of this number from 1, was the last of an epoch.
    pub fn ends_epoch(&self, step: u64) -> bool {
        match &self.without {
            Some(without) => step.is_multiple_of(without.per_epoch),
            None => self.curriculum.ends_epoch(),
        }
    }

    /// Whether all draws are the same whatever the run learns, as long as no task stops.
    pub fn known_ahead(&self) -> bool {
        self.curriculum.known_ahead()
    }

    /// The next step's sequences; none where it would show only tasks that have stopped.
    pub fn next_step(&mut self) -> Vec<Drawn> {
        let Some(without) = &self.without else { return self.next_of_all() };
        let (stream, most) = (without.stream, without.of_mix);
        // The mix may have nothing else to show: then the step is empty.
        for _ in 0..=most {
            let mut drawn = self.next_of_all();
            if let Some(left_out) = stream {
                drawn.retain(|(stream, _)| *stream != left_out);
                // Those behind it move up.
                drawn.iter_mut().for_each(|(stream, _)| *stream -= usize::from(*stream > left_out));
            }
            if !drawn.is_empty() {
                return drawn;
            }
        }
        Vec::new()
    }

    fn next_of_all(&mut self) -> Vec<Drawn> {
        let mut drawn = Vec::new();
        for draw in self.curriculum.next_step().draws {
            let shown: u64 = self.passes.iter().map(|passes| passes.state().shown).sum();
            let left = usize::try_from(self.limit.saturating_sub(shown)).unwrap_or(usize::MAX);
            let (stream, count) = (draw.stream.0, draw.count.min(left));
            if count > 0 {
                drawn.push((stream, self.passes[stream].take(count)));
            }
        }
        drawn
    }

    /// What the newest step's draws stood for.
    pub fn unit(&self) -> Unit {
        self.curriculum.unit()
    }

    /// Which tasks the newest step's stage trains and have not stopped. `(tasks,)`
    pub fn trained(&self) -> Vec<bool> {
        (0..self.n_tasks()).map(|task| self.curriculum.trains(self.in_mix(task))).collect()
    }

    /// Trains a task of the run no more.
    pub fn stop(&mut self, task: usize) {
        self.curriculum.stop(self.in_mix(task));
        if let Some(without) = &mut self.without {
            without.stopped += 1;
        }
    }

    /// Whether nothing will be drawn any more, because all tasks that are left have stopped.
    pub fn is_over(&self) -> bool {
        match &self.without {
            Some(without) => without.stopped == self.n_tasks(),
            None => self.curriculum.is_over(),
        }
    }

    /// Tells the sampler what happened. What is left of a mix goes on drawing as the mix did.
    pub fn event(&mut self, event: &Event<'_>) {
        if self.without.is_none() {
            self.curriculum.event(event);
        }
    }

    /// How many tasks the run has.
    fn n_tasks(&self) -> usize {
        self.n_tasks - usize::from(self.without.is_some())
    }

    /// A task of the run by its number in the mix.
    fn in_mix(&self, task: usize) -> TaskId {
        let moved = self.without.as_ref().is_some_and(|without| task >= without.task);
        TaskId(task + usize::from(moved))
    }

    /// What to save.
    pub fn state(&self) -> SamplingState {
        let passes = self.passes.iter().map(Passes::state).collect();
        SamplingState { steps: self.curriculum.state(), passes }
    }

    /// Continues from a saved state of draws made with the same arguments.
    ///
    /// Errors if the state is of other stages or of another sampler.
    pub fn restore(&mut self, state: &SamplingState) -> Result<(), TrainError> {
        self.curriculum.restore(&state.steps)?;
        if let Some(without) = &mut self.without {
            without.stopped = state.steps.stopped.len();
        }
        self.passes.iter_mut().zip(&state.passes).for_each(|(passes, state)| passes.restore(*state));
        Ok(())
    }
}

/// The stages of a configuration; one of all tasks where it names none.
fn stages(config: &Config, streams: &[StreamInfo]) -> Vec<Stage> {
    let curriculum = &config.curriculum;
    if curriculum.stages.is_empty() {
        let (sampler, unit) = (curriculum.sampler.clone(), curriculum.unit);
        return vec![Stage::of_all(streams, sampler, unit, config.train.length)];
    }
    let trains = |names: &[String]| {
        let tasks = config.task_names().enumerate();
        let named = tasks.filter(|(_, task)| names.iter().any(|name| name == task));
        named.map(|(task, _)| TaskId(task)).collect()
    };
    let stages = curriculum.stages.iter().map(|stage| Stage {
        tasks: trains(&stage.tasks),
        sampler: stage.sampler.clone(),
        unit: stage.unit,
        length: stage.length,
    });
    stages.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use mtl_curriculum::sampler::ROWS;

    use super::*;

    fn streams(sizes: &[usize]) -> Vec<StreamInfo> {
        StreamInfo::one_per_task(sizes)
    }

    fn three() -> Vec<StreamInfo> {
        streams(&[7, 20, 5])
    }

    fn mix(sampler: &str, unit: Unit) -> Config {
        mix_of(sampler, unit, "")
    }

    /// With more lines for `[curriculum]`.
    fn mix_of(sampler: &str, unit: Unit, lines: &str) -> Config {
        let task = |name: &str| {
            format!(
                "[tasks.{name}]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"label\"\n\
                 train = \"{name}.tsv\"\n"
            )
        };
        let tasks: String = ["a", "b", "c"].map(task).concat();
        let text = format!(
            "[encoder]\npreset = \"bert-tiny\"\ntokenizer = \"vocab.txt\"\n\
             [train]\nepochs = 2\nbatch = 6\n[curriculum]\nsampler = \"{sampler}\"\nunit = \"{unit}\"\n\
             {lines}\n{tasks}"
        );
        Config::parse(&text, Path::new("mtl.toml"), None).unwrap()
    }

    #[test]
    fn what_remains_is_what_the_mix_shows_of_the_other_streams() {
        for sampler in ROWS.iter().map(|row| row.method.name) {
            for &unit in Unit::ALL {
                let mix = mix(sampler, unit);
                let mut whole = Sampling::new(&mix, &three(), &Part::Whole).unwrap();
                let total = whole.total_steps();
                let expected: Vec<Vec<Drawn>> = (0..total)
                    .map(|_| {
                        let drawn = whole.next_step().into_iter().filter(|(stream, _)| *stream != 1);
                        drawn.map(|(stream, chosen)| (stream.min(1), chosen)).collect()
                    })
                    .filter(|drawn: &Vec<Drawn>| !drawn.is_empty())
                    .collect();
                let left_out = LeftOut::new(&mix, three(), 1, Some(1)).unwrap();
                assert_eq!(left_out.steps, expected.len() as u64, "{sampler} {unit}");
                let part = Part::LeftOut(Box::new(left_out));
                let mut left = Sampling::new(&mix, &streams(&[7, 5]), &part).unwrap();
                let got: Vec<Vec<Drawn>> = expected.iter().map(|_| left.next_step()).collect();
                assert_eq!(got, expected, "{sampler} {unit}");
                assert!((1..=left.total_steps()).contains(&left.per_epoch()));
            }
        }
    }

    #[test]
    fn a_part_is_told_from_others_of_as_many_steps() {
        let of = |seed, stream| {
            let mix = Config { seed, ..mix("round-robin", Unit::Batch) };
            let left_out = LeftOut::new(&mix, three(), stream, Some(stream)).unwrap();
            (left_out.steps, Part::LeftOut(Box::new(left_out)).identity().unwrap())
        };
        assert_eq!(of(1, 0), of(1, 0));
        let ((steps, one), (as_many, other)) = (of(1, 0), of(2, 0));
        assert!(steps == as_many && one != other, "another order of the examples");
        assert_ne!(of(1, 0).1, of(1, 2).1);
        assert_ne!(Part::First(8).identity(), Part::First(7).identity());
        assert_eq!(Part::Whole.identity(), None);
    }

    #[test]
    fn a_limit_cuts_the_last_step() {
        let mix = mix("round-robin", Unit::Batch);
        let mut draws = Sampling::new(&mix, &three(), &Part::First(8)).unwrap();
        let counts = [draws.next_step()[0].1.len(), draws.next_step()[0].1.len(), draws.next_step().len()];
        assert_eq!(counts, [6, 2, 0]);
    }

    #[test]
    fn a_task_that_stops_in_what_is_left_of_a_mix_is_drawn_no_more() {
        let mix = mix_of("round-robin", Unit::Batch, "stopping = \"patience\"");
        let left_out = LeftOut::new(&mix, three(), 0, Some(0)).unwrap();
        let mut left = Sampling::new(&mix, &streams(&[20, 5]), &Part::LeftOut(Box::new(left_out))).unwrap();
        left.next_step();
        assert_eq!(left.trained(), [true, true]);
        left.stop(1);
        assert_eq!((left.trained(), left.is_over()), (vec![true, false], false));
        assert!((0..20).all(|_| left.next_step()[0].0 == 0));
        let mut again = {
            let left_out = LeftOut::new(&mix, three(), 0, Some(0)).unwrap();
            Sampling::new(&mix, &streams(&[20, 5]), &Part::LeftOut(Box::new(left_out))).unwrap()
        };
        again.restore(&left.state()).unwrap();
        assert_eq!(again.next_step(), left.next_step());
        for sampling in [&mut left, &mut again] {
            sampling.stop(0);
            assert!(sampling.is_over() && sampling.next_step().is_empty());
        }
    }

    #[test]
    fn stages_draw_their_tasks_for_their_length() {
        let lines = "[[curriculum.stages]]\ntasks = [\"c\"]\nsteps = 2\n[[curriculum.stages]]\n\
                     tasks = [\"c\", \"a\"]\nsampler = \"uniform\"\nunit = \"every-task\"\nepochs = 3";
        let mix = mix_of("round-robin", Unit::Batch, lines);
        let mut draws = Sampling::new(&mix, &three(), &Part::Whole).unwrap();
        // Twelve examples in steps of six.
        assert_eq!(draws.total_steps(), 2 + 3 * 2);
        let shown =
            |drawn: Vec<Drawn>| drawn.iter().map(|(stream, of)| (*stream, of.len())).collect::<Vec<_>>();
        let steps: Vec<Vec<(usize, usize)>> = (0..4).map(|_| shown(draws.next_step())).collect();
        assert_eq!(steps, [vec![(2, 6)], vec![(2, 6)], vec![(0, 3), (2, 3)], vec![(0, 3), (2, 3)]]);
        assert_eq!((draws.unit(), draws.trained()), (Unit::EveryTask, vec![true, false, true]));
        assert!(draws.ends_epoch(4));
    }

    #[test]
    fn a_state_of_version_0_1_is_read_and_written_alike() {
        let text = "{\"steps\":{\"step\":3,\"sampler\":{\"draws\":3}},\
                    \"passes\":[{\"shown\":6},{\"shown\":6},{\"shown\":6}]}";
        let state: SamplingState = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), text);
        let mix = mix("round-robin", Unit::Batch);
        let mut whole = Sampling::new(&mix, &three(), &Part::Whole).unwrap();
        (0..3).for_each(|_| drop(whole.next_step()));
        assert_eq!(whole.state(), state);
        let mut resumed = Sampling::new(&mix, &three(), &Part::Whole).unwrap();
        resumed.restore(&state).unwrap();
        assert_eq!(resumed.next_step(), whole.next_step());
    }
}
