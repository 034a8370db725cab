//! How long a stage is.

use serde::Serialize;

/// The length of a stage, or of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// So many times as many sequences as the streams have examples, all together.
    Epochs(u64),
    /// So many optimizer updates.
    Steps(u64),
}

impl Length {
    /// The same in steps, `per_epoch` of which make an epoch.
    pub fn steps(self, per_epoch: u64) -> u64 {
        match self {
            Length::Epochs(epochs) => epochs * per_epoch,
            Length::Steps(steps) => steps,
        }
    }
}

/// What lies ahead of a sampler: the stage that it draws for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// The steps of the stage.
    pub steps: u64,
    /// How many of them make an epoch, at least one.
    pub per_epoch: u64,
}

impl Horizon {
    /// How many epochs the stage has, a part of one counted as one.
    pub fn epochs(self) -> u64 {
        self.steps.div_ceil(self.per_epoch)
    }
}
