//! Prints the number of examples of a file.
//!
//! ```sh
//! cargo run -p mtl-data --example count -- dev.tsv --text sentence1,sentence2 --label score --kind value
//! ```

use std::process::ExitCode;

use mtl_data::{DataError, Format, LabelKind, Source};

const USAGE: &str = "usage: count FILE [--format tsv|csv|jsonl|conll|conllu] [--text A[,B]] [--label L] \
                     [--kind class|classes|value|tags] [--columns A,B,...] [--header true|false] [--missing M]";

fn main() -> ExitCode {
    let Some(source) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
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

fn parse(mut args: impl Iterator<Item = String>) -> Option<Source> {
    let mut source = Source::new(args.next()?, LabelKind::Class);
    while let Some(flag) = args.next() {
        let value = args.next()?;
        let list = || value.split(',').map(String::from).collect();
        match flag.as_str() {
            "--format" => source.format = Some(Format::from_name(&value)?),
            "--text" => source.text = list(),
            "--label" => source.label = Some(value),
            "--columns" => source.columns = Some(list()),
            "--header" => source.header = Some(value.parse().ok()?),
            "--missing" => source.missing = Some(value),
            "--kind" => source.kind = kind(&value)?,
            _ => return None,
        }
    }
    Some(source)
}

fn kind(name: &str) -> Option<LabelKind> {
    match name {
        "class" => Some(LabelKind::Class),
        "classes" => Some(LabelKind::Classes),
        "value" => Some(LabelKind::Value),
        "tags" => Some(LabelKind::Tags),
        _ => None,
    }
}
