//! The loop of a run: steps, evaluations, checkpoints.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mtl_core_tensor::Device;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::kernels::isa::Isa;
use mtl_core_tensor::optim::{Optimizer, Schedule};
use mtl_curriculum::{Event, StoppingState};

use super::best::newest_is_better;
use super::stops::{Changed, Stops, tell_sampler};
use crate::checkpoint::{CheckpointFolder, State};
use crate::config::{Config, Keep};
use crate::error::TrainError;
use crate::evaluate::Split;
use crate::history::{History, Line, Pair};
use crate::inspect::shared;
use crate::machine::peak_rss_mib;
use crate::model::Model;
use crate::observer::{Observer, StepReport};
use crate::outcomes::{self, TaskOutcomes};
use crate::prepare::{self, Text, pack_tokens};
use crate::run_folder::RunFolder;
use crate::sampling::{Part, Sampling};
use crate::score::score_all;
use crate::scores::{RunMetrics, Scores, Summary};
use crate::spec::TaskSpec;
use crate::step::{Conflict, StepOutcome, Stepper};

/// The weight of the newest value in a running mean.
const NEWEST: f64 = 0.05;

/// A run under way.
pub(super) struct Run<'a, E: Float<Master = f32>, D: Device> {
    config: &'a Config,
    folder: &'a RunFolder,
    checkpoint: CheckpointFolder,
    text: &'a Text,
    specs: Vec<TaskSpec>,
    model: Model<E, D>,
    optimizer: Box<dyn Optimizer<f32, D> + Send>,
    stepper: Stepper<D>,
    sampling: Sampling,
    stops: Stops<'a>,
    schedule: Schedule,
    history: Option<History>,
    state: State,
    /// What a token a second is of the machine's peak.
    peak_per_token: f64,
    /// The running mean of what each task's gradient was multiplied by. `(tasks,)`
    running_weights: Vec<Option<f64>>,
    /// The norms of the tasks' gradients that were measured last. `(tasks,)`
    gradient_norms: Vec<Option<f64>>,
    /// The sharpest conflict that was measured last: two tasks and their cosine.
    conflict: Option<(String, String, f64)>,
    /// Whether it was said that a combining's inner problem had no solution.
    told_of_fallback: bool,
    /// Each task's dev outcomes under the weights that are kept so far, and their step.
    outcomes: Option<(u64, Vec<TaskOutcomes>)>,
    begun: Instant,
    before: f64,
    saved: Instant,
}

impl<'a, E: Float<Master = f32>, D: Device> Run<'a, E, D> {
    /// A run before its first step.
    pub(super) fn new(
        config: &'a Config,
        folder: &'a RunFolder,
        text: &'a Text,
        part: &'a Part,
        model: Model<E, D>,
        peak_per_token: f64,
        begun: Instant,
    ) -> Result<Self, TrainError> {
        let sampling = Sampling::new(config, &text.dataset.stream_infos(), part)?;
        let stepper = Stepper::new(config, &text.dataset, &model)?;
        let specs = text.dataset.specs();
        let state = State {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            isa: Isa::current().name().to_owned(),
            step: 0,
            sampling: sampling.state(),
            sharing: stepper.state(),
            running_losses: vec![None; specs.len()],
            evaluations: Vec::new(),
            best: None,
            stopping: StoppingState::default(),
            task_tensors: BTreeMap::new(),
            tokens: 0,
            seconds: 0.0,
            seconds_total: 0.0,
            history_bytes: 0,
            tensors: None,
            best_tensors: None,
            finished: false,
        };
        Ok(Run {
            checkpoint: CheckpointFolder::new(folder.checkpoint()),
            peak_per_token,
            model,
            optimizer: prepare::optimizer(config)?,
            schedule: prepare::schedule(config, sampling.total_steps()),
            before: 0.0,
            saved: begun,
            outcomes: None,
            history: None,
            running_weights: vec![None; specs.len()],
            gradient_norms: vec![None; specs.len()],
            told_of_fallback: false,
            stops: Stops::new(config),
            config,
            folder,
            text,
            specs,
            stepper,
            sampling,
            state,
            conflict: None,
            begun,
        })
    }

