//! SuperGLUE's own metrics: MultiRC, ReCoRD, CommitmentBank and the Winogender diagnostics.
//!
//! The other tasks are scored by accuracy, and the broad-coverage diagnostics (AX-b) by [`crate::matthews()`].
//! Every score is in `[0, 1]`, and higher is better.
//!
//! Wang et al. 2019, "SuperGLUE: A Stickier Benchmark for General-Purpose Language Understanding Systems".

mod commitment_bank;
mod multirc;
mod record;
mod winogender;

pub use commitment_bank::{CommitmentBank, commitment_bank};
pub use multirc::{MultiRc, multirc};
pub use record::{Record, record};
pub use winogender::{Winogender, winogender};

use crate::scale::Scale;

/// Direction and range of every score here.
pub const SCALE: Scale = Scale::SHARE;
