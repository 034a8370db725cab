//! Prints the tokens of each example of a file as one JSON object per line.
//!
//! ```sh
//! cargo run -p mtl-data --example tokenize -- path/to/model 128 dev.tsv --text sentence1,sentence2
//! ```

mod common;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use mtl_data::{Source, Tokenizer};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (folder, limit) = (args.next(), args.next().and_then(|limit| limit.parse().ok()));
    let (Some(folder), Some(limit), Some(source)) = (folder, limit, common::source(args)) else {
        eprintln!("usage: tokenize FOLDER MAX_TOKENS {}", common::USAGE);
        return ExitCode::from(2);
    };
    match print(Path::new(&folder), limit, &source) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn print(folder: &Path, limit: usize, source: &Source) -> Result<(), Box<dyn std::error::Error>> {
    let tokenizer = Tokenizer::from_folder(folder, limit)?;
    let examples: Vec<_> = source.read()?.collect::<Result<_, _>>()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for encoded in tokenizer.encode_all(&examples)? {
        let (ids, segments, first) = (encoded.ids, encoded.segments, encoded.first_subword);
        writeln!(out, "{}", serde_json::json!({"ids": ids, "segments": segments, "first_subword": first}))?;
    }
    Ok(out.flush()?)
}
