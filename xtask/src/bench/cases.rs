//! The work that is measured on both sides, in one named table.

use mtl_sharing::GradientKind;

use super::step::{Dtype, Encoder, Mode, StepArgs};

/// One comparison.
pub(super) struct Case {
    /// What it is called on the command line and in the report.
    pub(super) name: &'static str,
    /// The work.
    pub(super) work: Work,
    /// Settings of the peer beyond the work itself: its defaults where empty, else its best for this work.
    pub(super) peer: &'static [&'static str],
    /// Who the peer is.
    pub(super) script: Script,
}

/// A peer's script.
pub(super) enum Script {
    /// Of the reference folder: PyTorch with transformers.
    Reference(&'static str),
    /// Beside this file, in `peers`.
    Own(&'static str),
}

/// What both sides do.
pub(super) enum Work {
    /// One step of an encoder on a batch of full sequences.
    Step { encoder: Encoder, batch: usize, seq: usize, dtype: Dtype, mode: Mode },
    /// Training on STS-B for so many epochs, in bf16, batches of 32.
    Training { epochs: usize },
    /// The scores of large sets of predictions.
    Metrics,
}

/// Every case, in the order in which they run.
pub(super) const CASES: &[Case] = &[
    step("step-minilm-train-f32", Encoder::Minilm, 32, 128, Dtype::F32, Mode::Train),
    step("step-minilm-train-bf16", Encoder::Minilm, 32, 128, Dtype::Bf16, Mode::Train),
    step("step-minilm-infer-f32", Encoder::Minilm, 32, 128, Dtype::F32, Mode::Infer),
    step("step-minilm-infer-bf16", Encoder::Minilm, 32, 128, Dtype::Bf16, Mode::Infer),
    step("step-base-train-f32", Encoder::BertBase, 16, 128, Dtype::F32, Mode::Train),
    step("step-base-train-bf16", Encoder::BertBase, 16, 128, Dtype::Bf16, Mode::Train),
    step("step-tiny-train-f32", Encoder::BertTiny, 64, 64, Dtype::F32, Mode::Train),
    step("step-tiny-train-bf16", Encoder::BertTiny, 64, 64, Dtype::Bf16, Mode::Train),
    Case {
        name: "step-minilm-train-f32-compiled-peer",
        peer: &["--compile"],
        ..step("", Encoder::Minilm, 32, 128, Dtype::F32, Mode::Train)
    },
    Case {
        name: "step-minilm-train-bf16-compiled-peer",
        peer: &["--compile"],
        ..step("", Encoder::Minilm, 32, 128, Dtype::Bf16, Mode::Train)
    },
    gram("gram-minilm-f32-torchjd-autojac", Dtype::F32, &["--engine", "autojac"]),
    gram("gram-minilm-f32-torchjd-autogram", Dtype::F32, &["--engine", "autogram"]),
    gram("gram-minilm-bf16-torchjd-autojac", Dtype::Bf16, &["--engine", "autojac"]),
    gram("gram-minilm-bf16-torchjd-autogram", Dtype::Bf16, &["--engine", "autogram"]),
    training("multitask-stsb", &[]),
    training("multitask-stsb-grouped-peer", &["--group-by-length", "1"]),
    Case { name: "metrics", work: Work::Metrics, peer: &[], script: Script::Own("metrics_peer.py") },
];

/// PCGrad over four tasks, beside TorchJD.
const fn gram(name: &'static str, dtype: Dtype, peer: &'static [&'static str]) -> Case {
    Case {
        peer,
        script: Script::Own("torchjd_step.py"),
        ..step(name, Encoder::Minilm, 32, 128, dtype, Mode::Gram)
    }
}

const fn training(name: &'static str, peer: &'static [&'static str]) -> Case {
    Case { name, work: Work::Training { epochs: 3 }, peer, script: Script::Reference("torch_multitask.py") }
}

const fn step(
    name: &'static str,
    encoder: Encoder,
    batch: usize,
    seq: usize,
    dtype: Dtype,
    mode: Mode,
) -> Case {
    let script = Script::Reference("torch_step.py");
    Case { name, work: Work::Step { encoder, batch, seq, dtype, mode }, peer: &[], script }
}

impl Case {
    /// The arguments of a step case; nothing for other work.
    pub(super) fn step_args(&self, threads: usize) -> Option<StepArgs> {
        match self.work {
            Work::Step { encoder, batch, seq, dtype, mode } => {
                let combining = GradientKind::PcGrad;
                Some(StepArgs { encoder, batch, seq, dtype, mode, combining, threads, steps: 7, json: true })
            }
            Work::Training { .. } | Work::Metrics => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_what_is_measured() {
        for (position, case) in CASES.iter().enumerate() {
            assert!(CASES[..position].iter().all(|other| other.name != case.name), "{}", case.name);
            let prefix = match case.work {
                Work::Step { mode: Mode::Gram, .. } => "gram-",
                Work::Step { .. } => "step-",
                Work::Training { .. } => "multitask-",
                Work::Metrics => "metrics",
            };
            assert!(case.name.starts_with(prefix), "{}", case.name);
        }
    }
}
