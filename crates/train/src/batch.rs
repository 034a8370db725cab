//! One step's sequences, laid into packs, with the rows and targets of each task.
//!
//! Sequences lie in the order in which they were drawn, task by task, and are numbered in that order within the step;
//! a new pack begins where the next sequence would exceed the limit. A sequence that is longer than the limit has a
//! pack of its own. The denominators of the whole step are known before anything is computed.

use mtl_core_tensor::{Pack, Targets};

use crate::config::TaskKind;
use crate::dataset::{Dataset, Target};
use crate::spec::TaskSpec;

/// What was drawn for a step: a stream, and the indices into its examples.
pub type Drawn = (usize, Vec<usize>);

/// One step's work.
#[derive(Debug, Clone, PartialEq)]
pub struct StepData {
    /// The packs, in order.
    pub packs: Vec<StepPack>,
    /// What each task's summed loss is divided by: its labelled examples in the step, or its labelled words.
    /// `(tasks,)`
    pub denominators: Vec<f64>,
    /// How many of the sequences each task labels. `(tasks,)`
    pub labelled: Vec<usize>,
    /// How many sequences there are.
    pub sequences: usize,
    /// How many tokens there are.
    pub tokens: u64,
}

/// One pack of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepPack {
    /// The sequences.
    pub pack: Pack,
    /// What each task reads of it, ascending by task.
    pub parts: Vec<TaskPart>,
}

/// What one task reads of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPart {
    /// The task.
    pub task_idx: usize,
    /// The rows to gather: first sub-words for token tasks, else sequences. `(rows,)`
    pub rows: Vec<u32>,
    /// What they should come out as. `(rows,)` or `(rows, labels)`
    pub targets: Targets,
    /// The train examples that the rows come from, each once.
    pub examples: Vec<usize>,
}

impl StepData {
    /// Lays what was drawn into packs of at most `pack_tokens` tokens.
    pub fn lay(dataset: &Dataset, drawn: &[Drawn], pack_tokens: usize) -> StepData {
        StepData::lay_from(dataset, drawn, &vec![true; dataset.tasks.len()], pack_tokens, 0)
    }

    /// As [`lay`](StepData::lay), for a part of a step whose sequences are numbered from `first`, with the targets of the
    /// tasks that are `trained` only: `(tasks,)`.
    pub fn lay_from(
        dataset: &Dataset,
        drawn: &[Drawn],
        trained: &[bool],
        pack_tokens: usize,
        first: u32,
    ) -> StepData {
        let n_tasks = dataset.tasks.len();
        let mut laying = Laying { dataset, trained, packs: Vec::new(), parts: Vec::new(), number: first };
        let mut data = StepData {
            packs: Vec::new(),
            denominators: vec![0.0; n_tasks],
            labelled: vec![0; n_tasks],
            sequences: 0,
            tokens: 0,
        };
        for (stream_idx, chosen) in drawn {
            let stream = &dataset.streams[*stream_idx];
            for &index in chosen {
                laying.push(*stream_idx, stream.examples[index], pack_tokens);
            }
        }
        let Laying { packs, parts, number, .. } = laying;
        data.sequences = (number - first) as usize;
        data.packs = packs
            .into_iter()
            .zip(parts)
            .map(|(pack, parts)| StepPack { pack, parts: parts.into_iter().flatten().collect() })
            .collect();
        for step_pack in &data.packs {
            data.tokens += step_pack.pack.tokens() as u64;
            for part in &step_pack.parts {
                data.denominators[part.task_idx] += part.rows.len() as f64;
                data.labelled[part.task_idx] += part.examples.len();
            }
        }
        data
    }
}

struct Laying<'a> {
    dataset: &'a Dataset,
    trained: &'a [bool],
    packs: Vec<Pack>,
    parts: Vec<Vec<Option<TaskPart>>>,
    number: u32,
}

