//! A table written in any format is read back as it was.

mod common;

use std::io::Write;

use common::{File, read, strings};
use mtl_data::{Example, Label, LabelKind, Reader, Source, Text};
use proptest::prelude::*;

/// Any text: all of Unicode, with more than its share of what formats trip over.
fn any_text() -> impl Strategy<Value = String> {
    let awkward =
        prop::sample::select(vec!['"', ',', '\t', '\r', '\n', ' ', '#', '\\', '\u{feff}', 'é', '😀', '\0']);
    prop::collection::vec(prop_oneof![awkward, any::<char>()], 0..12).prop_map(String::from_iter)
}

/// A text that a TSV field can hold.
fn field() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| text.replace(['\t', '\n', '\r'], ""))
}

/// A word that a CoNLL column between spaces can hold.
fn word() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| format!("x{text}").replace(|c: char| c.is_whitespace(), ""))
}

fn rows<T: std::fmt::Debug>(row: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(row, 1..8)
}

fn label() -> impl Strategy<Value = String> {
    field().prop_map(|text| format!("l{text}"))
}

fn pairs(rows: &[(String, String, String)]) -> Vec<(Text, Label)> {
    let pair = |(first, second, label): &(String, String, String)| {
        (Text::Pair(first.clone(), second.clone()), Label::Class(label.clone()))
    };
    rows.iter().map(pair).collect()
}

fn without_lines(examples: Vec<Example>) -> Vec<(Text, Label)> {
    examples.into_iter().map(|example| (example.text, example.label)).collect()
}

fn pair_source(file: &File) -> Source {
    file.source(LabelKind::Class).text(["first", "second"]).label("label")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn quoted(field: &str, always: bool) -> String {
    match always || field.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tsv_round_trips(rows in rows((field(), field(), label())), mark: bool, carriage: bool, zip: bool) {
        let end = if carriage { "\r\n" } else { "\n" };
        let mut text = format!("{}first\tlabel\tsecond{end}", if mark { "\u{feff}" } else { "" });
        rows.iter().for_each(|(first, second, label)| text += &format!("{first}\t{label}\t{second}{end}"));
        let file = if zip { File::new("a.tsv.gz", gzip(&text)) } else { File::new("a.tsv", &text) };
        prop_assert_eq!(without_lines(read(&pair_source(&file)).unwrap()), pairs(&rows));
    }

    #[test]
    fn csv_round_trips(rows in rows((any_text(), any_text(), label())), always: bool, carriage: bool, last: bool) {
        let end = if carriage { "\r\n" } else { "\n" };
        let mut text = format!("first,label,second{end}");
        let mut lines = Vec::new();
        for (first, second, label) in &rows {
            lines.push(1 + text.matches('\n').count());
            let fields = [first, label, second].map(|field| quoted(field, always));
            text += &(fields.join(",") + end);
        }
        let text = if last { &text[..] } else { text.strip_suffix(end).unwrap() };
        let file = File::new("a.csv", text);
        let examples = read(&pair_source(&file)).unwrap();
        prop_assert_eq!(examples.iter().map(|example| example.line).collect::<Vec<_>>(), lines);
        prop_assert_eq!(without_lines(examples), pairs(&rows));
    }

    #[test]
    fn jsonl_round_trips(rows in rows((any_text(), any_text(), label()))) {
        let line = |(first, second, label): &(String, String, String)| {
            serde_json::json!({"a": {"first": first}, "second": second, "label": label}).to_string() + "\n"
        };
        let file = File::new("a.jsonl", rows.iter().map(line).collect::<String>());
        let source = file.source(LabelKind::Class).text(["a.first", "second"]).label("label");
        let examples = read(&source).unwrap();
        prop_assert!(examples.iter().zip(1..).all(|(example, line)| example.line == line));
        prop_assert_eq!(without_lines(examples), pairs(&rows));
    }

    #[test]
    fn conll_round_trips(
        sentences in rows(prop::collection::vec((word(), word()), 1..5)),
        separator in prop::sample::select(vec!["\t", " ", "   "]),
        blank in prop::sample::select(vec!["\n", "\r\n", " \t\n", "\n\n"]),
        last: bool,
    ) {
        let mut text = String::new();
        for sentence in &sentences {
            sentence.iter().for_each(|(word, tag)| text += &format!("{word}{separator}{tag}\n"));
            text += blank;
        }
        let text = if last { &text[..] } else { text.trim_end() };
        let file = File::new("a.conll", text);
        let source = Source {
            columns: Some(strings(&["word", "tag"])),
            ..file.source(LabelKind::Tags).label("tag")
        };
        let wanted: Vec<(Text, Label)> = sentences
            .into_iter()
            .map(|sentence| sentence.into_iter().unzip())
            .map(|(words, tags)| (Text::Words(words), Label::Tags(tags)))
            .collect();
        prop_assert_eq!(without_lines(read(&source).unwrap()), wanted);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            any_text().prop_map(String::into_bytes),
            "[\\[\\]{}\":,a1 \\n]{0,40}".prop_map(String::into_bytes),
        ],
        format in prop::sample::select(mtl_data::Format::ALL.to_vec()),
        kind in prop::sample::select(vec![LabelKind::Class, LabelKind::Classes, LabelKind::Value, LabelKind::Tags]),
    ) {
        let file = File::new("a", bytes);
        let source = Source { format: Some(format), ..file.source(kind).text(["1"]).label("2") };
        let (text, label) = match format {
            mtl_data::Format::Jsonl => ("a", "a.a"),
            mtl_data::Format::Conllu => ("form", "feats.a"),
            _ => ("1", "2"),
        };
        let error = source.text([text]).label(label).read().and_then(Reader::collect::<Result<Vec<_>, _>>).err();
        let path = format!("{}:", file.path().display());
        prop_assert!(error.is_none_or(|error| error.to_string().starts_with(&path)));
    }
}
