//! The work that is measured here and in Python, in one named table.

use mtl_core_tensor::kernels::isa::Isa;
use mtl_sharing::GradientKind;

use super::step::{Dtype, Encoder, Mode, PACK_TOKENS, StepArgs};

/// One comparison: runs of ours and of peers, in turns.
pub(super) struct Case {
    /// What it is called on the command line and in the report.
    pub(super) name: &'static str,
    /// Our runs; the peers do the work of the first.
    pub(super) ours: Vec<Ours>,
    /// The same work in Python: as people write it, and at its best settings.
    pub(super) peers: Vec<Peer>,
}

/// A run of ours.
pub(super) struct Ours {
    /// What it is called in the report.
    pub(super) name: String,
    /// What it does.
    pub(super) work: Work,
    /// The instruction set; the best one where nothing is said.
    pub(super) isa: Option<Isa>,
}

/// A peer with its settings.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    /// What it is called in the report.
    pub(super) name: &'static str,
    /// The name of its script in `peers`.
    pub(super) script: &'static str,
    /// Its settings beyond the work itself.
    pub(super) flags: &'static [&'static str],
}

/// What is done.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// One step of an encoder on a batch of full sequences.
    Step(Step),
    /// Training on tasks of real text for so many epochs, in bf16, batches of 32.
    Training { tasks: &'static [&'static str], epochs: usize },
    /// The mean-pooled embeddings of the sentences of STS-B's dev set.
    Embeddings { dtype: Dtype },
    /// The scores of large sets of predictions.
    Metrics,
}

/// The work of one step.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Encoder size.
    pub(super) encoder: Encoder,
    /// Sequences per step.
    pub(super) batch: usize,
    /// Tokens per sequence.
    pub(super) seq: usize,
    /// Precision.
    pub(super) dtype: Dtype,
    /// How much of a step is run.
    pub(super) mode: Mode,
    /// Measured steps of one process.
    pub(super) steps: usize,
}

const PYTORCH: &str = "torch_step.py";
const TORCHJD: &str = "torchjd_step.py";
const MULTITASK: &str = "torch_multitask.py";
const EMBED: &str = "embed_peer.py";

/// Every case, in the order in which they run.
pub(super) fn cases() -> Vec<Case> {
    use Dtype::{Bf16, F32};
    use Encoder::{BertBase, BertTiny, Minilm};
    use Mode::{Infer, Train};
    let mut cases = vec![
        step("step-minilm-train-f32", Minilm, (32, 128), F32, Train),
        step("step-minilm-train-bf16", Minilm, (32, 128), Bf16, Train),
        step("step-minilm-infer-f32", Minilm, (32, 128), F32, Infer),
        step("step-minilm-infer-bf16", Minilm, (32, 128), Bf16, Infer),
        step("step-base-train-f32", BertBase, (16, 128), F32, Train),
        step("step-base-train-bf16", BertBase, (16, 128), Bf16, Train),
        step("step-tiny-train-f32", BertTiny, (64, 64), F32, Train),
        step("step-tiny-train-bf16", BertTiny, (64, 64), Bf16, Train),
        step("step-minilm-8x512-f32", Minilm, (8, 512), F32, Train),
        step("step-minilm-8x512-bf16", Minilm, (8, 512), Bf16, Train),
        batches("batches-minilm-bf16"),
        paths("paths-minilm-f32", F32),
        paths("paths-minilm-bf16", Bf16),
        gram("gram-minilm-f32", F32),
        gram("gram-minilm-bf16", Bf16),
        training("multitask-stsb", &["stsb"], 3),
        training("multitask-four", &["stsb", "snli", "ewt", "wnut"], 1),
        embeddings("embeddings-minilm"),
    ];
    let peers = vec![peer("Python", "metrics_peer.py", &[])];
    cases.push(Case { name: "metrics", ours: vec![ours("mtl", Work::Metrics)], peers });
    cases
}

fn step(
    name: &'static str,
    encoder: Encoder,
    (batch, seq): (usize, usize),
    dtype: Dtype,
    mode: Mode,
) -> Case {
    let work = Work::Step(Step { encoder, batch, seq, dtype, mode, steps: 7 });
    let peers = vec![peer("PyTorch", PYTORCH, &[]), peer("PyTorch, compiled", PYTORCH, &["--compile"])];
    Case { name, ours: vec![ours("mtl", work)], peers }
}