    /// Continues from a saved state.
    pub(super) fn resume(&mut self, state: State, observer: &mut dyn Observer) -> Result<(), TrainError> {
        for (what, then, now) in
            [("version", &state.version, &self.state.version), ("cpu path", &state.isa, &self.state.isa)]
        {
            if then != now {
                observer.message(&format!(
                    "warning: the run was saved with {what} {then} and continues with {now}; \
                     its bits will differ from those of an uninterrupted run"
                ));
            }
        }
        self.sampling.restore(&state.sampling)?;
        self.stops.restore(&state.stopping, &state.task_tensors)?;
        self.stepper.restore(&state.sharing)?;
        if let Some(name) = &state.tensors {
            self.checkpoint.load_model(name, &self.model)?;
            self.checkpoint.load_optimizer(name, &self.model, self.optimizer.as_mut())?;
        }
        self.before = state.seconds_total;
        let (version, isa) = (self.state.version.clone(), self.state.isa.clone());
        self.state = State { version, isa, ..state };
        observer.message(&format!("resumed after step {}", self.state.step));
        Ok(())
    }

    /// Trains to the last step.
    pub(super) fn train(
        &mut self,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<(), TrainError> {
        self.history = Some(History::open(&self.folder.history(), self.state.history_bytes)?);
        self.saved = Instant::now();
        let interval = Duration::try_from_secs_f64(self.config.train.checkpoint_minutes * 60.0)
            // An interval too long for `Duration` means no timed checkpoints.
            .unwrap_or(Duration::MAX);
        // A run that was interrupted before its first step has told them, and saved what came of it.
        let begins = self.state.step == 0 && self.state.tensors.is_none();
        if begins && self.stepper.needs_dev_losses() {
            let (scores, _) = self.judge(0)?;
            self.tell_stepper(&scores)?;
        }
        while self.state.step < self.schedule.total && !self.sampling.is_over() {
            if interrupt.load(Ordering::Relaxed) {
                self.save(observer)?;
                return Err(TrainError::Interrupted { step: self.state.step });
            }
            self.step(observer)?;
            if self.is_evaluated(self.state.step) || self.sampling.is_over() {
                self.evaluate(observer)?;
                self.save(observer)?;
            } else if self.saved.elapsed() >= interval {
                self.save(observer)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let begun = Instant::now();
        let step = self.state.step;
        let drawn = self.sampling.next_step();
        self.stepper.enter_stage(self.sampling.unit(), self.sampling.trained());
        let dataset = &self.text.dataset;
        let batches = self.stepper.lay(dataset, &drawn, pack_tokens(self.config));
        if batches.iter().all(|batch| batch.labelled.iter().sum::<usize>() == 0) {
            // What the step would have shown is of tasks that have stopped.
            self.count_step();
            return Ok(());
        }
        let learning_rate = self.config.train.learning_rate * self.schedule.factor(step);
        let (model, optimizer) = (&self.model, self.optimizer.as_mut());
        let outcome = self.stepper.step(model, optimizer, dataset, &batches, step, learning_rate)?;
        let tokens = batches.iter().map(|batch| batch.tokens).sum();
        self.count_step();
        self.state.tokens += tokens;
        let seconds = begun.elapsed().as_secs_f64();
        self.state.seconds += seconds;
        self.note(&outcome, learning_rate, tokens, seconds)?;
        self.report(&outcome, learning_rate, observer);
        self.sampling.event(&Event::Losses { step: self.state.step, losses: &outcome.losses });
        Ok(())
    }

    fn count_step(&mut self) {
        self.state.step += 1;
        if self.sampling.ends_epoch(self.state.step) {
            self.stepper.end_epoch();
        }
    }

    fn note(
        &mut self,
        outcome: &StepOutcome,
        learning_rate: f64,
        tokens: u64,
        seconds: f64,
    ) -> Result<(), TrainError> {
        let line = Line::Step {
            step: self.state.step,
            losses: self.named(&outcome.losses),
            weights: self.named(&outcome.weights),
            gradient_norms: outcome.conflict.as_ref().map(|conflict| self.named(&conflict.norms)),
            cosines: outcome.conflict.as_ref().map(|conflict| self.pairs(conflict)),
            residual: outcome.solved.map(|solved| solved.residual),
            fallback: outcome.solved.is_some_and(|solved| solved.fallback),
            penalty: outcome.penalty,
            learning_rate,
            gradient_norm: outcome.gradient_norm,
            tokens,
            seconds,
        };
        self.history.as_mut().expect("open while training").add(&line)
    }

    /// The values of the tasks that have one, by name.
    fn named(&self, values: &[Option<f64>]) -> BTreeMap<&'a str, f64> {
        let tasks = self.text.dataset.tasks.iter().zip(values);
        tasks.filter_map(|(task, value)| Some((task.spec.name.as_str(), (*value)?))).collect()
    }

    fn pairs(&self, conflict: &Conflict) -> Vec<Pair<'a>> {
        let name = |task: usize| self.text.dataset.tasks[task].spec.name.as_str();
        let pair = |&((first, second), cosine): &((usize, usize), f64)| Pair {
            first: name(first),
            second: name(second),
            cosine,
        };
        conflict.cosines.iter().map(pair).collect()
    }

    fn report(&mut self, outcome: &StepOutcome, learning_rate: f64, observer: &mut dyn Observer) {
        follow(&mut self.state.running_losses, &outcome.losses);
        follow(&mut self.running_weights, &outcome.weights);
        let names = self.specs.iter().map(|spec| spec.name.clone());
        let losses: Vec<(String, Option<f64>)> =
            names.zip(self.state.running_losses.iter().copied()).collect();
        if outcome.solved.is_some_and(|solved| solved.fallback) && !self.told_of_fallback {
            self.told_of_fallback = true;
            observer.message(&format!(
                "warning: step {}: the inner problem of {} had no solution, so the weights are the substitute \
                 that its documentation names; `mtl inspect` counts such steps",
                self.state.step, self.config.sharing.gradients.kind
            ));
        }
        if let Some(conflict) = &outcome.conflict {
            self.gradient_norms.clone_from(&conflict.norms);
            let sharpest = conflict.sharpest();
            self.conflict = sharpest.map(|((first, second), cosine)| {
                (self.specs[first].name.clone(), self.specs[second].name.clone(), cosine)
            });
        }
        observer.step(&StepReport {
            conflict: self.conflict.as_ref(),
            step: self.state.step,
            total: self.schedule.total,
            losses: &losses,
            weights: &self.running_weights,
            gradient_norms: &self.gradient_norms,
            learning_rate,
            gradient_norm: outcome.gradient_norm,
            tokens: self.state.tokens,
            tokens_per_second: speed(self.state.tokens, self.state.seconds),
            share_of_peak: self.share_of_peak(),
        });
    }

    fn is_evaluated(&self, step: u64) -> bool {
        let is_due = match self.config.train.evaluate_every {
            Some(every) => step.is_multiple_of(every),
            None => self.sampling.ends_epoch(step),
        };
        is_due || step == self.schedule.total
    }

    /// Scores and outcomes on the dev sets of the weights that the model holds, which are those of a step.
    fn judge(&self, step: u64) -> Result<(Scores, Vec<TaskOutcomes>), TrainError> {
        let sets = self.specs.iter().zip(self.text.dataset.tasks.iter().map(|task| &task.dev));
        let judged = score_all(&self.model, sets, pack_tokens(self.config));
        let failed = |source| TrainError::Evaluation { step, source: Box::new(source) };
        Ok(outcomes::apart(judged.map_err(failed)?))
    }

    fn tell_stepper(&mut self, scores: &Scores) -> Result<(), TrainError> {
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name.as_str()).collect();
        self.stepper.evaluated(&names, scores)
    }

