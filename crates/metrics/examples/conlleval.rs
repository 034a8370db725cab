//! Prints what `conlleval` prints of a column file: `cargo run -p mtl-metrics --example conlleval -- FILE`.
//!
//! One word a line, sentences apart by an empty line; the last two columns (tabs or spaces) are the gold and the
//! predicted tag.

use std::process::ExitCode;
use std::{env, fs};

use mtl_metrics::conlleval;

type Sentence = Vec<(String, String)>;

fn read_columns(text: &str) -> Result<Vec<Sentence>, String> {
    let mut sentences = vec![Sentence::new()];
    for (index, line) in text.lines().enumerate() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        match columns[..] {
            [] => sentences.push(Sentence::new()),
            [.., gold, predicted] => {
                let sentence = sentences.last_mut().expect("starts with one sentence");
                sentence.push((gold.to_owned(), predicted.to_owned()));
            }
            [_] => return Err(format!("line {} has 1 column, expected at least 2", index + 1)),
        }
    }
    Ok(sentences)
}

fn report(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("failed to read {path}: {error}"))?;
    let sentences = read_columns(&text).map_err(|error| format!("{path}: {error}"))?;
    Ok(conlleval(&sentences).to_string())
}

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: conlleval FILE");
        return ExitCode::from(2);
    };
    match report(&path) {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
