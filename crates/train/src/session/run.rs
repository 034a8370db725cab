//! The loop of a run: steps, evaluations, checkpoints.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mtl_core_tensor::Cpu;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::kernels::isa::Isa;
use mtl_core_tensor::optim::{Optimizer, Schedule};
use mtl_sharing::LossWeighting;

use super::best::newest_is_better;
use crate::batch::StepData;
use crate::checkpoint::{CheckpointFolder, State};
use crate::config::{Config, Keep};
use crate::error::TrainError;
use crate::evaluate::Split;
use crate::history::{History, Line};
use crate::model::Model;
use crate::observer::{Observer, StepReport};
use crate::outcomes::{self, TaskOutcomes};
use crate::plan::Plan;
use crate::prepare::{self, Text, pack_tokens};
use crate::run_folder::RunFolder;
use crate::sampling::Sampling;
use crate::score::score_all;
use crate::scores::{RunMetrics, Scores, Summary, peak_rss_mib};
use crate::spec::TaskSpec;
use crate::step::{StepOutcome, StepSettings, step_weights, train_step};

/// The weight of the newest loss in a running loss.
const NEWEST: f64 = 0.05;

/// A run under way.
pub(super) struct Run<'a> {
    config: &'a Config,
    folder: &'a RunFolder,
    checkpoint: CheckpointFolder,
    text: &'a Text,
    specs: Vec<TaskSpec>,
    model: Model,
    optimizer: Box<dyn Optimizer<f32, Cpu> + Send>,
    weighting: Box<dyn LossWeighting>,
    sampling: Sampling,
    schedule: Schedule,
    history: Option<History>,
    limit: Option<u64>,
    state: State,
    /// Each task's dev outcomes under the weights that are kept so far, and their step.
    outcomes: Option<(u64, Vec<TaskOutcomes>)>,
    begun: Instant,
    before: f64,
    saved: Instant,
}

