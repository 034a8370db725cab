//! Project automation: `cargo xtask <verb>`. One file per verb.

mod bench;
mod ci;
mod codegen;
mod conformance;
mod dist;
mod golden;
mod process;
mod python;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks, code generation, benchmarks and packaging of the mtl workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check everything that must hold, cheapest first
    Ci(ci::Args),
    /// Write generated source files, or check that they are up to date
    Codegen(codegen::Args),
    /// Run criterion suites, or measure against PyTorch
    Bench(bench::Args),
    /// Read the real files of a data folder and compare counts and scores
    Conformance(conformance::Args),
    /// Remake the golden numbers of the tests from the libraries named in their scripts
    Golden(golden::Args),
    /// Build the static binary and run it with nothing around it
    Dist(dist::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Ci(args) => ci::run(&args),
        Verb::Codegen(args) => codegen::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Conformance(args) => conformance::run(&args),
        Verb::Golden(args) => golden::run(&args),
        Verb::Dist(args) => dist::run(&args),
    }
}