impl Laying<'_> {
    fn push(&mut self, stream_idx: usize, example: usize, pack_tokens: usize) {
        let stream = &self.dataset.streams[stream_idx];
        let encoded = &self.dataset.tasks[stream.tokens_of].train.encoded[example];
        let fits = |pack: &Pack| pack.tokens() + encoded.ids.len() <= pack_tokens;
        if !self.packs.last().is_some_and(fits) {
            self.packs.push(Pack::new());
            self.parts.push(vec![None; self.dataset.tasks.len()]);
        }
        let (pack, parts) = (self.packs.last_mut(), self.parts.last_mut());
        let (pack, parts) = pack.zip(parts).expect("a pack was just made if there was none");
        let (sequence, start) = (pack.sequences() as u32, pack.tokens() as u32);
        let mut tasks = Vec::new();
        for &task_idx in stream.tasks.iter().filter(|&&task_idx| self.trained[task_idx]) {
            let task = &self.dataset.tasks[task_idx];
            let target = &task.train.targets[example];
            let words = &task.train.encoded[example].first_subword;
            let part = parts[task_idx].take().unwrap_or_else(|| TaskPart::new(task_idx, &task.spec));
            let (part, took) = part.with(&task.spec, target, words, (sequence, start), example);
            parts[task_idx] = Some(part).filter(|part| !part.rows.is_empty());
            tasks.extend(took.then_some(task_idx as u32));
        }
        pack.push(&encoded.ids, &encoded.segments, self.number, tasks);
        self.number += 1;
    }
}

impl TaskPart {
    fn new(task_idx: usize, spec: &TaskSpec) -> TaskPart {
        let targets = match spec.kind {
            TaskKind::Classification | TaskKind::TokenClassification => Targets::Classes(Vec::new()),
            TaskKind::MultiLabel => Targets::Labels(Vec::new()),
            TaskKind::Regression => Targets::Values(Vec::new()),
        };
        TaskPart { task_idx, rows: Vec::new(), targets, examples: Vec::new() }
    }

    /// The part with one more sequence, and whether it has a row of it.
    fn with(
        mut self,
        spec: &TaskSpec,
        target: &Target,
        words: &[Option<u32>],
        (sequence, start): (u32, u32),
        example: usize,
    ) -> (TaskPart, bool) {
        let before = self.rows.len();
        add_target(&mut self.targets, spec, target, words);
        match target {
            Target::Missing => {}
            Target::Tags(tags) => {
                self.rows.extend(labelled_words(tags, words).map(|(_, token)| start + token))
            }
            _ => self.rows.push(sequence),
        }
        let took = self.rows.len() > before;
        self.examples.extend(took.then_some(example));
        (self, took)
    }
}

/// The words that have a label and a token: `(label, token)`.
fn labelled_words<'a>(
    tags: &'a [Option<u32>],
    words: &'a [Option<u32>],
) -> impl Iterator<Item = (u32, u32)> + 'a {
    tags.iter().zip(words).filter_map(|(tag, token)| Some(((*tag)?, (*token)?)))
}

/// Adds the target of one sequence to those of a pack: for a token task, one for each word with label and token.
pub(crate) fn add_target(targets: &mut Targets, spec: &TaskSpec, target: &Target, words: &[Option<u32>]) {
    match (targets, target) {
        (_, Target::Missing) => {}
        (Targets::Classes(all), Target::Class(class)) => all.push(*class),
        (Targets::Classes(all), Target::Tags(tags)) => {
            all.extend(labelled_words(tags, words).map(|(tag, _)| tag));
        }
        (Targets::Labels(all), Target::Labels(labels)) => {
            let holds = |label: usize| f64::from(labels.contains(&(label as u32)));
            all.extend((0..spec.labels.len()).map(holds));
        }
        (Targets::Values(all), Target::Value(value)) => {
            let [min, max] = spec.scale.unwrap_or([0.0, 1.0]);
            all.push((value - min) / (max - min));
        }
        (targets, target) => unreachable!("{} targets for {target:?}", targets.kind()),
    }
}