    fn evaluate(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let step = self.state.step;
        let (mut scores, mut outcomes) = self.judge(step)?;
        if self.follow_rules(step, &scores, observer)? {
            // The scores of a step are those of the weights that it leaves.
            (scores, outcomes) = self.judge(step)?;
        }
        let line = Line::Evaluation { step, evaluation: &scores };
        self.history.as_mut().expect("open while training").add(&line)?;
        observer.evaluated(step, &scores);
        self.tell_stepper(&scores)?;
        tell_sampler(&mut self.sampling, &self.config.tasks, step, &scores);
        self.state.evaluations.push((step, scores));
        if self.config.train.keep == Keep::Best {
            if !newest_is_better(&self.state.evaluations, self.state.best, self.config)? {
                return Ok(());
            }
            self.state.best = Some(step);
            self.state.best_tensors = Some(self.checkpoint.write_best(&self.model, step)?);
        }
        self.outcomes = Some((step, outcomes));
        Ok(())
    }

    /// Stops the tasks whose rules say so. Says whether the model has changed.
    fn follow_rules(
        &mut self,
        step: u64,
        scores: &Scores,
        observer: &mut dyn Observer,
    ) -> Result<bool, TrainError> {
        let mut changed = Changed {
            model: &self.model,
            optimizer: self.optimizer.as_mut(),
            checkpoint: &self.checkpoint,
            sampling: &mut self.sampling,
        };
        let rolled_back = self.stops.follow(step, scores, &mut changed, observer)?;
        if self.sampling.is_over() {
            observer.message(&format!("all tasks have stopped: the run ends after step {step}"));
        }
        Ok(rolled_back)
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        if let Some(history) = &mut self.history {
            self.state.history_bytes = history.sync()?;
        }
        self.state.sampling = self.sampling.state();
        (self.state.stopping, self.state.task_tensors) = (self.stops.state(), self.stops.files().clone());
        self.state.sharing = self.stepper.state();
        self.state.seconds_total = self.seconds_total();
        let step = self.state.step;
        let tensors = self.checkpoint.write_tensors(&self.model, self.optimizer.as_ref(), step)?;
        self.state.tensors = Some(tensors);
        self.checkpoint.write(&self.state)?;
        self.saved = Instant::now();
        observer.saved(step, self.checkpoint.root());
        Ok(())
    }

