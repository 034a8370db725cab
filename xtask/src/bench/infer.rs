//! `cargo xtask bench infer`: the embeddings of real sentences by a pretrained encoder, each a mean over tokens.
//!
//! The sentences are those of both columns of STS-B's dev set, tokenized and laid into packs by length before the
//! clock starts, as the peer's are laid into padded batches. What is timed is encoder, pooling, and the copy out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{Cpu, Encoder as _, Float, Hooks, Pack, Tape, bf16};
use mtl_data::benchmark::{Part, task};
use mtl_data::{Encoded, Text, Tokenizer};
use mtl_encoders::Bert;
use mtl_train::machine::peak_rss_mib;
use serde::{Deserialize, Serialize};

use super::step::{Dtype, PACK_TOKENS, positive};

/// Most tokens of a sentence.
const MAX_TOKENS: usize = 128;
/// Packs before the measured ones, the longest sentences.
const WARM_UP: usize = 2;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of a pretrained encoder with its tokenizer
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Folder of the data sets, with GLUE in `glue`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Precision of the matrix products
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    dtype: Dtype,
    /// Threads
    #[arg(long, default_value_t = 2, value_parser = positive)]
    threads: usize,
    /// Write the embeddings there, in the order of the sentences, as f32 with the least byte first
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON line instead of a sentence
    #[arg(long)]
    json: bool,
}

/// What one side prints for one process: one JSON line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct InferReport {
    /// How many sentences.
    pub(super) sentences: usize,
    /// Their tokens, padding not counted.
    pub(super) tokens: usize,
    /// Time of one pass over all of them.
    pub(super) seconds: f64,
    /// Sentences per second.
    pub(super) sentences_per_s: f64,
    /// Tokens per second.
    pub(super) tokens_per_s: f64,
    /// Largest resident memory of the process, in MiB.
    pub(super) peak_rss_mib: u64,
}

/// Measures and prints.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let (report, embeddings) = pool.install(|| match args.dtype {
        Dtype::F32 => measure::<f32>(args),
        Dtype::Bf16 => measure::<bf16>(args),
    })?;
    if let Some(out) = &args.out {
        let bytes: Vec<u8> = embeddings.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(out, bytes).with_context(|| format!("failed to write {}", out.display()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        let InferReport { sentences, seconds, sentences_per_s, tokens_per_s, peak_rss_mib, .. } = report;
        println!(
            "{sentences} sentences in {seconds:.2} s: {sentences_per_s:.0} sentences/s, \
             {tokens_per_s:.0} tokens/s, {peak_rss_mib} MiB at most"
        );
    }
    Ok(())
}

/// One pass over the sentences, and their embeddings in order.
fn measure<E: Float<Master = f32>>(args: &Args) -> anyhow::Result<(InferReport, Vec<Vec<f32>>)> {
    let tokenizer = Tokenizer::from_folder(&args.model, MAX_TOKENS)?;
    let bert = Bert::<usize, usize, f32, Cpu>::from_folder(&args.model, &Cpu)?;
    let texts = sentences(&args.data)?;
    let encoded = texts.iter().map(|text| tokenizer.encode(text)).collect::<Result<Vec<_>, _>>()?;
    let packs = packs(&encoded, PACK_TOKENS);
    let mut embeddings = vec![Vec::new(); encoded.len()];
    for pack in packs.iter().rev().take(WARM_UP) {
        embed::<E>(&bert, pack)?;
    }
    let start = Instant::now();
    for pack in &packs {
        let rows = awake(|| embed::<E>(&bert, pack))?;
        for (&number, row) in pack.numbers.iter().zip(rows.chunks_exact(bert.config().hidden_size)) {
            embeddings[number as usize] = row.to_vec();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let (sentences, tokens) = (encoded.len(), packs.iter().map(Pack::tokens).sum());
    let report = InferReport {
        sentences,
        tokens,
        seconds,
        sentences_per_s: sentences as f64 / seconds,
        tokens_per_s: tokens as f64 / seconds,
        peak_rss_mib: peak_rss_mib() as u64,
    };
    Ok((report, embeddings))
}

/// The mean over the tokens of each sentence, `(sentences, hidden)`.
fn embed<E: Float<Master = f32>>(
    bert: &Bert<usize, usize, f32, Cpu>,
    pack: &Pack,
) -> anyhow::Result<Vec<f32>> {
    let mut tape = Tape::<E, Cpu>::inference(&Cpu);
    let encoded = bert.encode(&mut tape, pack, Hooks::NONE)?;
    let pooled = tape.mean_pool(&encoded.tokens, pack)?;
    Ok(pooled.to_vec().into_iter().map(|x| x.to_f64() as f32).collect())
}

/// Both sentences of each pair of STS-B's dev set, pair by pair.
fn sentences(data: &Path) -> anyhow::Result<Vec<Text>> {
    let sts = task("glue/sts-b").context("GLUE has a task sts-b")?;
    let source = sts.source(sts.find(&data.join("glue"), Part::Dev)?)?;
    let mut texts = Vec::new();
    for example in source.read()? {
        match example?.text {
            Text::Pair(first, second) => texts.extend([Text::Single(first), Text::Single(second)]),
            other => texts.push(other),
        }
    }
    Ok(texts)
}

/// The sentences by length in packs, each numbered by its place.
fn packs(encoded: &[Encoded], pack_tokens: usize) -> Vec<Pack> {
    let mut order: Vec<usize> = (0..encoded.len()).collect();
    order.sort_by_key(|&sentence| encoded[sentence].ids.len());
    let mut packs: Vec<Pack> = Vec::new();
    for sentence in order {
        let Encoded { ids, segments, .. } = &encoded[sentence];
        if packs.last().is_none_or(|pack| pack.tokens() + ids.len() > pack_tokens) {
            packs.push(Pack::new());
        }
        let pack = packs.last_mut().expect("a pack was just made if there was none");
        pack.push(ids, segments, sentence as u32, Vec::new());
    }
    packs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_hold_each_sentence_once_and_no_more_than_they_may() {
        let of_length = |length: u32| {
            let (ids, segments) = ((0..length).collect(), vec![0; length as usize]);
            Encoded { ids, segments, ..Encoded::default() }
        };
        let encoded: Vec<Encoded> = [5, 2, 9, 2, 4].map(of_length).into();
        let packs = packs(&encoded, 8);
        let numbers: Vec<&[u32]> = packs.iter().map(|pack| &pack.numbers[..]).collect();
        assert_eq!(numbers, [&[1, 3, 4][..], &[0], &[2]]);
    }
}
