//! What the program says: results on stdout, everything else on stderr.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use mtl_train::{Fault, TrainError};
use serde::Serialize;

/// Writes a result to stdout. A reader that closed the pipe has seen enough, which is no error.
///
/// Errors if stdout cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("failed to write to stdout")
        }
        _ => Ok(()),
    }
}

/// Writes a result to stdout as one JSON document.
///
/// Errors if stdout cannot be written.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(value).context("failed to write the result as JSON")?)
}

/// Writes a line to stderr, if anybody listens there.
pub fn line(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says on stderr what went wrong, and with which exit code the program ends.
pub fn failure(error: &anyhow::Error) -> ExitCode {
    let known = error.downcast_ref::<TrainError>();
    let fault = known.map_or(Fault::Run, TrainError::fault);
    let prefix = if fault == Fault::Interrupted { "" } else { "error: " };
    let mut said = error.to_string();
    line(&format!("{prefix}{said}"));
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many messages hold their cause already.
        if !said.contains(&cause) {
            line(&format!("  caused by: {cause}"));
            said = cause;
        }
    }
    if let Some(hint) = known.and_then(hint) {
        line(&format!("  hint: {hint}"));
    }
    ExitCode::from(fault.exit_code())
}

/// What to do about an error, in terms of this command.
fn hint(error: &TrainError) -> Option<&'static str> {
    match error {
        TrainError::HoldsRun { .. } => Some("add --resume to continue the run in that folder"),
        TrainError::NoRun { .. } => Some("DIR is the folder given to `mtl train CONFIG --out DIR`"),
        TrainError::NoHistory { .. } => Some(
            "DIR is the folder given to `mtl train CONFIG --out DIR`, or that of one run of a comparison",
        ),
        TrainError::TaskNeeded { .. } => Some("add --task NAME"),
        TrainError::Interrupted { .. } => Some(
            "the same command continues: `mtl train` with --resume, `mtl compare` and `mtl demo` with --out",
        ),
        _ => None,
    }
}
