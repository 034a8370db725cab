//! Prints the number of examples of a file.
//!
//! ```sh
//! cargo run -p mtl-data --example count -- dev.tsv --text sentence1,sentence2 --label score --kind value
//! ```

mod common;

use std::process::ExitCode;

use mtl_data::{DataError, Source};

fn main() -> ExitCode {
    let Some(source) = common::source(std::env::args().skip(1)) else {
        eprintln!("usage: count {}", common::USAGE);
        return ExitCode::from(2);
    };
    match count(&source) {
        Ok(count) => {
            println!("{count}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn count(source: &Source) -> Result<usize, DataError> {
    source.read()?.try_fold(0, |count, example| example.map(|_| count + 1))
}
