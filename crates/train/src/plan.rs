//! What a run will do, before anything runs.

use std::collections::BTreeMap;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Device, Module};
use mtl_sharing::WeightingConfig;
use serde::Serialize;

use crate::batch::Drawn;
use crate::build::{self, with_model};
use crate::config::{Config, Dev};
use crate::dataset::{Dataset, ExampleSet, Stream, Target};
use crate::error::TrainError;
pub use crate::forecast::Estimate;
use crate::forecast::{self, DryRun, MIB, Sizes};
use crate::leaks;
use crate::model::Model;
use crate::observer::Observer;
use crate::options::{Options, on_threads};
use crate::prepare::Text;
use crate::sampling::{Part, Sampling};
use crate::spec::TaskSpec;

/// Steps of a run whose work is counted, at most.
const SAMPLE: u64 = 32;

/// What a run will do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Each task, in the order of the configuration.
    pub tasks: Vec<TaskPlan>,
    /// Optimizer updates.
    pub steps: u64,
    /// Sequences shown, repeats counted.
    pub sequences: u64,
    /// Real tokens shown, repeats counted: exact where every example is shown equally often, else expected.
    pub tokens: u64,
    /// The most tokens laid into one pack: the configuration's, or chosen so that the memory lasts.
    pub pack_tokens: usize,
    /// Numbers that are learned.
    pub parameters: u64,
    /// What the run will need, estimated.
    pub estimate: Estimate,
    /// Texts of a dev set that stand in the train set too, and other things to look at before the start.
    pub warnings: Vec<String>,
}

/// What a run will do with one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaskPlan {
    /// The task's name.
    pub name: String,
    /// Labelled train examples.
    pub train_examples: usize,
    /// Labelled dev examples.
    pub dev_examples: usize,
    /// The share of the train file that is held out as dev set; `None` if that is a file of its own.
    pub held_out: Option<f64>,
    /// Tokens of the train examples, after truncation.
    pub train_tokens: u64,
    /// Train examples that truncation shortened or may have shortened: those of exactly the longest length.
    pub at_limit: usize,
    /// Number of labels; 1 for regression.
    pub labels: usize,
    /// Steps that show the task.
    pub steps: u64,
    /// Examples of the task that are shown, repeats counted.
    pub sequences: u64,
    /// How often each of its examples is shown, on average.
    pub epochs: f64,
    /// The step, from 1, in which its examples begin to repeat; `None` if they never do.
    pub first_repeat: Option<u64>,
    /// The share of the run's sequences that are of this task.
    pub probability: f64,
}

/// Reads and tokenizes the data of a configuration and says what a run would do.
///
/// Writes nothing but the cache of tokenized texts. Errors if the data, the tokenizer or the encoder is refused.
pub fn plan(config: &Config, options: &Options, observer: &mut dyn Observer) -> Result<Plan, TrainError> {
    on_threads(options.threads, || {
        let text = Text::load(config, options, observer)?;
        let model = build::any_model(config, &text)?;
        with_model!(&model, model => Plan::of(config, &text.dataset, model, &Part::Whole))
    })
}

impl Plan {
    /// What training so many tokens a second is of the machine's peak.
    pub(crate) fn share_of_peak(&self, tokens_per_second: f64) -> f64 {
        let flops_per_token = self.estimate.flops / self.tokens.max(1) as f64;
        tokens_per_second * flops_per_token / self.estimate.peak_flops_per_second
    }

    /// The plan of a run that shows a part of its draws from a dataset.
    pub(crate) fn of<E: Float<Master = f32>, D: Device>(
        config: &Config,
        dataset: &Dataset,
        model: &Model<E, D>,
        part: &Part,
    ) -> Result<Plan, TrainError> {
        let mut sampling = Sampling::new(config, &dataset.stream_infos(), part)?;
        let steps = sampling.total_steps();
        let counts = Counts::of(&mut sampling, steps, dataset);
        let sequences = counts.shown.iter().sum();
        let task = |task_idx| task_plan(config, dataset, task_idx, &counts);
        let per_stream = dataset.streams.iter().zip(&counts.shown).map(|(stream, &shown)| {
            mean_tokens(&dataset.tasks[stream.tokens_of].train, &stream.examples) * shown as f64
        });
        let tokens = per_stream.sum::<f64>().round() as u64;
        let form = model.architecture.form();
        let mut dry = DryRun::<E>::new(config, dataset, form.vocabulary())?;
        let limit = forecast::limit(config);
        let pack_tokens = match config.train.pack_tokens {
            Some(tokens) => tokens,
            None => dry.pack_tokens(&counts.largest, limit)?,
        };
        let bytes = dry.bytes(&counts.largest, pack_tokens)?;
        let sizes = Sizes { hidden: form.hidden(), inner: form.inner() };
        let estimate = Estimate::of(&mut dry, &counts.sample, pack_tokens, (tokens, bytes), sizes)?;
        Ok(Plan {
            tasks: (0..dataset.tasks.len()).map(task).collect(),
            steps,
            sequences,
            tokens,
            parameters: model.parameter_count() as u64,
            warnings: never_shown(dataset, &counts)
                .chain(too_large(&estimate, limit))
                .chain(warnings(config, dataset, sampling.per_epoch(), steps))
                .chain(expected(config, &sampling))
                .collect(),
            pack_tokens,
            estimate,
        })
    }
}

