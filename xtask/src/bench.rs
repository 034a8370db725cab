//! `cargo xtask bench`: criterion suites, and the same work measured beside PyTorch.

mod cases;
mod combine;
mod infer;
mod machine;
mod measure;
mod metrics;
mod peers;
mod report;
mod sample;
mod step;
mod suites;

use mtl_core_tensor::kernels::isa::Isa;

/// Which measurement.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The criterion suite to run; all of them if none is named
    suite: Option<String>,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Time the embeddings of real sentences by a pretrained encoder
    Infer(infer::Args),
    /// Time the scores of large sets of predictions
    Metrics(metrics::Args),
    /// Run the same work here and in PyTorch, in turns, and print medians and ratios
    Peers(peers::Args),
    /// Time one training step, or one inference pass, of an encoder with random weights
    Step(step::StepArgs),
}

/// Runs the named suite or measurement.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    Isa::asked()?;
    match &args.verb {
        Some(Verb::Infer(args)) => infer::run(args),
        Some(Verb::Metrics(args)) => metrics::run(args),
        Some(Verb::Peers(args)) => peers::run(args),
        Some(Verb::Step(args)) => step::run(args),
        None => suites::run(args.suite.as_deref()),
    }
}