impl<'a> Run<'a> {
    /// A run before its first step.
    pub(super) fn new(
        config: &'a Config,
        folder: &'a RunFolder,
        text: &'a Text,
        limit: Option<u64>,
        begun: Instant,
    ) -> Result<Self, TrainError> {
        let sampling = Sampling::new(config, &text.dataset.sizes(), limit)?;
        let weighting = config.sharing.weighting.build(&config.task_weights())?;
        let specs = text.dataset.specs();
        let state = State {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            isa: Isa::current().name().to_owned(),
            step: 0,
            sampling: sampling.state(),
            weighting: weighting.state(),
            running_losses: vec![None; specs.len()],
            evaluations: Vec::new(),
            best: None,
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
            model: prepare::model(config, text)?,
            optimizer: prepare::optimizer(config)?,
            schedule: prepare::schedule(config, sampling.total_steps(config.train.length)),
            before: 0.0,
            saved: begun,
            outcomes: None,
            history: None,
            config,
            folder,
            text,
            specs,
            weighting,
            sampling,
            limit,
            state,
            begun,
        })
    }

    /// What the run will do.
    pub(super) fn plan(&mut self) -> Result<Plan, TrainError> {
        Plan::of(self.config, &self.text.dataset, &mut self.model, self.limit)
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
        self.sampling.restore(&state.sampling);
        self.weighting.restore(&state.weighting)?;
        if let Some(name) = &state.tensors {
            self.checkpoint.load_model(name, &mut self.model)?;
            self.checkpoint.load_optimizer(name, &mut self.model, self.optimizer.as_mut())?;
        }
        self.before = state.seconds_total;
        let (version, isa) = (self.state.version.clone(), self.state.isa.clone());
        self.state = State { version, isa, ..state };
        observer.message(&format!("resumed after step {}", self.state.step));
        Ok(())
    }

    /// Trains to the last step.
    pub(super) fn train<E: Float<Master = f32>>(
        &mut self,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<(), TrainError> {
        self.history = Some(History::open(&self.folder.history(), self.state.history_bytes)?);
        self.saved = Instant::now();
        let interval = Duration::try_from_secs_f64(self.config.train.checkpoint_minutes * 60.0)
            // What no clock can count is never.
            .unwrap_or(Duration::MAX);
        while self.state.step < self.schedule.total {
            if interrupt.load(Ordering::Relaxed) {
                self.save(observer)?;
                return Err(TrainError::Interrupted { step: self.state.step });
            }
            self.step::<E>(observer)?;
            if self.is_evaluated(self.state.step) {
                self.evaluate::<E>(observer)?;
                self.save(observer)?;
            } else if self.saved.elapsed() >= interval {
                self.save(observer)?;
            }
        }
        Ok(())
    }

    fn step<E: Float<Master = f32>>(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let begun = Instant::now();
        let step = self.state.step;
        let drawn = self.sampling.next_step();
        let data = StepData::lay(&self.text.dataset, &drawn, pack_tokens(self.config));
        // Weightings that read losses need them before the walk; those that there are now do not.
        let weights = self.weighting.weights(step, &vec![None; self.specs.len()])?;
        let learning_rate = self.config.train.learning_rate * self.schedule.factor(step);
        let settings = StepSettings {
            seed: self.config.seed,
            step,
            weights: &step_weights(self.config.curriculum.unit, &weights, &data),
            learning_rate,
            clip: self.config.train.clip,
        };
        let (model, optimizer) = (&mut self.model, self.optimizer.as_mut());
        let outcome = train_step::<E>(model, optimizer, &self.text.dataset, &data, settings)?;
        self.state.step += 1;
        self.state.tokens += data.tokens;
        let seconds = begun.elapsed().as_secs_f64();
        self.state.seconds += seconds;
        self.note(&outcome, learning_rate, data.tokens, seconds)?;
        self.report(&outcome, learning_rate, observer);
        Ok(())
    }

    fn note(
        &mut self,
        outcome: &StepOutcome,
        learning_rate: f64,
        tokens: u64,
        seconds: f64,
    ) -> Result<(), TrainError> {
        let shown = self.specs.iter().zip(&outcome.losses);
        let losses: BTreeMap<&str, f64> =
            shown.filter_map(|(spec, loss)| Some((spec.name.as_str(), (*loss)?))).collect();
        let (step, gradient_norm) = (self.state.step, outcome.gradient_norm);
        let line = Line::Step { step, losses, learning_rate, gradient_norm, tokens, seconds };
        self.history.as_mut().expect("open while training").add(&line)
    }

    fn report(&mut self, outcome: &StepOutcome, learning_rate: f64, observer: &mut dyn Observer) {
        for (running, loss) in self.state.running_losses.iter_mut().zip(&outcome.losses) {
            if let Some(loss) = loss {
                *running = Some(running.map_or(*loss, |running| running + NEWEST * (loss - running)));
            }
        }
        let names = self.specs.iter().map(|spec| spec.name.clone());
        let losses: Vec<(String, Option<f64>)> =
            names.zip(self.state.running_losses.iter().copied()).collect();
        observer.step(&StepReport {
            step: self.state.step,
            total: self.schedule.total,
            losses: &losses,
            learning_rate,
            gradient_norm: outcome.gradient_norm,
            tokens: self.state.tokens,
            tokens_per_second: speed(self.state.tokens, self.state.seconds),
        });
    }

    fn is_evaluated(&self, step: u64) -> bool {
        let every = self.config.train.evaluate_every.unwrap_or_else(|| self.sampling.per_epoch());
        step == self.schedule.total || step.is_multiple_of(every)
    }

    fn evaluate<E: Float<Master = f32>>(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let dataset = &self.text.dataset;
        let sets = self.specs.iter().zip(dataset.tasks.iter().map(|task| &task.dev));
        let judged = score_all::<E>(&self.model, sets, pack_tokens(self.config))?;
        let (scores, outcomes) = outcomes::apart(judged);
        let step = self.state.step;
        let line = Line::Evaluation { step, evaluation: &scores };
        self.history.as_mut().expect("open while training").add(&line)?;
        observer.evaluated(step, &scores);
        self.state.evaluations.push((step, scores));
        if self.config.train.keep == Keep::Best {
            if !newest_is_better(&self.state.evaluations, self.state.best, &self.specs)? {
                return Ok(());
            }
            self.state.best = Some(step);
            self.state.best_tensors = Some(self.checkpoint.write_best(&mut self.model, step)?);
        }
        self.outcomes = Some((step, outcomes));
        Ok(())
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        if let Some(history) = &mut self.history {
            self.state.history_bytes = history.sync()?;
        }
        self.state.sampling = self.sampling.state();
        self.state.weighting = self.weighting.state();
        self.state.seconds_total = self.seconds_total();
        let step = self.state.step;
        let tensors = self.checkpoint.write_tensors(&mut self.model, self.optimizer.as_ref(), step)?;
        self.state.tensors = Some(tensors);
        self.checkpoint.write(&self.state)?;
        self.saved = Instant::now();
        observer.saved(step, self.checkpoint.root());
        Ok(())
    }

    /// Writes what the run leaves, and marks it as finished.
    pub(super) fn finish<E: Float<Master = f32>>(mut self) -> Result<Summary, TrainError> {
        let kept_step = self.state.best.unwrap_or(self.state.step);
        if let Some(best) = self.state.best_tensors.clone() {
            self.checkpoint.load_model(&best, &mut self.model)?;
        }
        self.folder.write_model(&mut self.model, self.config, &self.text.tokenizer)?;
        let outcomes = self.outcomes_of::<E>(kept_step)?;
        outcomes::write(self.folder, Split::Dev, &outcomes)?;
        let metrics = self.metrics(kept_step);
        self.folder.write_metrics(&metrics)?;
        self.state.finished = true;
        self.state.seconds_total = metrics.seconds_total;
        (self.state.tensors, self.state.best_tensors) = (None, None);
        self.checkpoint.write(&self.state)?;
        Ok(Summary { metrics, kept_step, finished_before: false })
    }

    /// The dev outcomes of the weights of a step, which the model holds; a resumed run may not have seen them yet.
    fn outcomes_of<E: Float<Master = f32>>(&mut self, step: u64) -> Result<Vec<TaskOutcomes>, TrainError> {
        if let Some((_, outcomes)) = self.outcomes.take().filter(|(of, _)| *of == step) {
            return Ok(outcomes);
        }
        let sets = self.specs.iter().zip(self.text.dataset.tasks.iter().map(|task| &task.dev));
        let judged = score_all::<E>(&self.model, sets, pack_tokens(self.config))?;
        Ok(outcomes::apart(judged).1)
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

    fn seconds_total(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }
}

fn speed(tokens: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { tokens as f64 / seconds } else { 0.0 }
}
