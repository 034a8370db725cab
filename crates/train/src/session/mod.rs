//! A training run: new, resumed, interrupted or finished.

mod best;
mod run;
mod stops;

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use mtl_core_tensor::Device;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::kernels::isa::Isa;

use crate::build::{self, in_precision};
use crate::checkpoint::CheckpointFolder;
use crate::config::{Config, Precision};
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::{Options, on_threads};
use crate::plan::Plan;
use crate::prepare::Text;
use crate::run_folder::RunFolder;
use crate::sampling::Part;
use crate::scores::Summary;
use crate::spec::TaskFile;

use run::Run;

/// A training run of a configuration in a folder.
#[derive(Debug)]
pub struct Session {
    config: Config,
    options: Options,
    folder: RunFolder,
    text: Option<Text>,
    part: Part,
}

impl Session {
    /// Looks at the folder; no data is read and nothing is written yet.
    ///
    /// Errors if it is no folder, if it holds a run and `options.resume` is not set, if it holds no run but something that a
    /// run would write over, or if the run that is to be resumed was started with another configuration.
    pub fn new(config: Config, options: Options) -> Result<Session, TrainError> {
        let folder = RunFolder::new(&options.out);
        let mut config = config;
        folder.check()?;
        if !folder.holds_run() {
            folder.check_free()?;
        } else {
            if !options.resume {
                return Err(TrainError::HoldsRun { folder: options.out });
            }
            let started = folder.read_config()?;
            config.train.pack_tokens = config.train.pack_tokens.or(started.train.pack_tokens);
            let keys = started.differences(&config);
            if !keys.is_empty() {
                return Err(TrainError::ConfigChanged { folder: options.out, keys });
            }
        }
        Ok(Session { config, options, folder, text: None, part: Part::Whole })
    }

    /// The same run on text that is already there, showing a part of its draws.
    pub(crate) fn with_text(self, text: Text, part: Part) -> Session {
        Session { text: Some(text), part, ..self }
    }

    /// The resolved configuration. What a new run chooses by itself, its `pack_tokens`, is there once it has run.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Runs to the end. As soon as `interrupt` is set the state is saved and the run ends with
    /// [`TrainError::Interrupted`]; the flag is looked at before each step.
    ///
    /// A run that was finished before is left as it is, and its summary says so.
    ///
    /// Errors if data, tokenizer or encoder are refused, if a loss is not finite, or if a file cannot be written.
    pub fn run(
        &mut self,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<Summary, TrainError> {
        let (threads, precision) = (self.options.threads, self.config.train.precision);
        // The runs of a comparison bring their text, and end too often to say so.
        let alone = self.text.is_none();
        let summary = on_threads(
            threads,
            || in_precision!(precision, E => self.run_in::<E, _>(&build::device(), observer, interrupt)),
        )?;
        if alone {
            observer.message(&format!("the run in {} is finished", self.folder.root().display()));
        }
        Ok(summary)
    }

    /// What the run is of beside its configuration.
    fn task_file(&self, text: &Text) -> TaskFile {
        TaskFile { draws: self.part.identity(), ..text.task_file(&self.config) }
    }

    /// Errors if the run in the folder was started with other examples or another encoder, or shows others of their draws.
    fn check_started(&self, text: &Text) -> Result<(), TrainError> {
        let (started, now) = (TaskFile::read(&self.folder.tasks())?, self.task_file(text));
        if let Some(file) = started.changed(&now) {
            return Err(TrainError::DataChanged { folder: self.options.out.clone(), file });
        }
        if started.encoder.is_some() && now.encoder.is_some() && started.encoder != now.encoder {
            return Err(TrainError::EncoderChanged { folder: self.options.out.clone() });
        }
        if started.draws != now.draws {
            return Err(TrainError::DrawsChanged { folder: self.options.out.clone() });
        }
        Ok(())
    }

    fn run_in<E: Float<Master = f32>, D: Device>(
        &mut self,
        device: &D,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<Summary, TrainError> {
        let begun = Instant::now();
        // A folder that is not there yet is made when there is something to write.
        let mut lock = self.folder.root().exists().then(|| self.folder.lock()).transpose()?;
        let checkpoint = CheckpointFolder::new(self.folder.checkpoint());
        let state = checkpoint.read()?;
        if let Some(text) = self.text.as_ref().filter(|_| state.is_some()) {
            self.check_started(text)?;
        }
        if let Some(state) = state.as_ref().filter(|state| state.finished) {
            let kept_step = state.best.unwrap_or(state.step);
            let metrics = self.folder.read_metrics()?;
            return Ok(Summary { metrics, kept_step, share_of_peak: None, finished_before: true });
        }
        let asked_to_resume = self.options.resume && self.text.is_none();
        if self.text.is_none() {
            tell_of_precision(&self.config, observer);
        }
        let text = match self.text.take() {
            Some(text) => text,
            None => Text::load(&self.config, &self.options, observer)?,
        };
        if state.is_some() {
            self.check_started(&text)?;
        }
        let model = build::model::<E, D>(&self.config, &text, device)?;
        let plan = Plan::of(&self.config, &text.dataset, &model, &self.part)?;
        self.config.train.pack_tokens = Some(plan.pack_tokens);
        let mut run =
            Run::new(&self.config, &self.folder, &text, &self.part, model, plan.share_of_peak(1.0), begun)?;
        observer.planned(&plan);
        if lock.is_none() {
            lock = Some(self.folder.lock()?);
        }
        self.folder.sweep()?;
        match state {
            Some(state) => run.resume(state, observer)?,
            None => {
                if asked_to_resume {
                    let folder = self.folder.root().display();
                    observer
                        .message(&format!("nothing is saved in {folder} yet: starting from the beginning"));
                }
                self.folder.start(&self.config, &self.task_file(&text))?;
            }
        }
        run.train(observer, interrupt)?;
        let summary = run.finish();
        drop(lock);
        summary
    }
}

/// Says so where a run computes in bf16 without the instruction for it.
pub(crate) fn tell_of_precision(config: &Config, observer: &mut dyn Observer) {
    let isa = Isa::current();
    if config.train.precision == Precision::Bf16 && isa < Isa::Avx512Bf16 {
        observer.message(&format!(
            "the instructions used here ({isa}) have none that multiplies bf16: products are done in f32, and \
             precision = \"f32\" is about as fast"
        ));
    }
}
