//! The runs of a comparison: each task alone, all together, all but one.

use std::sync::atomic::AtomicBool;

use mtl_curriculum::{SamplerConfig, Unit};
use mtl_data::DataError;
use mtl_metrics::MetricKey;
use mtl_metrics::significance::OwnedOutcomes;

use super::CompareOptions;
use crate::config::{Config, Length};
use crate::dataset::ExampleSet;
use crate::error::TrainError;
use crate::evaluate::{Split, judge};
use crate::load::labelled_file;
use crate::observer::Observer;
use crate::options::on_threads;
use crate::outcomes::{self, TaskOutcomes};
use crate::plan::{Counts, count_draws};
use crate::prepare::Text;
use crate::run_folder::RunFolder;
use crate::sampling::{LeftOut, Part};
use crate::session::Session;

/// What one run came to on one of its tasks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judgement {
    pub(super) seed: u64,
    /// The set that `value` and `outcomes` are of.
    pub(super) split: Split,
    /// The score by which the task is judged.
    pub(super) value: f64,
    /// The same on the dev set.
    pub(super) dev_value: f64,
    pub(super) outcomes: OwnedOutcomes,
    pub(super) steps: u64,
    pub(super) seconds: f64,
}

/// All judgements, by task and in the order of the seeds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Arms {
    /// None of an auxiliary.
    pub(super) single: Vec<Vec<Judgement>>,
    pub(super) joint: Vec<Vec<Judgement>>,
    /// By the task that is left out, then by task; empty where it is that task, and altogether unless asked for.
    pub(super) without: Vec<Vec<Vec<Judgement>>>,
}

