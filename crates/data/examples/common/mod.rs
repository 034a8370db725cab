//! The command line that names a source.

use mtl_data::{Format, LabelKind, Source};

pub(crate) const USAGE: &str = "FILE [--format tsv|csv|jsonl|conll|conllu] [--text A[,B]] [--label L] \
                                [--kind class|classes|value|tags] [--columns A,B,...] [--header true|false] \
                                [--missing M]";

/// The source that the arguments name; `None` if they make no sense.
pub(crate) fn source(mut args: impl Iterator<Item = String>) -> Option<Source> {
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
            "--missing" => source.missing.push(value),
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
