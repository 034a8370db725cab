//! Ctrl-C and SIGTERM: the first asks the run to save and end, the second ends the program.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use crate::report;

/// Exit code of a program that ends by an interrupt.
const EXIT_CODE: u8 = 130;

static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// The flag that the first signal sets, for verbs that can save what they have done.
///
/// Errors if the system refuses the handler.
pub fn flag() -> anyhow::Result<&'static AtomicBool> {
    ctrlc::set_handler(|| {
        if INTERRUPT.swap(true, Ordering::SeqCst) {
            process::exit(EXIT_CODE.into());
        }
        report::line("interrupted: saving before the next step; once more to stop at once");
    })
    .context("failed to wait for interrupts")?;
    Ok(&INTERRUPT)
}

/// Lets a signal end the program at once, for verbs that have nothing to save.
///
/// Errors if the system refuses the handler.
pub fn end_at_once() -> anyhow::Result<()> {
    ctrlc::set_handler(|| process::exit(EXIT_CODE.into())).context("failed to wait for interrupts")
}
