//! `cargo xtask ci`: everything that must hold, cheapest first.

mod aarch64;
mod alone;
mod edges;
mod extension;
mod features;
mod licences;
mod unused;

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;

use crate::process::{cargo, run as run_command};
use crate::{codegen, workspace};

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run this step alone
    #[arg(long, value_enum)]
    only: Option<Step>,
    /// Leave out the tests, for a caller that has just run them
    #[arg(long, conflicts_with = "only")]
    skip_tests: bool,
}

/// One check; the order here is the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Format of every source file
    Format,
    /// Who may use whom among our crates
    Edges,
    /// Dependencies that no source file names
    Unused,
    /// Licences of dependencies are among those of deny.toml
    Licences,
    /// Generated files are up to date
    Codegen,
    /// Lints, with warnings as errors
    Lints,
    /// Each library builds from an outside project that names only it
    Alone,
    /// Every feature on its own, none, and all
    Features,
    /// The libraries compile for another processor, if its target is installed
    Aarch64,
    /// Documentation, with broken links as errors
    Docs,
    /// A sample of each method is one file and one row, in a copy of the workspace
    Extension,
    /// Tests and doc tests
    Tests,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().expect("no step is hidden").get_name().to_owned()
    }

    fn check(self) -> anyhow::Result<()> {
        match self {
            Self::Format => run_command(&mut cargo(&["fmt", "--all", "--check"])),
            Self::Edges => edges::check(&workspace::metadata()?),
            Self::Unused => unused::check(&workspace::metadata()?),
            Self::Licences => licences::check(),
            Self::Codegen => codegen::check(),
            Self::Lints => run_command(&mut cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ])),
            Self::Alone => alone::check(&workspace::metadata()?),
            Self::Features => features::check(&workspace::metadata()?),
            Self::Aarch64 => aarch64::check(),
            Self::Docs => {
                run_command(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
            }
            Self::Extension => extension::check(&workspace::metadata()?),
            Self::Tests => run_command(&mut cargo(&["test", "--workspace"])),
        }
    }
}

/// How one step went.
struct Outcome {
    step: Step,
    time: Duration,
    error: Option<anyhow::Error>,
}

/// Runs the steps. A failing step does not hide the later ones; errors at the end if any failed.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let outcomes: Vec<Outcome> = steps(args).into_iter().map(timed).collect();
    print!("{}", table(&outcomes));
    let failed = outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", outcomes.len());
    }
    Ok(())
}

fn steps(args: &Args) -> Vec<Step> {
    match args.only {
        Some(step) => vec![step],
        None => Step::value_variants()
            .iter()
            .copied()
            .filter(|&step| !(args.skip_tests && step == Step::Tests))
            .collect(),
    }
}

fn timed(step: Step) -> Outcome {
    eprintln!("\n== {}", step.name());
    let start = Instant::now();
    let error = step.check().err();
    if let Some(error) = &error {
        eprintln!("{error:#}");
    }
    Outcome { step, time: start.elapsed(), error }
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!("\n{:<10} {:<7} {:>9}\n", "step", "result", "seconds");
    for Outcome { step, time, error } in outcomes {
        let result = if error.is_some() { "failed" } else { "passed" };
        text += &format!("{:<10} {result:<7} {:>9.1}\n", step.name(), time.as_secs_f64());
    }
    let total: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    text + &format!("{:<18} {:>9.1}\n", "total", total.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_can_be_left_out_and_come_last() {
        let all = steps(&Args { only: None, skip_tests: false });
        assert!(all.last() == Some(&Step::Tests));
        let rest = steps(&Args { only: None, skip_tests: true });
        assert!(rest[..] == all[..all.len() - 1]);
    }

    #[test]
    fn the_table_names_failures_and_adds_up() {
        let outcomes = [
            Outcome { step: Step::Format, time: Duration::from_millis(500), error: None },
            Outcome { step: Step::Docs, time: Duration::from_secs(2), error: Some(anyhow::anyhow!("no")) },
        ];
        let text = table(&outcomes);
        assert!(text.contains("format     passed        0.5"), "{text}");
        assert!(text.contains("docs       failed        2.0"), "{text}");
        assert!(text.contains("total                    2.5"), "{text}");
    }
}
