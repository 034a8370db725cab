//! MiniLM's published weights: token ids, hidden states, sentence embeddings, and how well cosines of embeddings tell the
//! similarity of STS-B's pairs, against numbers of an independent forward pass.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_core_tensor::{Cpu, Encoder, Hooks, Pack, Tape};
use mtl_data::{Encoded, Label, LabelKind, Source, Text, Tokenizer};
use mtl_encoders::Bert;
use mtl_metrics::{pearson, spearman};
use serde::Deserialize;

use super::{Outcome, find};

const GOLDEN: &str = "golden/minilm_l6_v2.golden.json";
const PAIRS: &str = "glue/STS-B/dev.tsv";
/// The largest difference of any number.
const TOLERANCE: f64 = 1e-5;
const MAX_TOKENS: usize = 256;
/// Texts that are encoded at once.
const TEXTS: usize = 64;

#[derive(Deserialize)]
struct Golden {
    stsb_dev_cosine_spearman: f64,
    stsb_dev_cosine_pearson: f64,
    sentences: Vec<Sentence>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    ids: Vec<u32>,
    embedding: Vec<f64>,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    cls: Vec<f64>,
    pooled: Vec<f64>,
}

/// What the report calls the check.
pub(super) const NAME: &str = "MiniLM's token ids, embeddings and zero-shot STS-B";

/// Runs the weights in `model`. Skipped without them.
pub(super) fn check(data: &Path, model: Option<&Path>) -> Outcome {
    let (Some(golden), Some(pairs), Some(model)) = (find(data, GOLDEN), find(data, PAIRS), model) else {
        return Outcome::Skipped;
    };
    match compare(&golden, &pairs, model) {
        Ok(found) => Outcome::Passed(found),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

fn compare(golden: &Path, pairs: &Path, model: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(golden).with_context(|| format!("failed to read {}", golden.display()))?;
    let golden: Golden = serde_json::from_str(&text)?;
    let model = Model::open(model)?;
    let mut largest = 0f64;
    for sentence in &golden.sentences {
        let encoded = model.tokenizer.encode(&Text::Single(sentence.text.clone()))?;
        ensure!(encoded.ids == sentence.ids, "token ids of {:?} are {:?}", sentence.text, encoded.ids);
        let found = model.embed(&[encoded])?;
        largest = largest.max(difference(&found[0], &sentence.embedding));
    }
    for pair in &golden.pairs {
        let encoded = model.tokenizer.encode(&Text::Pair(pair.a.clone(), pair.b.clone()))?;
        let same = encoded.ids == pair.ids && encoded.segments == pair.type_ids;
        ensure!(same, "token ids of {:?} and {:?} are {:?}", pair.a, pair.b, encoded.ids);
        let [first, pooled] = model.first_and_pooled(&encoded)?;
        largest = largest.max(difference(&first, &pair.cls)).max(difference(&pooled, &pair.pooled));
    }
    ensure!(largest <= TOLERANCE, "a number differs by {largest:.1e}");
    let (gold, cosines) = model.cosines(pairs)?;
    let (rank, line) = (spearman(&gold, &cosines)?, pearson(&gold, &cosines)?);
    for (name, found, published) in [
        ("Spearman", rank, golden.stsb_dev_cosine_spearman),
        ("Pearson", line, golden.stsb_dev_cosine_pearson),
    ] {
        ensure!((found - published).abs() < TOLERANCE, "{name} {found:.6}, expected {published:.6}");
    }
    Ok(format!("within {largest:.1e}; STS-B dev: Spearman {rank:.4}, Pearson {line:.4}"))
}

struct Model {
    tokenizer: Tokenizer,
    encoder: Bert<usize, usize, f32, Cpu>,
}

impl Model {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let tokenizer = Tokenizer::from_folder(folder, MAX_TOKENS)?;
        Ok(Self { tokenizer, encoder: Bert::from_folder(folder, &Cpu)? })
    }

    /// The mean over all tokens of each text, scaled to length 1.
    fn embed(&self, texts: &[Encoded]) -> anyhow::Result<Vec<Vec<f64>>> {
        let pack = packed(texts);
        let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
        let encoded = self.encoder.encode(&mut tape, &pack, Hooks::NONE)?;
        let means = tape.mean_pool(&encoded.tokens, &pack)?.to_vec();
        Ok(means.chunks_exact(self.encoder.config().hidden_size).map(unit).collect())
    }

    /// The last hidden state of the first token, and what the pooler makes of it.
    fn first_and_pooled(&self, text: &Encoded) -> anyhow::Result<[Vec<f64>; 2]> {
        let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
        let encoded = self.encoder.encode(&mut tape, &packed(std::slice::from_ref(text)), Hooks::NONE)?;
        let (tokens, pooled) = (encoded.tokens.to_vec(), encoded.sequences.to_vec());
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        Ok([wide(&tokens[..self.encoder.config().hidden_size]), wide(&pooled)])
    }

    /// The gold similarities of the file's pairs, and the cosines of their embeddings.
    fn cosines(&self, pairs: &Path) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
        let source = Source::new(pairs, LabelKind::Value).text(["sentence1", "sentence2"]).label("score");
        let (mut gold, mut texts) = (Vec::new(), Vec::new());
        for example in source.read()? {
            let example = example?;
            let (Text::Pair(a, b), Label::Value(value)) = (example.text, example.label) else {
                anyhow::bail!("{}:{}: no pair with a value", pairs.display(), example.line);
            };
            gold.push(value);
            for text in [a, b] {
                texts.push(self.tokenizer.encode(&Text::Single(text))?);
            }
        }
        let embedded: Vec<Vec<Vec<f64>>> =
            texts.chunks(TEXTS).map(|texts| self.embed(texts)).collect::<anyhow::Result<_>>()?;
        let dot = |pair: &[Vec<f64>]| pair[0].iter().zip(&pair[1]).map(|(a, b)| a * b).sum();
        Ok((gold, embedded.concat().chunks_exact(2).map(dot).collect()))
    }
}

fn packed(texts: &[Encoded]) -> Pack {
    let mut pack = Pack::new();
    for (number, text) in texts.iter().enumerate() {
        pack.push(&text.ids, &text.segments, number as u32, Vec::new());
    }
    pack
}

fn unit(row: &[f32]) -> Vec<f64> {
    let length = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    row.iter().map(|&x| f64::from(x) / length).collect()
}

fn difference(found: &[f64], published: &[f64]) -> f64 {
    found.iter().zip(published).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