/// What the draws of a run come to; draws are a function of the seed, so this is exact.
pub(crate) struct Counts {
    /// Sequences of each stream, repeats counted.
    pub(crate) shown: Vec<u64>,
    /// Labelled examples of each task, repeats counted.
    pub(crate) labelled: Vec<u64>,
    /// Steps that show a labelled example of each task.
    steps: Vec<u64>,
    /// The draws of the largest step, by tokens.
    largest: Vec<Drawn>,
    /// The draws of some steps all over the run.
    sample: Vec<Vec<Drawn>>,
    /// The step in which each stream begins to repeat.
    first_repeat: Vec<Option<u64>>,
}

impl Counts {
    fn of(sampling: &mut Sampling, steps: u64, dataset: &Dataset) -> Counts {
        let (n_tasks, n_streams) = (dataset.tasks.len(), dataset.streams.len());
        let mut counts = Counts {
            shown: vec![0; n_streams],
            labelled: vec![0; n_tasks],
            steps: vec![0; n_tasks],
            largest: Vec::new(),
            sample: Vec::new(),
            first_repeat: vec![None; n_streams],
        };
        let (mut most_tokens, every) = (0, steps.div_ceil(SAMPLE).max(1));
        for step in 1..=steps {
            let (mut tokens, drawn) = (0, sampling.next_step());
            let trained = sampling.trained();
            for (stream_idx, chosen) in &drawn {
                tokens += counts.add(step, *stream_idx, chosen, dataset, &trained);
            }
            if (step - 1).is_multiple_of(every) {
                counts.sample.push(drawn.clone());
            }
            if tokens > most_tokens {
                (most_tokens, counts.largest) = (tokens, drawn);
            }
        }
        counts
    }

    /// Adds what a step draws of a stream, and returns its tokens.
    fn add(
        &mut self,
        step: u64,
        stream_idx: usize,
        chosen: &[usize],
        dataset: &Dataset,
        trained: &[bool],
    ) -> u64 {
        let stream = &dataset.streams[stream_idx];
        self.shown[stream_idx] += chosen.len() as u64;
        if self.shown[stream_idx] > stream.examples.len() as u64 {
            self.first_repeat[stream_idx].get_or_insert(step);
        }
        for &task_idx in stream.tasks.iter().filter(|&&task_idx| trained[task_idx]) {
            let targets = &dataset.tasks[task_idx].train.targets;
            let labelled = |i: &&usize| targets[stream.examples[**i]] != Target::Missing;
            let count = chosen.iter().filter(labelled).count() as u64;
            self.labelled[task_idx] += count;
            self.steps[task_idx] += u64::from(count > 0);
        }
        let encoded = &dataset.tasks[stream.tokens_of].train.encoded;
        chosen.iter().map(|&i| encoded[stream.examples[i]].ids.len() as u64).sum()
    }
}

/// The steps of a run, and what its draws come to.
pub(crate) fn count_draws(config: &Config, dataset: &Dataset) -> Result<(u64, Counts), TrainError> {
    let mut sampling = Sampling::new(config, &dataset.stream_infos(), &Part::Whole)?;
    let steps = sampling.total_steps();
    Ok((steps, Counts::of(&mut sampling, steps, dataset)))
}

