//! Which sequences each step shows: the curriculum's draws, and each stream's shuffled passes.

use mtl_curriculum::{Passes, PassesState, Steps, StepsState};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::batch::Drawn;
use crate::config::{Config, Length};
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
#[derive(Debug, Clone)]
pub(crate) struct LeftOut {
    mix: Config,
    sizes: Vec<usize>,
    stream: Option<usize>,
    /// How many steps remain.
    pub(crate) steps: u64,
    /// A hash of what they show.
    sha256: String,
}

impl LeftOut {
    /// The draws of `mix` from streams of these sizes without those of `stream`; without none, all of them.
    ///
    /// Errors as [`Sampling::new`] does.
    pub(crate) fn new(mix: &Config, sizes: Vec<usize>, stream: Option<usize>) -> Result<LeftOut, TrainError> {
        let mut draws = Sampling::new(mix, &sizes, &Part::Whole)?;
        let total = draws.total_steps(mix.train.length);
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
        Ok(LeftOut { mix: mix.clone(), sizes, stream, steps, sha256 })
    }

    fn sampling(&self) -> Result<Sampling, TrainError> {
        let mix = Sampling::new(&self.mix, &self.sizes, &Part::Whole)?;
        let total = mix.total_steps(self.mix.train.length).max(1);
        let per_epoch = (mix.per_epoch * self.steps).div_ceil(total).max(1);
        Ok(Sampling { left_out: self.stream, per_epoch, ..mix })
    }
}

/// Draws the sequences of each step of a run.
#[derive(Debug)]
pub struct Sampling {
    steps: Steps,
    passes: Vec<Passes>,
    /// How many sequences may be shown.
    limit: u64,
    left_out: Option<usize>,
    per_epoch: u64,
}

/// Where the draws stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingState {
    steps: StepsState,
    passes: Vec<PassesState>,
}

impl Sampling {
    /// The draws, or a part of them, of a configuration from streams of these sizes.
    ///
    /// Errors if a stream is empty, or the batch cannot be divided as the unit asks.
    pub(crate) fn new(config: &Config, sizes: &[usize], part: &Part) -> Result<Sampling, TrainError> {
        let limit = match part {
            Part::Whole => u64::MAX,
            Part::First(sequences) => *sequences,
            Part::LeftOut(left_out) => return left_out.sampling(),
        };
        let curriculum = &config.curriculum;
        let (batch, seed) = (config.train.batch, config.seed);
        let steps = Steps::new(curriculum.sampler, curriculum.unit, batch, sizes, seed)?;
        let passes = sizes.iter().enumerate().map(|(stream, &size)| Passes::new(seed, stream, size));
        let (passes, per_epoch) = (passes.collect::<Result<_, _>>()?, steps.per_epoch());
        Ok(Sampling { steps, passes, limit, left_out: None, per_epoch })
    }

    /// How many steps a run of this length has.
    pub fn total_steps(&self, length: Length) -> u64 {
        match length {
            Length::Epochs(epochs) => epochs * self.per_epoch,
            Length::Steps(steps) => steps,
        }
    }

    /// How many steps make an epoch.
    pub fn per_epoch(&self) -> u64 {
        self.per_epoch
    }

    /// The next step's sequences.
    pub fn next_step(&mut self) -> Vec<Drawn> {
        let Some(left_out) = self.left_out else { return self.next_of_all() };
        loop {
            let mut drawn = self.next_of_all();
            drawn.retain(|(stream, _)| *stream != left_out);
            // Those behind it move up.
            drawn.iter_mut().for_each(|(stream, _)| *stream -= usize::from(*stream > left_out));
            if !drawn.is_empty() {
                return drawn;
            }
        }
    }

    fn next_of_all(&mut self) -> Vec<Drawn> {
        let mut drawn = Vec::new();
        for draw in self.steps.next_step() {
            let shown: u64 = self.passes.iter().map(|passes| passes.state().shown).sum();
            let left = usize::try_from(self.limit.saturating_sub(shown)).unwrap_or(usize::MAX);
            let count = draw.count.min(left);
            if count > 0 {
                drawn.push((draw.task_idx, self.passes[draw.task_idx].take(count)));
            }
        }
        drawn
    }

    /// What to save.
    pub fn state(&self) -> SamplingState {
        let passes = self.passes.iter().map(Passes::state).collect();
        SamplingState { steps: self.steps.state(), passes }
    }

    /// Continues from a saved state of draws made with the same arguments.
    pub fn restore(&mut self, state: &SamplingState) {
        self.steps.restore(state.steps);
        self.passes.iter_mut().zip(&state.passes).for_each(|(passes, state)| passes.restore(*state));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use mtl_curriculum::{SamplerKind, Unit};

    use super::*;

    const SIZES: [usize; 3] = [7, 20, 5];

    fn mix(sampler: SamplerKind, unit: Unit) -> Config {
        let task = |name: &str| {
            format!(
                "[tasks.{name}]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"label\"\n\
                 train = \"{name}.tsv\"\n"
            )
        };
        let tasks: String = ["a", "b", "c"].map(task).concat();
        let text = format!(
            "[encoder]\npreset = \"bert-tiny\"\ntokenizer = \"vocab.txt\"\n\
             [train]\nepochs = 2\nbatch = 6\n[curriculum]\nsampler = \"{sampler}\"\nunit = \"{unit}\"\n{tasks}"
        );
        Config::parse(&text, Path::new("mtl.toml"), None).unwrap()
    }

    #[test]
    fn what_remains_is_what_the_mix_shows_of_the_other_streams() {
        for &sampler in SamplerKind::ALL {
            for &unit in Unit::ALL {
                let mix = mix(sampler, unit);
                let mut whole = Sampling::new(&mix, &SIZES, &Part::Whole).unwrap();
                let total = whole.total_steps(mix.train.length);
                let expected: Vec<Vec<Drawn>> = (0..total)
                    .map(|_| {
                        let drawn = whole.next_step().into_iter().filter(|(stream, _)| *stream != 1);
                        drawn.map(|(stream, chosen)| (stream.min(1), chosen)).collect()
                    })
                    .filter(|drawn: &Vec<Drawn>| !drawn.is_empty())
                    .collect();
                let left_out = LeftOut::new(&mix, SIZES.to_vec(), Some(1)).unwrap();
                assert_eq!(left_out.steps, expected.len() as u64, "{sampler} {unit}");
                let part = Part::LeftOut(Box::new(left_out));
                let mut left = Sampling::new(&mix, &[7, 5], &part).unwrap();
                let got: Vec<Vec<Drawn>> = expected.iter().map(|_| left.next_step()).collect();
                assert_eq!(got, expected, "{sampler} {unit}");
                assert!((1..=left.total_steps(mix.train.length)).contains(&left.per_epoch()));
            }
        }
    }

    #[test]
    fn a_part_is_told_from_others_of_as_many_steps() {
        let of = |seed, stream| {
            let mix = Config { seed, ..mix(SamplerKind::RoundRobin, Unit::Batch) };
            let left_out = LeftOut::new(&mix, SIZES.to_vec(), Some(stream)).unwrap();
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
        let mix = mix(SamplerKind::RoundRobin, Unit::Batch);
        let mut draws = Sampling::new(&mix, &SIZES, &Part::First(8)).unwrap();
        let counts = [draws.next_step()[0].1.len(), draws.next_step()[0].1.len(), draws.next_step().len()];
        assert_eq!(counts, [6, 2, 0]);
    }
}
