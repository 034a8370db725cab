//! A training run: new, resumed, interrupted or finished.

use std::sync::atomic::AtomicBool;

use crate::config::Config;
use crate::error::TrainError;
use crate::observer::Observer;
use crate::options::Options;
use crate::scores::Summary;

/// A training run of a configuration in a folder.
#[derive(Debug)]
pub struct Session {
    config: Config,
    options: Options,
}

impl Session {
    /// Looks at the folder; nothing is read or written yet.
    ///
    /// Errors if the folder holds a run and `options.resume` is not set, or if the run that is to be resumed was
    /// started with another configuration.
    pub fn new(config: Config, options: Options) -> Result<Session, TrainError> {
        Ok(Session { config, options })
    }

    /// Runs to the end. As soon as `interrupt` is set the state is saved and the run ends with
    /// [`TrainError::Interrupted`]; the flag is looked at before each step.
    ///
    /// A run that was finished before is left as it is, and its summary says so.
    pub fn run(
        &mut self,
        observer: &mut dyn Observer,
        interrupt: &AtomicBool,
    ) -> Result<Summary, TrainError> {
        unimplemented!(
            "{:?} {:?} {interrupt:?} {}",
            self.config,
            self.options,
            std::mem::size_of_val(observer)
        )
    }
}
