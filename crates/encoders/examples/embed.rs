//! Sentence embeddings of a Hugging Face BERT folder, compared with those in a file.
//!
//! ```text
//! cargo run --release -p mtl-encoders --example embed -- FOLDER SENTENCES.json [SAVE_FOLDER]
//! ```
//!
//! The file holds `{"sentences": [{"ids": [101, ...], "embedding": [0.1, ...]}, ...]}`; an embedding is the mean over
//! all tokens, scaled to length 1. Prints the largest difference of any number. With a third argument the encoder is
//! saved there, loaded again, and compared once more.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{Encoder, Hooks, Pack, Tape};
use mtl_encoders::Bert;
use serde::Deserialize;
use std::error::Error;
use std::path::Path;

#[derive(Deserialize)]
struct Golden {
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    ids: Vec<u32>,
    embedding: Vec<f64>,
}

type AnyBert = Bert<usize, usize, f32, Cpu>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, golden, save @ ..] = &arguments[..] else {
        return Err("usage: embed FOLDER SENTENCES.json [SAVE_FOLDER]".into());
    };
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(golden)?)?;
    let bert = AnyBert::from_folder(Path::new(folder), &Cpu)?;
    println!("{} sentences", golden.sentences.len());
    println!("largest difference: {:.2e}", largest_difference(&bert, &golden.sentences)?);
    if let Some(save) = save.first() {
        bert.save_folder(Path::new(save))?;
        let again = AnyBert::from_folder(Path::new(save), &Cpu)?;
        println!("saved and loaded again: {:.2e}", largest_difference(&again, &golden.sentences)?);
    }
    Ok(())
}

fn largest_difference(bert: &AnyBert, sentences: &[Sentence]) -> Result<f64, Box<dyn Error>> {
    let mut pack = Pack::new();
    for (number, sentence) in sentences.iter().enumerate() {
        pack.push(&sentence.ids, &vec![0; sentence.ids.len()], number as u32, Vec::new());
    }
    let mut tape = Tape::<f32, Cpu>::inference(&Cpu);
    let encoded = bert.encode(&mut tape, &pack, Hooks::NONE)?;
    let pooled = tape.mean_pool(&encoded.tokens, &pack)?.to_vec();
    let rows = pooled.chunks_exact(bert.config().hidden_size);
    Ok(rows.zip(sentences).map(|(row, sentence)| difference(row, &sentence.embedding)).fold(0.0, f64::max))
}

/// The largest difference between a row scaled to length 1 and an embedding.
fn difference(row: &[f32], embedding: &[f64]) -> f64 {
    let length = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    row.iter().zip(embedding).map(|(&x, y)| (f64::from(x) / length - y).abs()).fold(0.0, f64::max)
}
