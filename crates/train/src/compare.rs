//! Each task alone, and all tasks together.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use mtl_curriculum::{SamplerKind, Unit};
use mtl_metrics::{MetricError, MetricKey, mean, standard_deviation};
use serde::{Deserialize, Serialize};

use crate::config::{Config, Length, TaskConfig};
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::Options;
use crate::plan::count_draws;
use crate::prepare::Text;
use crate::run_folder::{RunFolder, write_json};
use crate::session::Session;

/// Where and how a comparison is made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareOptions {
    /// The folder: one folder a run, and `compare.json`.
    pub out: PathBuf,
    /// How many seeds: the configuration's, and those that follow it.
    pub seeds: u64,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
    /// The folder of tokenized texts; `.mtl-cache` in `out` if it is not given.
    pub cache: Option<PathBuf>,
}

/// Which tasks a run of a comparison trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// One task alone.
    Single,
    /// All tasks together.
    Joint,
}

/// The content of `compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every run's score on every task that it trains.
    pub runs: Vec<RunScore>,
    /// Each task over all seeds.
    pub summary: Vec<TaskSummary>,
}

/// The score of one run on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunScore {
    /// Alone or together.
    pub arm: Arm,
    /// The run's seed.
    pub seed: u64,
    /// The task.
    pub task: String,
    /// The metric by which the task is judged.
    pub metric: String,
    /// The score on the dev set.
    pub value: f64,
    /// The run's optimizer updates.
    pub steps: u64,
    /// The run's seconds of training.
    pub seconds: f64,
}

/// One task over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The task.
    pub task: String,
    /// The metric.
    pub metric: String,
    /// Mean score alone.
    pub single_mean: f64,
    /// Sample standard deviation alone; `null` with one seed.
    pub single_sd: Option<f64>,
    /// Mean score together.
    pub joint_mean: f64,
    /// Sample standard deviation together; `null` with one seed.
    pub joint_sd: Option<f64>,
    /// `joint_mean - single_mean`.
    pub difference: f64,
    /// The difference over the size of `single_mean`, negated where lower is better, so that positive means that
    /// training together helped; `null` if `single_mean` is 0.
    pub relative_gain: Option<f64>,
}

/// Trains each task alone and all together with each seed, and writes `compare.json`.
///
/// Both arms show a task the same number of its own examples: the joint run's draws are counted first. Each run has
/// a folder of its own below `options.out`; one that was finished with the same configuration is used as it is, and
/// one that was interrupted is resumed.
///
/// Errors as a run does, if `seeds` is 0, or if a folder holds a run of another configuration.
pub fn compare(
    config: &Config,
    options: &CompareOptions,
    observer: &mut dyn Observer,
    interrupt: &AtomicBool,
) -> Result<Comparison, TrainError> {
    if options.seeds == 0 {
        return Err(TrainError::NoSeeds);
    }
    RunFolder::new(&options.out).check()?;
    fs::create_dir_all(&options.out).map_err(TrainError::io("create the folder", &options.out))?;
    let text = Text::load(config, &options.of_run(""), observer)?;
    let total = options.seeds as usize * (1 + config.tasks.len());
    let mut comparing = Comparing { options, text: &text, observer, interrupt, done: 0, total };
    let mut runs = Vec::new();
    for seed in config.seed..config.seed + options.seeds {
        let joint = Config { seed, ..config.clone() };
        let (steps, counts) = count_draws(&joint, &text.dataset)?;
        for (task_idx, &shown) in counts.labelled.iter().enumerate() {
            if shown == 0 {
                return Err(TrainError::NeverShown { task: config.tasks[task_idx].name.clone(), steps });
            }
            runs.extend(comparing.single(&joint, task_idx, shown)?);
        }
        runs.extend(comparing.run(Arm::Joint, joint, &text, None)?);
    }
    let comparison = Comparison { summary: summarize(config, &runs)?, runs };
    write_json(&options.out.join("compare.json"), &comparison)?;
    Ok(comparison)
}

impl CompareOptions {
    /// The options of one run, which continues what is there.
    fn of_run(&self, name: &str) -> Options {
        let cache = self.cache.clone().unwrap_or_else(|| self.out.join(".mtl-cache"));
        Options { out: self.out.join(name), resume: true, threads: self.threads, cache: Some(cache) }
    }
}

/// A comparison under way.
struct Comparing<'a> {
    options: &'a CompareOptions,
    text: &'a Text,
    observer: &'a mut dyn Observer,
    interrupt: &'a AtomicBool,
    done: usize,
    total: usize,
}

impl Comparing<'_> {
    /// One task alone, shown `shown` of its examples; the last step is smaller where the batch does not divide them.
    fn single(&mut self, joint: &Config, task_idx: usize, shown: u64) -> Result<Vec<RunScore>, TrainError> {
        let mut config = joint.single_task(task_idx);
        config.train.length = Length::Steps(shown.div_ceil(config.train.batch as u64));
        config.curriculum.unit = Unit::Batch;
        config.curriculum.sampler = SamplerKind::RoundRobin;
        let text = self.text.only(task_idx);
        self.run(Arm::Single, config, &text, Some(shown))
    }

    fn run(
        &mut self,
        arm: Arm,
        config: Config,
        text: &Text,
        limit: Option<u64>,
    ) -> Result<Vec<RunScore>, TrainError> {
        let name = match arm {
            Arm::Single => format!("single-{}-seed{}", config.tasks[0].name, config.seed),
            Arm::Joint => format!("joint-seed{}", config.seed),
        };
        self.done += 1;
        self.observer.run(&name, self.done, self.total);
        let session = Session::new(config.clone(), self.options.of_run(&name))?;
        let summary = session.with_text(text.clone(), limit).run(self.observer, self.interrupt)?;
        let metrics = summary.metrics;
        let score = |task: &TaskConfig| RunScore {
            arm,
            seed: config.seed,
            task: task.name.clone(),
            metric: task.metric.clone(),
            value: metrics.tasks[&task.name][&task.metric],
            steps: metrics.steps,
            seconds: metrics.seconds,
        };
        Ok(config.tasks.iter().map(score).collect())
    }
}

fn summarize(config: &Config, runs: &[RunScore]) -> Result<Vec<TaskSummary>, TrainError> {
    let of_task = |task: &TaskConfig| {
        let values = |arm| -> Vec<f64> {
            let of = runs.iter().filter(|run| run.arm == arm && run.task == task.name);
            of.map(|run| run.value).collect()
        };
        let (single, joint) = (values(Arm::Single), values(Arm::Joint));
        let (baseline, score) = (mean(&single)?, mean(&joint)?);
        let key: MetricKey = task.metric.parse()?;
        let gain = mtl_metrics::Comparison { baseline, score, direction: key.direction() }.relative_gain();
        Ok(TaskSummary {
            task: task.name.clone(),
            metric: task.metric.clone(),
            single_mean: baseline,
            single_sd: standard_deviation(&single).ok(),
            joint_mean: score,
            joint_sd: standard_deviation(&joint).ok(),
            difference: score - baseline,
            relative_gain: gain,
        })
    };
    config.tasks.iter().map(of_task).collect::<Result<_, MetricError>>().map_err(TrainError::Summary)
}
