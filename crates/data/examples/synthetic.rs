//! Writes the synthetic corpus into a folder: `cargo run --example synthetic -- SEED FOLDER`.

use std::path::Path;
use std::process::ExitCode;

use mtl_data::synthetic::{SyntheticConfig, generate};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, folder] = arguments.as_slice() else {
        eprintln!("usage: synthetic SEED FOLDER");
        return ExitCode::from(2);
    };
    let Ok(seed) = seed.parse() else {
        eprintln!("the seed must be a whole number from 0 to 2^64 - 1, got {seed}");
        return ExitCode::from(2);
    };
    let corpus = generate(&SyntheticConfig { seed, ..SyntheticConfig::default() });
    if let Err(failed) = corpus.write(Path::new(folder)) {
        eprintln!(
            "{failed}: {}",
            std::error::Error::source(&failed).map_or(String::new(), ToString::to_string)
        );
        return ExitCode::FAILURE;
    }
    for task in &corpus.tasks {
        println!("{}: {} train, {} dev. {}", task.name, task.train.len(), task.dev.len(), task.about);
    }
    ExitCode::SUCCESS
}
