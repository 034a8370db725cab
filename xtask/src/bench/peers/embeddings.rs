//! The `embeddings` case: sentences of real text through a pretrained encoder, each a mean over its tokens.
//!
//! Every run writes its embeddings, and those of the f32 runs must agree.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use super::Bench;
use crate::bench::cases::{Case, Peer, Work};
use crate::bench::report::Row;
use crate::bench::sample::{self, Sample};
use crate::bench::step::{Dtype, flag};
use crate::process;

/// How far an embedding in f32 may lie from ours.
const SAME: f32 = 1e-4;

/// Exports the encoder once for ONNX Runtime, as it is and with the runtime's own fusions.
pub(super) fn prepare(bench: &Bench<'_>, case: &Case) -> anyhow::Result<()> {
    let Some(peer) = case.peers.iter().find(|peer| peer.name.starts_with("ONNX")) else { return Ok(()) };
    let mut export = bench.script(peer);
    with_folders(bench, &mut export)?;
    process::run(export.arg("--export"))
}

/// One run of the peer's script.
pub(super) fn peer(bench: &Bench<'_>, peer: &Peer) -> anyhow::Result<Sample> {
    let mut command = bench.script(peer);
    with_folders(bench, &mut command)?;
    command.args(["--threads", &bench.threads.to_string()]).arg("--out").arg(file(bench, peer.name));
    sample::of_embeddings(&process::output(&mut command)?)
}

/// One run of `bench infer`.
pub(super) fn ours(bench: &Bench<'_>, name: &str, dtype: Dtype) -> anyhow::Result<Sample> {
    let (model, data) = bench.folders()?;
    let mut command = bench.own("infer")?;
    command.arg("--model").arg(model).arg("--data").arg(data).args(["--json", "--dtype", &flag(dtype)]);
    command.args(["--threads", &bench.threads.to_string()]).arg("--out").arg(file(bench, name));
    sample::of_embeddings(&process::output(&mut command)?)
}

/// What was timed, how many sentences that is a second, and how far the embeddings lie from ours.
///
/// Errors if those of a peer lie further away than rounding explains.
pub(super) fn notes(bench: &Bench<'_>, case: &Case, row: &Row) -> anyhow::Result<Vec<String>> {
    let reference = read(&file(bench, &case.ours[0].name))?;
    let mut notes = vec![
        "seconds are those of encoder and mean pooling over the sentences of STS-B's dev set, from token ids \
         that are already laid into batches (of 64, padded) or packs; tokens are real ones"
            .to_owned(),
    ];
    let in_f32 = case.peers.iter().map(|peer| (peer.name.to_owned(), true));
    let others = case.ours[1..].iter().map(|ours| {
        let exact = matches!(ours.work, Work::Embeddings { dtype: Dtype::F32 });
        (ours.name.clone(), exact)
    });
    let mut differences = Vec::new();
    for (name, exact) in in_f32.chain(others) {
        let apart = largest_difference(&reference, &read(&file(bench, &name))?)?;
        ensure!(!exact || apart <= SAME, "{}: embeddings of {name} lie {apart:.1e} from ours", case.name);
        differences.push(format!("{name} {apart:.1e}"));
    }
    notes.push(format!("largest difference from our embeddings in f32: {}", differences.join("; ")));
    let speeds: Vec<String> = row
        .theirs
        .iter()
        .chain(&row.ours)
        .filter_map(|side| Some(format!("{} {:.0}", side.name, side.sentences_per_second()?)))
        .collect();
    notes.push(format!("sentences/s: {}", speeds.join("; ")));
    Ok(notes)
}

fn with_folders(bench: &Bench<'_>, command: &mut Command) -> anyhow::Result<()> {
    let (model, data) = bench.folders()?;
    command.arg("--model").arg(model).arg("--data").arg(data).arg("--onnx").arg(bench.scratch.join("onnx"));
    Ok(())
}

/// Where a run's embeddings are written.
fn file(bench: &Bench<'_>, name: &str) -> PathBuf {
    let name: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    bench.scratch.join(format!("{name}.f32"))
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<f32>> {
    let bytes = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
    let numbers = bytes.chunks_exact(4);
    ensure!(numbers.remainder().is_empty(), "{} holds no whole number of f32", file.display());
    Ok(numbers.map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))).collect())
}

/// NaN is as far as can be.
fn largest_difference(ours: &[f32], theirs: &[f32]) -> anyhow::Result<f32> {
    ensure!(ours.len() == theirs.len(), "{} numbers here, {} in the other run", ours.len(), theirs.len());
    let apart = |(a, b): (&f32, &f32)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() };
    Ok(ours.iter().zip(theirs).map(apart).fold(0.0, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_difference_counts_and_nan_is_no_agreement() {
        assert_eq!(largest_difference(&[1.0, 2.0, 3.0], &[1.0, 2.5, 2.75]).unwrap(), 0.5);
        assert_eq!(largest_difference(&[1.0], &[f32::NAN]).unwrap(), f32::INFINITY);
        assert!(largest_difference(&[1.0], &[]).is_err());
    }
}
