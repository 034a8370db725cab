//! Tasks that stop before the run ends.
//!
//! After each evaluation the rule of every target is told the task's own metric; auxiliaries stop with the last target. At a task's best evaluation its own parameters
//! are saved with what the optimizer knows of them; a task that is rolled back gets both again, so that nothing of it is
//! newer than that evaluation. Its own are the parameters that no other task uses: its head, and what the architecture
//! keeps for it alone.

use std::collections::{BTreeMap, BTreeSet};

use mtl_core_tensor::element::Float;
use mtl_core_tensor::optim::Optimizer;
use mtl_core_tensor::{Device, Module};
use mtl_curriculum::{Action, Event, Score, Stopping, StoppingState, TaskId};
use mtl_metrics::Direction;

use crate::checkpoint::CheckpointFolder;
use crate::config::{Config, TaskConfig};
use crate::error::TrainError;
use crate::model::Model;
use crate::observer::Observer;
use crate::sampling::Sampling;
use crate::scores::Scores;

/// The stopping rules of a run, and the files of each task's best parameters.
#[derive(Debug)]
pub(super) struct Stops<'a> {
    tasks: &'a [TaskConfig],
    stopping: Stopping,
    /// By the task's name, a file of the checkpoint folder.
    best: BTreeMap<String, String>,
}

/// What a stop changes.
pub(super) struct Changed<'r, E: Float<Master = f32>, D: Device> {
    pub(super) model: &'r Model<E, D>,
    pub(super) optimizer: &'r mut dyn Optimizer<f32, D>,
    pub(super) checkpoint: &'r CheckpointFolder,
    pub(super) sampling: &'r mut Sampling,
}

impl<'a> Stops<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        let stopping = Stopping::new(&config.curriculum.stopping, config.tasks.len());
        Self { tasks: &config.tasks, stopping, best: BTreeMap::new() }
    }

    /// Follows every rule after an evaluation. Says whether parameters were changed.
    ///
    /// Errors if a file cannot be written or read.
    pub(super) fn follow<E: Float<Master = f32>, D: Device>(
        &mut self,
        step: u64,
        scores: &Scores,
        changed: &mut Changed<'_, E, D>,
        observer: &mut dyn Observer,
    ) -> Result<bool, TrainError> {
        let (mut rolled_back, trained) = (false, changed.sampling.trained());
        for (task_idx, task) in self.tasks.iter().enumerate() {
            if !(trained[task_idx] && task.is_target()) {
                continue;
            }
            let id = TaskId(task_idx);
            match self.stopping.evaluated(id, step, score(task, scores)) {
                Action::RollBack { to } => {
                    self.roll_back(task_idx, changed)?;
                    rolled_back = true;
                    stop(task, task_idx, step, &format!(", back to step {to}"), changed, observer);
                }
                Action::Stop => stop(task, task_idx, step, "", changed, observer),
                _ if self.stopping.best(id) == Some(step) => self.keep(task_idx, step, changed)?,
                _ => {}
            }
        }
        // Without a target there is nothing that auxiliaries could be for.
        let trained = changed.sampling.trained();
        if !self.tasks.iter().zip(&trained).any(|(task, trained)| task.is_target() && *trained) {
            (0..self.tasks.len()).filter(|&task_idx| trained[task_idx]).for_each(|task_idx| {
                changed.sampling.stop(task_idx);
            });
        }
        Ok(rolled_back)
    }

    /// Saves what is the task's own.
    fn keep<E: Float<Master = f32>, D: Device>(
        &mut self,
        task_idx: usize,
        step: u64,
        changed: &mut Changed<'_, E, D>,
    ) -> Result<(), TrainError> {
        let task = &self.tasks[task_idx];
        let name = format!("task-{}-{step}.safetensors", task.name);
        let own = own_names(changed.model, task_idx);
        let owns = |parameter: &str| own.contains(parameter);
        changed.checkpoint.write_part(&name, changed.model, changed.optimizer, &owns)?;
        self.best.insert(task.name.clone(), name);
        Ok(())
    }

    /// Takes what is the task's own back to its best evaluation.
    fn roll_back<E: Float<Master = f32>, D: Device>(
        &mut self,
        task_idx: usize,
        changed: &mut Changed<'_, E, D>,
    ) -> Result<(), TrainError> {
        let name = self.best.remove(&self.tasks[task_idx].name).expect("a best evaluation was kept");
        let own = own_names(changed.model, task_idx);
        let owns = |parameter: &str| own.contains(parameter);
        changed.checkpoint.load_part(&name, changed.model, changed.optimizer, &owns)
    }

    /// Where the rules stand.
    pub(super) fn state(&self) -> StoppingState {
        self.stopping.state()
    }

    /// The files of each task's best parameters, by task.
    pub(super) fn files(&self) -> &BTreeMap<String, String> {
        &self.best
    }

    /// Continues from a saved state.
    ///
    /// Errors if the state is of another number of tasks.
    pub(super) fn restore(
        &mut self,
        state: &StoppingState,
        files: &BTreeMap<String, String>,
    ) -> Result<(), TrainError> {
        self.stopping.restore(state)?;
        self.best.clone_from(files);
        Ok(())
    }
}

/// The names of the parameters that no other task uses.
fn own_names<E: Float<Master = f32>, D: Device>(model: &Model<E, D>, task_idx: usize) -> BTreeSet<String> {
    let (own, mut names) = (model.own(task_idx), BTreeSet::new());
    model.visit_once(&mut |name, view| {
        if own.contains(&view.id) {
            names.insert(name.to_owned());
        }
    });
    names
}

fn stop<E: Float<Master = f32>, D: Device>(
    task: &TaskConfig,
    task_idx: usize,
    step: u64,
    back: &str,
    changed: &mut Changed<'_, E, D>,
    observer: &mut dyn Observer,
) {
    changed.sampling.stop(task_idx);
    observer.message(&format!("task `{}` has stopped after step {step}{back}", task.name));
}

/// Tells the sampler how the dev sets were judged.
pub(super) fn tell_sampler(sampling: &mut Sampling, tasks: &[TaskConfig], step: u64, scores: &Scores) {
    let losses: Vec<f64> = tasks.iter().map(|task| scores[&task.name]["loss"]).collect();
    let scores: Vec<Score> = tasks.iter().map(|task| score(task, scores)).collect();
    sampling.event(&Event::Evaluation { step, scores: &scores, losses: &losses });
}

/// The score by which a task is judged.
fn score(task: &TaskConfig, scores: &Scores) -> Score {
    let higher_is_better = task.metric_key().direction() == Direction::Higher;
    Score { value: scores[&task.name][&task.metric], higher_is_better }
}
