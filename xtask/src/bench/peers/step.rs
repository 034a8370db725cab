//! The cases of one step: the same sizes, precision and threads on both sides.

use mtl_core_tensor::kernels::isa::Isa;

use super::Bench;
use crate::bench::cases::{Peer, Step};
use crate::bench::sample::{self, Sample};
use crate::bench::step::{StepArgs, flag};
use crate::process;

/// One run of the peer's script.
pub(super) fn peer(bench: &Bench<'_>, step: Step, peer: &Peer) -> anyhow::Result<Sample> {
    let step = step.args(bench.threads);
    let mut command = bench.script(peer);
    command.args(peer_flags(&step));
    sample::of_step(&process::output(&mut command)?, &step)
}

/// One run of `bench step`, on a lesser instruction set if one is named.
pub(super) fn ours(bench: &Bench<'_>, step: Step, isa: Option<Isa>) -> anyhow::Result<Sample> {
    let step = step.args(bench.threads);
    let mut command = bench.own("step")?;
    command.args(our_flags(&step));
    if let Some(isa) = isa {
        command.env("MTL_ISA", isa.name());
    }
    sample::of_step(&process::output(&mut command)?, &step)
}

fn common_flags(step: &StepArgs) -> Vec<(&'static str, String)> {
    vec![
        ("--batch", step.batch.to_string()),
        ("--seq", step.seq.to_string()),
        ("--threads", step.threads.to_string()),
        ("--steps", step.steps.to_string()),
        ("--dtype", flag(step.dtype)),
        ("--mode", flag(step.mode)),
    ]
}

fn peer_flags(step: &StepArgs) -> Vec<String> {
    let shape = step.encoder.shape();
    let sizes = [
        ("--hidden", shape.hidden.to_string()),
        ("--layers", shape.layers.to_string()),
        ("--heads", shape.heads.to_string()),
        ("--ffn", shape.ffn.to_string()),
    ];
    flat(sizes.into_iter().chain(common_flags(step)))
}

fn our_flags(step: &StepArgs) -> Vec<String> {
    let encoder = [("--encoder", flag(step.encoder))];
    let mut flags = flat(encoder.into_iter().chain(common_flags(step)));
    if step.json {
        flags.push("--json".to_owned());
    }
    flags
}

fn flat(flags: impl Iterator<Item = (&'static str, String)>) -> Vec<String> {
    flags.flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::step::{Dtype, Encoder, Mode};

    #[test]
    fn both_sides_are_asked_for_the_same_work() {
        let (encoder, dtype, mode) = (Encoder::Minilm, Dtype::Bf16, Mode::Train);
        let step = Step { encoder, batch: 32, seq: 128, dtype, mode, steps: 7 }.args(2);
        let theirs = peer_flags(&step).join(" ");
        let ours = our_flags(&step).join(" ");
        let common = "--batch 32 --seq 128 --threads 2 --steps 7 --dtype bf16 --mode train";
        assert_eq!(theirs, format!("--hidden 384 --layers 6 --heads 12 --ffn 1536 {common}"));
        assert_eq!(ours, format!("--encoder minilm {common} --json"));
    }
}
