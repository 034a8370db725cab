//! Reads bytes as a file of each format and kind of label.

use mtl_data::{Format, LabelKind, Source};

/// How many examples are read; what is refused counts as none.
pub fn run(bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("examples");
    std::fs::write(&path, bytes).expect("a file in it");
    let mut examples = 0;
    for format in [Format::Tsv, Format::Csv, Format::Jsonl, Format::Conll, Format::Conllu] {
        for kind in [LabelKind::Class, LabelKind::Classes, LabelKind::Value, LabelKind::Tags] {
            let (text, label) = match format {
                Format::Conll => ("1", "2"),
                Format::Conllu => ("form", "upos"),
                _ => ("text", "label"),
            };
            let source =
                Source { format: Some(format), ..Source::new(&path, kind).text([text]).label(label) };
            let Ok(reader) = source.read() else { continue };
            // A file is taken whole or not at all.
            examples += reader.collect::<Result<Vec<_>, _>>().map_or(0, |examples| examples.len());
        }
    }
    examples
}