fn task_plan(config: &Config, dataset: &Dataset, task_idx: usize, counts: &Counts) -> TaskPlan {
    let of_task = |stream: &Stream| stream.tasks.contains(&task_idx);
    let stream = dataset.streams.iter().position(of_task).expect("each task is in a stream");
    let (task, sequences) = (&dataset.tasks[task_idx], counts.labelled[task_idx]);
    let labelled = task.train.labelled();
    let at_limit = |i: &&usize| task.train.encoded[**i].ids.len() == config.encoder.max_tokens;
    TaskPlan {
        name: task.spec.name.clone(),
        train_examples: labelled.len(),
        dev_examples: task.dev.labelled().len(),
        held_out: match config.tasks[task_idx].examples.dev {
            Dev::Fraction(share) => Some(share),
            Dev::File(_) => None,
        },
        train_tokens: task.train.tokens(&labelled),
        at_limit: labelled.iter().filter(at_limit).count(),
        labels: task.spec.labels.len().max(1),
        steps: counts.steps[task_idx],
        sequences,
        epochs: sequences as f64 / labelled.len().max(1) as f64,
        first_repeat: counts.first_repeat[stream],
        probability: sequences as f64 / counts.shown.iter().sum::<u64>().max(1) as f64,
    }
}

fn mean_tokens(set: &ExampleSet, examples: &[usize]) -> f64 {
    set.tokens(examples) as f64 / examples.len().max(1) as f64
}

/// What to say of tasks that the run shows nothing of.
fn never_shown<'a>(dataset: &'a Dataset, counts: &'a Counts) -> impl Iterator<Item = String> + 'a {
    let unseen = dataset.tasks.iter().zip(&counts.labelled).filter(|(_, labelled)| **labelled == 0);
    unseen
        .map(|(task, _)| format!("task `{}`: the run is too short to show any example of it", task.spec.name))
}

/// What to say of a run that may take more memory than there is.
fn too_large(estimate: &Estimate, limit: Option<u64>) -> Option<String> {
    let (needed, limit) = (estimate.memory_mib, limit? as f64 / MIB);
    (needed > limit).then(|| {
        format!(
            "the run may need {needed:.0} MiB of memory, and there are {limit:.0} (train.memory_limit, or what the \
             machine has available); a smaller batch, encoder or encoder.max_tokens, or encoder.checkpoint_layers = \
             true, needs less"
        )
    })
}

fn warnings(config: &Config, dataset: &Dataset, epoch: u64, steps: u64) -> Vec<String> {
    let duplicated = dataset.tasks.iter().filter(|task| task.duplicates.count > 0);
    let duplicated = duplicated.map(|task| format!("task `{}`: {}", task.spec.name, task.duplicates));
    duplicated
        .chain(leaks::between_tasks(dataset))
        .chain(dataset.tasks.iter().flat_map(|task| nearly_the_same(&task.spec)))
        .chain(too_short_to_weigh(config, epoch, steps))
        .collect()
}

/// What to say of draws that depend on what the run learns.
fn expected(config: &Config, sampling: &Sampling) -> Option<String> {
    let why = match (sampling.known_ahead(), config.curriculum.stopping.stops()) {
        (true, false) => return None,
        (true, true) => "as long as no task stops",
        (false, _) => "as the sampler draws before it has learned anything",
    };
    Some(format!("the draws depend on what the run learns: the numbers of the plan are expected, {why}"))
}

/// What to say of labels of a task that only capitals or spaces around them tell apart.
fn nearly_the_same(spec: &TaskSpec) -> impl Iterator<Item = String> + '_ {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for label in &spec.labels {
        alike.entry(label.trim().to_lowercase()).or_default().push(format!("{label:?}"));
    }
    alike.into_values().filter(|labels| labels.len() > 1).map(|labels| {
        let labels = labels.join(", ");
        format!(
            "task `{}`: the labels {labels} differ only in capitals or spaces, and are learned apart",
            spec.name
        )
    })
}

/// What to say of a loss weighting that is equal weighting for as long as the run lasts. An epoch has `epoch` steps.
fn too_short_to_weigh(config: &Config, epoch: u64, steps: u64) -> Option<String> {
    let (begins, when) = match &config.sharing.weighting {
        WeightingConfig::Dwa(dwa) if dwa.interval == 0 => (2 * epoch, "the third epoch".to_owned()),
        WeightingConfig::Dwa(dwa) => (2 * dwa.interval, format!("two intervals of {} steps", dwa.interval)),
        WeightingConfig::CoBa(coba) => {
            let every = config.train.evaluate_every.unwrap_or(epoch);
            (coba.warmup * every, format!("{} evaluations after the first", coba.warmup))
        }
        _ => return None,
    };
    let name = config.sharing.weighting.kind().name();
    (steps <= begins).then(|| {
        format!("sharing.weighting = \"{name}\" weighs equally up to step {begins} ({when}), and the run has {steps} steps")
    })
}