/// PCGrad over four tasks, beside TorchJD's two engines.
fn gram(name: &'static str, dtype: Dtype) -> Case {
    let peers = vec![
        peer("TorchJD, autojac", TORCHJD, &["--engine", "autojac"]),
        peer("TorchJD, autogram", TORCHJD, &["--engine", "autogram"]),
    ];
    Case { peers, ..step(name, Encoder::Minilm, (32, 128), dtype, Mode::Gram) }
}

/// Ours alone: a step of more and more sequences, which are laid into packs as a session lays them.
fn batches(name: &'static str) -> Case {
    let of = |batch: usize| {
        // About as long for each batch.
        let steps = (256 / batch).clamp(2, 7);
        let (encoder, seq, dtype, mode) = (Encoder::Minilm, 128, Dtype::Bf16, Mode::Train);
        ours(&format!("{batch} x {seq}"), Work::Step(Step { encoder, batch, seq, dtype, mode, steps }))
    };
    Case { name, ours: [32, 64, 128, 256, 512].map(of).into(), peers: Vec::new() }
}

/// Ours alone: a step with each instruction set that the processor has, the best first.
fn paths(name: &'static str, dtype: Dtype) -> Case {
    let (encoder, batch, seq, mode) = (Encoder::Minilm, 32, 128, Mode::Train);
    let of = |isa: Isa| {
        let work = Work::Step(Step { encoder, batch, seq, dtype, mode, steps: 3 });
        Ours { isa: Some(isa), ..ours(isa.name(), work) }
    };
    let there = Isa::ALL.into_iter().rev().filter(|&isa| isa <= Isa::detect());
    Case { name, ours: there.map(of).collect(), peers: Vec::new() }
}

fn training(name: &'static str, tasks: &'static [&'static str], epochs: usize) -> Case {
    let grouped = &["--group-by-length", "1"];
    let peers = vec![peer("PyTorch", MULTITASK, &[]), peer("PyTorch, grouped by length", MULTITASK, grouped)];
    Case { name, ours: vec![ours("mtl", Work::Training { tasks, epochs })], peers }
}

fn embeddings(name: &'static str) -> Case {
    let of = |name, dtype| ours(name, Work::Embeddings { dtype });
    let ours = vec![of("mtl, f32", Dtype::F32), of("mtl, bf16", Dtype::Bf16)];
    let peers = vec![
        peer("PyTorch", EMBED, &["--engine", "torch"]),
        peer("PyTorch, sorted", EMBED, &["--engine", "torch", "--sorted", "1"]),
        peer("ONNX Runtime, sorted", EMBED, &["--engine", "onnx", "--sorted", "1"]),
        peer("ONNX Runtime, sorted, fused", EMBED, &["--engine", "onnx-fused", "--sorted", "1"]),
    ];
    Case { name, ours, peers }
}

fn ours(name: &str, work: Work) -> Ours {
    Ours { name: name.to_owned(), work, isa: None }
}

fn peer(name: &'static str, script: &'static str, flags: &'static [&'static str]) -> Peer {
    Peer { name, script, flags }
}

impl Case {
    /// What the peers do too.
    pub(super) fn work(&self) -> Work {
        self.ours[0].work
    }

    /// Whether it reads a pretrained model and data sets.
    pub(super) fn needs_data(&self) -> bool {
        matches!(self.work(), Work::Training { .. } | Work::Embeddings { .. })
    }
}

impl Step {
    /// The arguments of `bench step` for this work.
    pub(super) fn args(self, threads: usize) -> StepArgs {
        let Step { encoder, batch, seq, dtype, mode, steps } = self;
        let (pack_tokens, combining) = (PACK_TOKENS, GradientKind::PcGrad);
        StepArgs { encoder, batch, seq, pack_tokens, dtype, mode, combining, threads, steps, json: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_what_is_measured() {
        let cases = cases();
        for (position, case) in cases.iter().enumerate() {
            assert!(cases[..position].iter().all(|other| other.name != case.name), "{}", case.name);
            let prefixes: &[&str] = match case.work() {
                Work::Step(Step { mode: Mode::Gram, .. }) => &["gram-"],
                Work::Step(_) if case.peers.is_empty() => &["batches-", "paths-"],
                Work::Step(_) => &["step-"],
                Work::Training { .. } => &["multitask-"],
                Work::Embeddings { .. } => &["embeddings-"],
                Work::Metrics => &["metrics"],
            };
            assert!(prefixes.iter().any(|prefix| case.name.starts_with(prefix)), "{}", case.name);
        }
    }

    #[test]
    fn the_best_path_of_the_processor_comes_first() {
        let case = paths("paths-x", Dtype::F32);
        assert_eq!(case.ours[0].isa, Some(Isa::detect()));
        assert_eq!(case.ours.last().unwrap().name, "portable");
    }
}