impl Arms {
    /// Makes, resumes or reuses every run.
    pub(super) fn run(
        config: &Config,
        options: &CompareOptions,
        text: &Text,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<Arms, TrainError> {
        let n_tasks = config.tasks.len();
        // Of two tasks, all but one is one alone.
        let leaves_out = options.who_hurts && n_tasks > 2;
        let targets = config.tasks.iter().filter(|task| task.is_target()).count();
        let per_seed = 1 + targets + if leaves_out { n_tasks } else { 0 };
        let tests = read_tests(config, text, observer)?;
        let total = options.seeds as usize * per_seed;
        let mut comparing = Comparing { options, tests, text, observer, interrupt, done: 0, total };
        let mut arms =
            Arms { single: vec![Vec::new(); n_tasks], joint: vec![Vec::new(); n_tasks], ..Arms::default() };
        let seeds = config.seed..config.seed + options.seeds;
        for seed in seeds.clone() {
            comparing.both_arms(&Config { seed, ..config.clone() }, &mut arms)?;
        }
        if leaves_out {
            arms.without = vec![vec![Vec::new(); n_tasks]; n_tasks];
            for seed in seeds {
                comparing.all_but_one(&Config { seed, ..config.clone() }, &mut arms.without)?;
            }
        } else if options.who_hurts && n_tasks == 2 {
            arms.without =
                vec![vec![Vec::new(), arms.single[1].clone()], vec![arms.single[0].clone(), Vec::new()]];
        }
        Ok(arms)
    }
}

impl Arms {
    /// Errors unless all runs on a task, of all seeds, were scored on the same examples with the same gold
    /// labels.
    pub(super) fn check_gold(&self, config: &Config) -> Result<(), TrainError> {
        let name = |task: usize| &config.tasks[task].name;
        let without = self.without.iter().enumerate();
        let without = without.map(|(left_out, arm)| (format!("all tasks but `{}`", name(left_out)), arm));
        let arms =
            [("the task alone".to_owned(), &self.single), ("all tasks together".to_owned(), &self.joint)];
        let mut first: Vec<Option<&Judgement>> = vec![None; config.tasks.len()];
        for (arm, by_task) in arms.into_iter().chain(without) {
            for (task, judged) in
                by_task.iter().enumerate().flat_map(|(task, all)| all.iter().map(move |one| (task, one)))
            {
                let first = first[task].get_or_insert(judged);
                first.outcomes.borrow().check_same_gold(&judged.outcomes.borrow()).map_err(|source| {
                    TrainError::OtherGold {
                        task: name(task).clone(),
                        arm: arm.clone(),
                        seed: judged.seed,
                        source,
                    }
                })?;
            }
        }
        Ok(())
    }
}

/// The labelled test sets of the tasks that have one.
///
/// A test file without labels, as benchmarks publish them, is no test set; the observer is told.
fn read_tests(
    config: &Config,
    text: &Text,
    observer: &mut dyn Observer,
) -> Result<Vec<Option<ExampleSet>>, TrainError> {
    let total = config.tasks.iter().filter(|task| task.examples.test.is_some()).count();
    let mut done = 0;
    let mut read = |(task, data): (&crate::config::TaskConfig, &std::sync::Arc<crate::dataset::TaskData>)| {
        let Some(path) = task.examples.test.as_ref().map(|test| config.path(test)) else { return Ok(None) };
        observer.tokenizing(&path, done, total);
        done += 1;
        if task.metric_key() == MetricKey::Loss {
            observer.message(&format!(
                "warning: runs keep predictions, not losses: `{}`, which is judged by its loss, is reported on its dev set",
                task.name
            ));
            return Ok(None);
        }
        match labelled_file(task, &data.spec, &path, &text.tokenizer) {
            Ok(set) => {
                if let Some(repaired) = &set.repaired {
                    observer.message(&repaired.to_string());
                }
                Ok(Some(set))
            }
            Err(
                error @ (TrainError::Unlabelled { .. } | TrainError::Data(DataError::UnknownColumn { .. })),
            ) => {
                observer.message(&format!("warning: {error}; `{}` is reported on its dev set", task.name));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    };
    config.tasks.iter().zip(&text.dataset.tasks).map(&mut read).collect()
}

/// A configuration without one task, of a length that shows the others about as many sequences as `counts` says.
pub(super) fn without(joint: &Config, text: &Text, counts: &Counts, task_idx: usize) -> (Config, Text) {
    let mut config = joint.without_task(task_idx);
    let text_without = text.without(&config, task_idx);
    let streams = &text.dataset.streams;
    let left = streams.iter().zip(&counts.shown).filter(|(stream, _)| !stream.is_of(task_idx));
    let shown: u64 = left.map(|(_, shown)| shown).sum();
    if config.curriculum.unit == Unit::EveryTask {
        // As many sequences of each task in a step as before.
        let (now, before) = (text_without.dataset.streams.len(), streams.len());
        let divides = |batch: &usize| batch.is_multiple_of(now) && batch.is_multiple_of(config.tasks.len());
        config.train.batch = (joint.train.batch / before * now..).find(divides).expect("a common multiple");
    }
    config.train.length = Length::Steps(shown.div_ceil(config.train.batch as u64));
    (config, text_without)
}

/// A comparison under way.
struct Comparing<'a> {
    options: &'a CompareOptions,
    tests: Vec<Option<ExampleSet>>,
    text: &'a Text,
    observer: &'a mut dyn Observer,
    interrupt: &'a AtomicBool,
    done: usize,
    total: usize,
}

impl Comparing<'_> {
    /// Each task alone and all together, with the seed of `joint`.
    fn both_arms(&mut self, joint: &Config, arms: &mut Arms) -> Result<(), TrainError> {
        let (steps, counts) = count_draws(joint, &self.text.dataset)?;
        for (task_idx, &shown) in counts.labelled.iter().enumerate() {
            if shown == 0 {
                return Err(TrainError::NeverShown { task: joint.tasks[task_idx].name.clone(), steps });
            }
            if joint.tasks[task_idx].is_target() {
                let judged = self.single(joint, task_idx, shown)?;
                arms.single[task_idx].extend(judged);
            }
        }
        let name = format!("joint-seed{}", joint.seed);
        let every: Vec<usize> = (0..joint.tasks.len()).collect();
        let judged = self.run(&name, joint.clone(), self.text.clone(), Part::Whole, &every)?;
        arms.joint.iter_mut().zip(judged).for_each(|(of_task, judged)| of_task.push(judged));
        Ok(())
    }

    /// One task alone, shown `shown` of its examples; the last step is smaller where the batch does not divide them.
    fn single(&mut self, joint: &Config, task_idx: usize, shown: u64) -> Result<Vec<Judgement>, TrainError> {
        let mut config = joint.single_task(task_idx);
        config.train.length = Length::Steps(shown.div_ceil(config.train.batch as u64));
        config.curriculum.unit = Unit::Batch;
        config.curriculum.sampler = round_robin();
        let name = format!("single-{}-seed{}", config.tasks[0].name, config.seed);
        self.run(&name, config, self.text.only(task_idx), Part::First(shown), &[task_idx])
    }

    /// All tasks but one, for each of them, shown the very examples of the others that the joint run shows.
    fn all_but_one(
        &mut self,
        joint: &Config,
        judgements: &mut [Vec<Vec<Judgement>>],
    ) -> Result<(), TrainError> {
        let (_, counts) = count_draws(joint, &self.text.dataset)?;
        for (left_out, judgements) in judgements.iter_mut().enumerate() {
            let (mut config, text) = without(joint, self.text, &counts, left_out);
            let dataset = &self.text.dataset;
            let stream = dataset.streams.iter().position(|stream| stream.is_of(left_out));
            let draws = LeftOut::new(joint, dataset.stream_infos(), left_out, stream)?;
            config.train.length = Length::Steps(draws.steps);
            let name = format!("without-{}-seed{}", joint.tasks[left_out].name, joint.seed);
            let others: Vec<usize> = (0..joint.tasks.len()).filter(|&task| task != left_out).collect();
            let judged = self.run(&name, config, text, Part::LeftOut(Box::new(draws)), &others)?;
            others.iter().zip(judged).for_each(|(&task, judged)| judgements[task].push(judged));
        }
        Ok(())
    }

    /// A run of the tasks `tasks`, judged on each of them.
    fn run(
        &mut self,
        name: &str,
        config: Config,
        text: Text,
        part: Part,
        tasks: &[usize],
    ) -> Result<Vec<Judgement>, TrainError> {
        self.done += 1;
        self.observer.run(name, self.done, self.total);
        let options = self.options.of_run(name);
        let folder = RunFolder::new(&options.out);
        let session = Session::new(config.clone(), options)?;
        let dev_sets: Vec<Option<&ExampleSet>> =
            tasks.iter().map(|&task| Some(&self.text.dataset.tasks[task].dev)).collect();
        let summary = session.with_text(text, part).run(self.observer, self.interrupt)?;
        let test_sets: Vec<Option<&ExampleSet>> =
            tasks.iter().map(|&task| self.tests[task].as_ref()).collect();
        let threads = self.options.threads;
        let dev = on_threads(threads, || stored(&folder, Split::Dev, &dev_sets))?;
        let test = on_threads(threads, || stored(&folder, Split::Test, &test_sets))?;
        let judged = config.tasks.iter().map(|task| {
            let of = |outcomes: &[TaskOutcomes]| outcomes.iter().find(|of| of.task == task.name).cloned();
            let dev_value = summary.metrics.tasks[&task.name][&task.metric];
            let (split, value, outcomes) = match of(&test) {
                Some(test) => (Split::Test, super::evidence::value(task, &test.outcomes), test),
                None => (Split::Dev, None, of(&dev).ok_or_else(|| missing(&folder, &task.name))?),
            };
            Ok(Judgement {
                seed: config.seed,
                split,
                value: value.transpose().map_err(TrainError::Summary)?.unwrap_or(dev_value),
                dev_value,
                outcomes: outcomes.outcomes,
                steps: summary.metrics.steps,
                seconds: summary.metrics.seconds,
            })
        });
        judged.collect()
    }
}

/// The one task again and again.
fn round_robin() -> SamplerConfig {
    "round-robin".parse().expect("it is in the registry")
}

fn missing(folder: &RunFolder, task: &str) -> TrainError {
    let reason = format!("it lacks task `{task}`");
    TrainError::Damaged { path: folder.outcomes(Split::Dev), reason }
}

/// The outcomes of a finished run on a set, of the tasks that have one: as stored, or made from its weights and stored.
///
/// A run that is continued has checked its own dev sets; of a test set the outcomes say which examples they are of.
fn stored(
    folder: &RunFolder,
    split: Split,
    sets: &[Option<&ExampleSet>],
) -> Result<Vec<TaskOutcomes>, TrainError> {
    let present: Vec<(usize, &ExampleSet)> =
        sets.iter().enumerate().filter_map(|(task_idx, set)| Some((task_idx, (*set)?))).collect();
    if present.is_empty() {
        return Ok(Vec::new());
    }
    let examples = |set: &ExampleSet| (split == Split::Test).then(|| set.file().sha256);
    let hashes: Vec<Option<String>> = present.iter().map(|(_, set)| examples(set)).collect();
    if let Some(outcomes) = outcomes::read(folder, split)?
        && outcomes.iter().map(|outcomes| &outcomes.examples).eq(&hashes)
    {
        return Ok(outcomes);
    }
    let run = folder.open()?;
    let made = present.into_iter().zip(hashes).map(|((task_idx, set), examples)| {
        let outcomes = judge(&run, task_idx, set)?.outcomes;
        Ok(TaskOutcomes { task: run.tasks.tasks[task_idx].name.clone(), examples, outcomes })
    });
    let made: Vec<TaskOutcomes> = made.collect::<Result<_, TrainError>>()?;
    outcomes::write(folder, split, &made)?;
    Ok(made)
}