    /// Writes what the run leaves, and marks it as finished.
    pub(super) fn finish(mut self) -> Result<Summary, TrainError> {
        let kept_step = self.state.best.unwrap_or(self.state.step);
        if let Some(best) = self.state.best_tensors.clone() {
            self.checkpoint.load_model(&best, &self.model)?;
        }
        self.folder.write_model(&self.model, self.config, &self.text.tokenizer)?;
        shared::write(self.folder, self.model.architecture.report())?;
        let outcomes = self.outcomes_of(kept_step)?;
        outcomes::write(self.folder, Split::Dev, &outcomes)?;
        let metrics = self.metrics(kept_step);
        self.folder.write_metrics(&metrics)?;
        self.state.finished = true;
        self.state.seconds_total = metrics.seconds_total;
        (self.state.tensors, self.state.best_tensors) = (None, None);
        self.state.task_tensors.clear();
        self.checkpoint.write(&self.state)?;
        let share_of_peak = Some(self.share_of_peak());
        Ok(Summary { metrics, kept_step, share_of_peak, finished_before: false })
    }

    /// The dev outcomes of the weights of a step, which the model holds; a resumed run may not have seen them yet.
    fn outcomes_of(&mut self, step: u64) -> Result<Vec<TaskOutcomes>, TrainError> {
        if let Some((_, outcomes)) = self.outcomes.take().filter(|(of, _)| *of == step) {
            return Ok(outcomes);
        }
        Ok(self.judge(step)?.1)
    }

    fn metrics(&self, kept_step: u64) -> RunMetrics {
        let kept = self.state.evaluations.iter().rfind(|(step, _)| *step == kept_step);
        let tasks: Scores = kept.map(|(_, scores)| scores.clone()).unwrap_or_default();
        RunMetrics {
            tasks,
            steps: self.state.step,
            seconds: self.state.seconds,
            seconds_total: self.seconds_total(),
            tokens: self.state.tokens,
            tokens_per_second: speed(self.state.tokens, self.state.seconds),
            peak_rss_mib: peak_rss_mib(),
            seed: self.config.seed,
        }
    }

    fn share_of_peak(&self) -> f64 {
        speed(self.state.tokens, self.state.seconds) * self.peak_per_token
    }

    fn seconds_total(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }
}

/// Moves each running mean towards its newest value, where there is one.
fn follow(running: &mut [Option<f64>], newest: &[Option<f64>]) {
    for (running, newest) in running.iter_mut().zip(newest) {
        if let Some(newest) = newest {
            *running = Some(running.map_or(*newest, |running| running + NEWEST * (newest - running)));
        }
    }
}

fn speed(tokens: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { tokens as f64 / seconds } else { 0.0 }
}
